-- ARGV: now, room id. Returns nothing, or the record.

local room = loadRoom(ARGV[2])
return room and viewOf(room) or {}
