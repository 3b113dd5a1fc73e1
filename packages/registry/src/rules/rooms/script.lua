-- Records of rooms. `said` is there where the record may have been lost and made anew: what was lifted and set since, as JSON. They outlive their leases only where something was said about the room: then for a while after the last one.

local ROOM_STATE = "^(%S+)" .. string.rep(" (%S+)", 9) .. "$"

-- Returns nil for one without a record.
local function loadRoom(id)
  local f = call("HMGET", PREFIX .. "room:" .. id, "state", "decision", "options", "wish", "mutes", "said")
  if not f[1] then return nil end
  local createdAt, claimedAt, confirmed, isLocal, peers, lastEpoch, nodeId, inc, core, epoch = match(f[1], ROOM_STATE)
  return {
    id = id, createdAt = tonumber(createdAt), claimedAt = tonumber(claimedAt), isConfirmed = confirmed == "1",
    isLocal = isLocal == "1", peers = tonumber(peers), lastEpoch = tonumber(lastEpoch),
    nodeId = nodeId, inc = inc ~= "-" and inc or nil, core = tonumber(core), epoch = tonumber(epoch),
    decision = f[2] or "", options = f[3] or "", wish = f[4] or "", mutes = f[5] or "", said = f[6] or nil,
  }
end

local function leaseOf(room)
  return concat({ room.nodeId, room.inc, room.core, digits(room.epoch) }, " ")
end

local function saveRoom(room)
  local lease = room.inc and leaseOf(room) or "- - - -"
  local state = concat({ room.createdAt, room.claimedAt, room.isConfirmed and "1" or "0", room.isLocal and "1" or "0",
    room.peers, digits(room.lastEpoch), lease }, " ")
  call("HSET", PREFIX .. "room:" .. room.id, "state", state, "decision", room.decision)
end

-- Claimed so lately that its node may be on the way to opening it. Time in which nobody was heard, or which a clock jumped over, does not count.
local function isAwaited(room)
  return not room.isConfirmed and NOW - max(room.claimedAt, aliveFloor) <= CONFIRM_WITHIN_MS
end

-- Whether the lease is in force.
local function isLive(room, suspect)
  return room.inc and (room.isConfirmed or isAwaited(room)) and isAlive(room.inc, suspect)
end
