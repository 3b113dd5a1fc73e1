-- Who may serve which room. A node's `held` are the rooms whose lease it has, its `claims` those of them that it has not named yet; what it
-- and the registry compare (`leases`, `epochSum`) counts only what is held and confirmed.

local function count(node, room, sign)
  node.leases = node.leases + sign
  node.epochSum = node.epochSum + sign * (room.epoch % EPOCH_MODULUS)
  countInSlot(node.inc, room, sign)
  touch(node)
end

-- A node that is cut off serves no room that others should not take.
local function putInPlace(node, room)
  if node.wasCutOff then addOrphan(room.id) else removeOrphan(room.id) end
end

local function hold(room)
  local node = loadNode(room.inc)
  if not node then return end
  call("SADD", PREFIX .. "held:" .. node.inc, room.id)
  listLease(node.inc, room.id)
  if room.isConfirmed then
    count(node, room, 1)
  else
    keepSlots(node.inc)
    call("ZADD", PREFIX .. "claims:" .. node.inc, room.claimedAt, room.id)
    node.claimsDueAt = min(node.claimsDueAt or NOW + CONFIRM_WITHIN_MS, NOW + CONFIRM_WITHIN_MS)
    touch(node)
  end
  putInPlace(node, room)
end

local function leave(room)
  local node = room.inc and loadNode(room.inc)
  if node then call("ZREM", leasesKey(node.inc), room.id) end
  if not node or call("SREM", PREFIX .. "held:" .. node.inc, room.id) == 0 then return end
  if room.isConfirmed then
    count(node, room, -1)
  else
    call("ZREM", PREFIX .. "claims:" .. node.inc, room.id)
  end
  dropReservations(node, room.id)
end

-- The room is this lease's from now on, and nobody else's.
local function give(room, lease)
  leave(room)
  for field, value in pairs(lease) do room[field] = value end
  room.lastEpoch = max(room.lastEpoch, room.epoch)
  hold(room)
  call("ZREM", KEPT, room.id)
  saveRoom(room)
end

-- The holder goes on under a higher epoch, which nobody else has.
local function raise(room, epoch)
  local node = loadNode(room.inc)
  local isCounted = node and room.isConfirmed and call("SISMEMBER", PREFIX .. "held:" .. node.inc, room.id) == 1
  if isCounted then count(node, room, -1) end
  room.epoch, room.lastEpoch, room.isLocal = epoch, epoch, false
  if isCounted then count(node, room, 1) end
  saveRoom(room)
end

-- The node has named the lease. It holds it, also when it was buried meanwhile.
local function confirm(room, node, peers)
  local isNew = call("SADD", PREFIX .. "held:" .. node.inc, room.id) == 1
  room.peers = peers
  if room.isConfirmed and not isNew then return end
  listLease(node.inc, room.id)
  call("ZREM", PREFIX .. "claims:" .. node.inc, room.id)
  room.isConfirmed = true
  count(node, room, 1)
  putInPlace(node, room)
end

local function endLease(room)
  leave(room)
  room.inc, room.core, room.epoch = nil, nil, nil
  room.decision, room.isConfirmed, room.isLocal, room.peers = "", false, false, 0
  removeOrphan(room.id)
  keepOrDrop(room)
end
