-- Changes of them.

-- The caller saves it. `said`: "[]" where it may have been lost.
local function createRoom(id, options, wish, said)
  if said then call("HSET", PREFIX .. "room:" .. id, "said", said) end
  call("ZADD", ROOMS, 0, id)
  if options ~= "" then call("HSET", PREFIX .. "room:" .. id, "options", options, "wish", wish) end
  return { id = id, createdAt = NOW, claimedAt = NOW, isConfirmed = false, isLocal = false, peers = 0,
    lastEpoch = epochFloor, decision = "", options = options, wish = wish, mutes = "", said = said }
end

local function dropRoom(room)
  unlistBroadcast(room)
  call("DEL", PREFIX .. "room:" .. room.id)
  call("ZREM", ROOMS, room.id)
  call("ZREM", KEPT, room.id)
  if room.lastEpoch > epochFloor then
    epochFloor = room.lastEpoch
    saveMeta()
  end
end

-- Keeps a room without a lease, and drops a few of those that were kept long enough.
local function keepRoom(room)
  call("ZADD", KEPT, digits(max(NOW, neededUntil(room))), room.id)
  local before = NOW - ROOM_RETENTION_MS
  for _, id in ipairs(call("ZRANGEBYSCORE", KEPT, "-inf", "(" .. digits(before), "LIMIT", 0, DROPPED_AT_ONCE)) do
    local longest = loadRoom(id) or { id = id, lastEpoch = 0 }
    -- An older build counts from the end of the last lease alone.
    if neededUntil(longest) >= before then
      call("ZADD", KEPT, digits(neededUntil(longest)), id)
    else
      dropRoom(longest)
    end
  end
end

local function isSaid(room)
  return room.options ~= "" or room.mutes ~= "" or call("HSTRLEN", PREFIX .. "room:" .. room.id, "bans") > 0
end

-- Nobody serves the room any more.
local function keepOrDrop(room)
  local isBroadcast = broadcastOf(room) ~= ""
  if not isBroadcast and not isSaid(room) then return dropRoom(room) end
  if isBroadcast then call("HSET", PREFIX .. "room:" .. room.id, "leftAt", NOW) end
  saveRoom(room)
  keepRoom(room)
end
