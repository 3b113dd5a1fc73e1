-- Changes of them.

local function neededUntil(room)
  local _, _, neededUntil = match(broadcastOf(room), BROADCAST)
  return tonumber(neededUntil) or 0
end

local function unlistBroadcast(room)
  local _, state = match(broadcastOf(room), BROADCAST)
  if not state then return end
  call("ZREM", BROADCASTS, room.id)
  call("ZREM", BROADCASTS .. ":" .. state, room.id)
end

-- `text`: "" removes it.
local function saveBroadcast(room, text)
  unlistBroadcast(room)
  room.broadcast = text
  if text == "" then return call("HDEL", PREFIX .. "room:" .. room.id, "broadcast") end
  local _, state = match(text, BROADCAST)
  call("HSET", PREFIX .. "room:" .. room.id, "broadcast", text)
  call("ZADD", BROADCASTS, 0, room.id)
  call("ZADD", BROADCASTS .. ":" .. state, 0, room.id)
end
