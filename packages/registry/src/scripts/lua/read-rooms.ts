/** A record as its reader gets it: id, created at, lease ("" unless in force), decision, options, mutes, bans. */
export const ROOM_VIEW = /* lua */ `
local function viewOf(room)
  return { room.id, digits(room.createdAt), isLive(room) and leaseOf(room) or "", room.decision, room.options,
    room.mutes, room.bans }
end
`;

/** ARGV: now, room id. Returns nothing, or the record. */
export const DESCRIBE_ROOM = /* lua */ `
local room = loadRoom(ARGV[2])
return room and viewOf(room) or {}
`;

/** ARGV: now, how many, cursor. Returns the records in order of room id. */
export const LIST_ROOMS = /* lua */ `
local views = {}
for _, id in ipairs(call("ZRANGEBYLEX", ROOMS, "(" .. ARGV[3], "+", "LIMIT", 0, ARGV[2])) do
  local room = loadRoom(id)
  if room then views[#views + 1] = viewOf(room) end
end
return views
`;
