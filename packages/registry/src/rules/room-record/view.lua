-- A record as its reader gets it: id, created at, lease ("" unless in force), decision, options, mutes, bans, "1" where it was lost, broadcast
-- (JSON, or ""), and of a broadcast when its home was last heard, if that is known.

local function lastBeatOf(inc)
  local node = loadNode(inc)
  if node then return node.beatAt end
  local beatAt = tonumber(call("ZSCORE", BURIED, inc))
  return beatAt and NOW - beatAt <= LAST_BEAT_KEPT_MS and beatAt
end

local function aliveAt(room)
  if broadcastOf(room) == "" then return "" end
  local at = room.inc and lastBeatOf(room.inc)
  if not room.inc then at = tonumber(call("HGET", PREFIX .. "room:" .. room.id, "leftAt")) end
  return at and digits(at) or ""
end

local function viewOf(room)
  return { room.id, digits(room.createdAt), isLive(room) and leaseOf(room) or "", room.decision, room.options,
    room.mutes, bansOf(room), room.said and "1" or "", broadcastJson(room), aliveAt(room) }
end
