/** ARGV: now, room id, incarnation, epoch. Does nothing unless these are in force. */
export const RELEASE = /* lua */ `
local room = loadRoom(ARGV[2])
if room and room.inc == ARGV[3] and room.epoch == tonumber(ARGV[4]) then
  endLease(room)
  saveNodes()
end
return {}
`;

/** ARGV: now, incarnation. */
export const REMOVE_NODE = /* lua */ `
local node = loadNode(ARGV[2])
if node then bury(node) end
return {}
`;
