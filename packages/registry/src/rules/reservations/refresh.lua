-- With each heartbeat: the growth of young rooms is as of now.

-- Returns when its growth next changes by time; nil where it has ended.
local function refreshYoungRoom(node, roomId, young)
  local before = reservedBy(young, node)
  if NOW >= endsAt(young) then
    addReserved(node, young, -before)
    call("HDEL", PREFIX .. "young:" .. node.inc, roomId)
    node.isShareDue = true
    return nil
  end
  local growth = growthAt(young, NOW)
  addReserved(node, young, growth - before)
  if young.returning then
    local measuredAtMs = young.asOf + MOVED_SETTLES_MS
    return NOW < measuredAtMs and young.peers > 0 and min(measuredAtMs, endsAt(young)) or endsAt(young)
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
    if not young.returning then growth[young.core] = (growth[young.core] or 0) + reservedBy(young, node) end
  end
  debitsOf(node)
  node.isGrowthUnknown, node.isDebitChanged = false, true
end

local function refreshYoung(node)
  if not node.youngDueAt or NOW < node.youngDueAt then return end
  node.youngDueAt = nil
  local entries = call("HGETALL", PREFIX .. "young:" .. node.inc)
  for index = 1, #entries, 2 do
    local dueAt = refreshYoungRoom(node, entries[index], parseYoung(entries[index + 1]))
    if dueAt then node.youngDueAt = min(node.youngDueAt or dueAt, dueAt) end
  end
  node.grownAt = NOW
end

-- Its peer sits on that core. Returns the debit's name from now on.
local function moveDebit(node, id, core)
  local from, ppm = parseDebit(id)
  if not from then return id end
  local name = string.gsub(id, "^(%x+%.)%d+", "%1" .. core, 1)
  local key = PREFIX .. "debits:" .. node.inc
  if from ~= core and call("ZREM", key, id) == 1 then
    call("ZADD", key, 0, name)
    addDebit(node, from, -ppm)
    addDebit(node, core, ppm)
    touchRank(node)
  end
  return name
end

-- Debits that are too old end.
local function refreshDebits(node)
  if not node.debitsDueAt or NOW <= node.debitsDueAt then return end
  node.debitsDueAt = nil
  for _, id in ipairs(call("ZRANGE", PREFIX .. "debits:" .. node.inc, 0, -1)) do
    local _, _, at = parseDebit(id)
    if NOW - at > DEBIT_TTL_MS then
      endDebit(node, id)
    else
      node.debitsDueAt = min(node.debitsDueAt or at + DEBIT_TTL_MS, at + DEBIT_TTL_MS)
    end
  end
end

local function refresh(node)
  countGrowth(node)
  refreshDebits(node)
  refreshYoung(node)
  touchRank(node)
end
