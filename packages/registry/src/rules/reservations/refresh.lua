-- With each heartbeat: the growth of young rooms is as of now. Of many, RESERVATIONS_PER_BEAT are looked at.

-- `isWhole`: all of them are looked at, and the node's `grownAt` says so. Returns when its growth next changes by time; nil where it has ended.
local function refreshYoungRoom(node, roomId, young, isWhole)
  local before, age = reservedBy(young, node), NOW - young.placedAt
  if age >= RESERVATION_MS then
    addGrowth(node, young.core, -before)
    call("HDEL", PREFIX .. "young:" .. node.inc, roomId)
    return nil
  end
  local growth = growthAt(young, NOW)
  addGrowth(node, young.core, growth - before)
  if not isWhole and growth ~= before then
    young.asOf = NOW
    saveYoung(node, roomId, young)
  end
  -- Growth that has come to nothing stays nothing until the reservation ends.
  return young.placedAt + (growth > 0 and floor(RESERVATION_MS / 2) or RESERVATION_MS)
end

-- An older build has changed the debits without it.
local function countGrowth(node)
  local growth = growthOf(node)
  if not node.isGrowthUnknown then return end
  for core in pairs(growth) do growth[core] = nil end
  for _, entry in ipairs(call("HVALS", PREFIX .. "young:" .. node.inc)) do
    local young = parseYoung(entry)
    growth[young.core] = (growth[young.core] or 0) + reservedBy(young, node)
  end
  debitsOf(node)
  node.isGrowthUnknown, node.isDebitChanged = false, true
end

-- An older build lists none of its own; and a key may be lost.
local function listYoung(node)
  local key, order = PREFIX .. "young:" .. node.inc, PREFIX .. "youngOrder:" .. node.inc
  if call("HLEN", key) <= call("LLEN", order) then return end
  call("DEL", order)
  for _, roomId in ipairs(call("HKEYS", key)) do call("RPUSH", order, roomId) end
end

-- Those that were not looked at for longest.
local function refreshYoung(node)
  if not node.youngDueAt or NOW < node.youngDueAt then return end
  listYoung(node)
  local key, order = PREFIX .. "young:" .. node.inc, PREFIX .. "youngOrder:" .. node.inc
  local isWhole = call("LLEN", order) <= RESERVATIONS_PER_BEAT
  local roomIds = call("LRANGE", order, 0, RESERVATIONS_PER_BEAT - 1)
  local entries = #roomIds > 0 and call("HMGET", key, unpack(roomIds)) or {}
  local seen, kept, nextAt = {}, {}, nil
  for index, roomId in ipairs(roomIds) do
    -- A room that left and came back stands there twice.
    local young = not seen[roomId] and entries[index] and parseYoung(entries[index])
    local dueAt = young and refreshYoungRoom(node, roomId, young, isWhole)
    seen[roomId] = true
    if dueAt then kept[#kept + 1], nextAt = roomId, min(nextAt or dueAt, dueAt) end
  end
  call("LTRIM", order, #roomIds, -1)
  if #kept > 0 then appendTo(order, kept) end
  node.youngDueAt = isWhole and nextAt or not isWhole and NOW or nil
  if isWhole then node.grownAt = NOW end
end

-- Debits that are too old end, oldest first.

local function listDebits(node)
  local key, order = PREFIX .. "debits:" .. node.inc, PREFIX .. "debitOrder:" .. node.inc
  if call("ZCARD", key) <= call("LLEN", order) then return end
  local ids, atOf = call("ZRANGE", key, 0, -1), {}
  for _, id in ipairs(ids) do
    local _, _, at = parseDebit(id)
    atOf[id] = at
  end
  table.sort(ids, function(a, b) return atOf[a] < atOf[b] end)
  call("DEL", order)
  for _, id in ipairs(ids) do call("RPUSH", order, id) end
end

local function refreshDebits(node)
  if not node.debitsDueAt or NOW <= node.debitsDueAt then return end
  listDebits(node)
  local order, ended = PREFIX .. "debitOrder:" .. node.inc, 0
  node.debitsDueAt = nil
  for _, id in ipairs(call("LRANGE", order, 0, RESERVATIONS_PER_BEAT)) do
    local _, _, at = parseDebit(id)
    if ended == RESERVATIONS_PER_BEAT or NOW - at <= DEBIT_TTL_MS then
      node.debitsDueAt = at + DEBIT_TTL_MS
      break
    end
    endDebit(node, id)
    ended = ended + 1
  end
  call("LTRIM", order, ended, -1)
end

local function refresh(node)
  countGrowth(node)
  refreshDebits(node)
  refreshYoung(node)
  touchRank(node)
end
