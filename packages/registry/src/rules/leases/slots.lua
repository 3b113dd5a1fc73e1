-- The rooms of a node in order: the sorted set `leases` holds what `held` does, by slot (`LEASE_SLOTS` of them, by room id). `buckets` holds, of
-- each slot, what node and registry compare: `count epochSum` of those leases that are confirmed. An older build keeps only `held`: what it
-- changes there is found when node and registry mean different leases (`lease-pages`). Both keys end a day after they were last written, since
-- an older build leaves them behind.
--
-- The hash is that of the protocol's `leaseSlotOf`.

local SLOTS_TTL_S = 86400
-- Of a node that is still to say what it serves: no node's digest is that.
local UNKNOWN_SUM = -1

local knownSlots = {}

local function slotOf(roomId)
  local hash = knownSlots[roomId]
  if hash then return hash end
  hash = 0
  for index = 1, #roomId do hash = (hash * 257 + string.byte(roomId, index)) % 65521 end
  knownSlots[roomId] = hash % LEASE_SLOTS
  return knownSlots[roomId]
end

local function leasesKey(inc) return PREFIX .. "leases:" .. inc end

local function bucketsKey(inc) return PREFIX .. "buckets:" .. inc end

local function digestText(count, epochSum) return count .. " " .. digits(epochSum) end

local function parseDigest(text)
  local count, epochSum = match(text, "(%S+) (%S+)")
  return tonumber(count), tonumber(epochSum)
end

local function listLease(inc, roomId)
  call("ZADD", leasesKey(inc), slotOf(roomId), roomId)
end

local function keepSlots(inc)
  call("EXPIRE", leasesKey(inc), SLOTS_TTL_S)
  call("EXPIRE", bucketsKey(inc), SLOTS_TTL_S)
end

local function countInSlot(inc, room, sign)
  local key, slot = bucketsKey(inc), slotOf(room.id)
  local count, epochSum = parseDigest(call("HGET", key, slot) or "0 0")
  call("HSET", key, slot, digestText(count + sign, epochSum + sign * (room.epoch % EPOCH_MODULUS)))
end
