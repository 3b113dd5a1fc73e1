-- ARGV: now, room id, incarnation, epoch. Does nothing unless these are in force.

local room = loadRoom(ARGV[2])
if room and room.inc == ARGV[3] and room.epoch == tonumber(ARGV[4]) then
  endLease(room)
  saveNodes()
end
return {}
