/** Records of rooms. They outlive their leases only where something was said about the room: then for a while after the last one. */
export const ROOM_RECORDS = /* lua */ `
local function parseRoom(id, f)
  local room = {
    id = id, createdAt = tonumber(f[1]), claimedAt = tonumber(f[3]) or 0, isConfirmed = f[4] == "1",
    isLocal = f[5] == "1", peers = tonumber(f[6]) or 0, lastEpoch = tonumber(f[7]) or 0, decision = f[8] or "",
    options = f[9] or "", wish = f[10] or "", mutes = f[11] or "", bans = f[12] or "",
  }
  local nodeId, inc, core, epoch = match(f[2] or "", "(%S+) (%S+) (%d+) (%d+)")
  if inc then
    room.nodeId, room.inc, room.core, room.epoch = nodeId, inc, tonumber(core), tonumber(epoch)
  end
  return room
end

-- Returns nil for one without a record.
local function loadRoom(id)
  local f = call("HMGET", PREFIX .. "room:" .. id, "createdAt", "lease", "claimedAt", "isConfirmed", "isLocal",
    "peers", "lastEpoch", "decision", "options", "wish", "mutes", "bans")
  return f[1] and parseRoom(id, f) or nil
end

local function createRoom(id, options, wish)
  call("ZADD", ROOMS, 0, id)
  call("HSET", PREFIX .. "room:" .. id, "createdAt", NOW, "lastEpoch", digits(epochFloor))
  if options ~= "" then call("HSET", PREFIX .. "room:" .. id, "options", options, "wish", wish) end
  return { id = id, createdAt = NOW, claimedAt = NOW, isConfirmed = false, isLocal = false, peers = 0,
    lastEpoch = epochFloor, decision = "", options = options, wish = wish, mutes = "", bans = "" }
end

local function leaseOf(room)
  return table.concat({ room.nodeId, room.inc, room.core, digits(room.epoch) }, " ")
end

local function saveRoom(room)
  call("HSET", PREFIX .. "room:" .. room.id, "lease", room.inc and leaseOf(room) or "",
    "claimedAt", digits(room.claimedAt), "isConfirmed", room.isConfirmed and "1" or "0",
    "isLocal", room.isLocal and "1" or "0", "peers", room.peers, "lastEpoch", digits(room.lastEpoch),
    "decision", room.decision)
end

local function dropRoom(room)
  call("DEL", PREFIX .. "room:" .. room.id)
  call("ZREM", ROOMS, room.id)
  call("ZREM", KEPT, room.id)
  if room.lastEpoch > epochFloor then
    epochFloor = room.lastEpoch
    call("HSET", META, "epochFloor", digits(epochFloor))
  end
end

-- A room without a lease. Whoever keeps one drops those that were kept long enough.
local function keepOrDrop(room)
  if room.options == "" and room.mutes == "" and room.bans == "" then return dropRoom(room) end
  saveRoom(room)
  call("ZADD", KEPT, NOW, room.id)
  for _, id in ipairs(call("ZRANGEBYSCORE", KEPT, "-inf", "(" .. digits(NOW - ROOM_RETENTION_MS), "LIMIT", 0, 2)) do
    dropRoom(loadRoom(id) or { id = id, lastEpoch = 0 })
  end
end

-- Claimed so lately that its node may be on the way to opening it.
local function isAwaited(room)
  return not room.isConfirmed and NOW - room.claimedAt <= CONFIRM_WITHIN_MS
end

-- Whether the lease is in force.
local function isLive(room, suspect)
  return room.inc and (room.isConfirmed or isAwaited(room)) and isAlive(room.inc, suspect)
end
`;
