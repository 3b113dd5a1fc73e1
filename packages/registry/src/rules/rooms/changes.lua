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
  call("ZADD", KEPT, NOW, room.id)
  for _, id in ipairs(call("ZRANGEBYSCORE", KEPT, "-inf", "(" .. digits(NOW - ROOM_RETENTION_MS), "LIMIT", 0, DROPPED_AT_ONCE)) do
    dropRoom(loadRoom(id) or { id = id, lastEpoch = 0 })
  end
end

local function keepOrDrop(room)
  if room.options == "" and room.mutes == "" and call("HSTRLEN", PREFIX .. "room:" .. room.id, "bans") == 0 then return dropRoom(room) end
  saveRoom(room)
  keepRoom(room)
end
