-- What cores have promised. A debit is an entry of its own in the node's sorted set, named `tag.core.ppm.at.random`, where the
-- tag stands for the room: so it is found by name to settle it, and by tag when its room leaves. A young room is
-- `core placedAt cost peers asOf` in the node's hash: it reserves what it was expected to grow by at `asOf`, or at the node's last look
-- (`grownAt`). One that has moved here is followed by how many peers it had where it was, and how many of them are
-- measured here: it reserves the others' part of what it cost there, as a debit, until the last of these has come and is measured; none of them is debited besides. `youngDueAt`, `debitsDueAt`: before then nothing of these changes by time, so a heartbeat need not look.

local function endsAt(young)
  local latest = young.placedAt + RESERVATION_MS
  return young.returning and young.peers >= young.returning and min(latest, young.asOf + MOVED_SETTLES_MS) or latest
end

-- Those that came last are measured after a while.
local function measuredAt(young, at)
  return at >= young.asOf + MOVED_SETTLES_MS and young.peers or young.measured
end

-- Full for the first half of the reservation, then falling to nothing.
local function growthAt(young, at)
  if young.returning then
    return at < endsAt(young) and floor(young.cost * (young.returning - measuredAt(young, at)) / young.returning) or 0
  end
  local left = max(0, RESERVATION_MS - (at - young.placedAt))
  local permille = min(1000, floor(left * 2000 / RESERVATION_MS))
  return max(0, floor(young.cost * permille / 1000) - young.peers * PEER_COST_PPM)
end

local YOUNG_ENTRY = "(%d+) (%d+) (%d+) (%d+) (%d+) ?(%d*) ?(%d*)"

local function parseYoung(entry)
  local core, placedAt, cost, peers, asOf, returning, measured = match(entry, YOUNG_ENTRY)
  return { core = tonumber(core), placedAt = tonumber(placedAt), cost = tonumber(cost),
    peers = tonumber(peers), asOf = tonumber(asOf), returning = tonumber(returning),
    measured = tonumber(measured) or 0 }
end

local function reservedBy(young, node)
  return growthAt(young, max(young.asOf, node.grownAt))
end

local function saveYoung(node, roomId, young)
  local entry = concat({ young.core, young.placedAt, young.cost, young.peers, young.asOf }, " ")
  if young.returning then entry = concat({ entry, young.returning, young.measured }, " ") end
  call("HSET", PREFIX .. "young:" .. node.inc, roomId, entry)
end

local function loadYoung(node, roomId)
  local entry = node.youngDueAt and call("HGET", PREFIX .. "young:" .. node.inc, roomId)
  return entry and parseYoung(entry)
end

local function tagOf(roomId)
  return string.sub(redis.sha1hex(roomId), 1, 12)
end

local function parseDebit(id)
  local core, ppm, at = match(id, "^%x+%.(%d+)%.(%d+)%.(%d+)%.")
  return tonumber(core), tonumber(ppm), tonumber(at)
end

local function addReserved(node, young, ppm)
  local add = young.returning and addDebit or addGrowth
  add(node, young.core, ppm)
end

-- The peer's cost is a debit of its own, so the expected growth of a young room shrinks by it.
local function addPeer(node, roomId, core, random)
  local young = loadYoung(node, roomId)
  if young and young.core ~= core then young = nil end
  local isReturning = young and young.returning and young.peers < young.returning
  local cost = isReturning and 0 or PEER_COST_PPM
  local id = concat({ tagOf(roomId), core, cost, digits(NOW), random }, ".")
  call("ZADD", PREFIX .. "debits:" .. node.inc, 0, id)
  node.openPeers = node.openPeers + 1
  node.debitsDueAt = min(node.debitsDueAt or NOW + DEBIT_TTL_MS, NOW + DEBIT_TTL_MS)
  addDebit(node, core, cost)
  if young and (isReturning or not young.returning) then
    local before = reservedBy(young, node)
    young.measured = measuredAt(young, NOW)
    young.peers, young.asOf = young.peers + 1, NOW
    saveYoung(node, roomId, young)
    addReserved(node, young, growthAt(young, NOW) - before)
    if isReturning then node.youngDueAt = min(node.youngDueAt, NOW + MOVED_SETTLES_MS) end
  end
  touchRank(node)
  return id
end
