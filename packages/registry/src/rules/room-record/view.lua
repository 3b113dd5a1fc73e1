-- A record as its reader gets it: id, created at, lease ("" unless in force), decision, options, mutes, bans, "1" where it was lost.

local function viewOf(room)
  return { room.id, digits(room.createdAt), isLive(room) and leaseOf(room) or "", room.decision, room.options,
    room.mutes, bansOf(room), room.said and "1" or "" }
end
