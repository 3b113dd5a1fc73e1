/**
 * What cores have promised. A debit is an entry of its own in the node's sorted set, named `tag.core.ppm.at.random`, where the
 * tag stands for the room: so it is found by name to settle it, and by tag when its room leaves. A young room is
 * `core placedAt cost peers asOf` in the node's hash: it reserves what it was expected to grow by at `asOf`, or at the node's last look
 * (`grownAt`). `youngDueAt`, `debitsDueAt`: before then nothing of these changes by time, so a heartbeat need not look.
 */
export const RESERVATIONS = /* lua */ `
local YOUNG_ENTRY = "(%d+) (%d+) (%d+) (%d+) (%d+)"

-- Full for the first half of the reservation, then falling to nothing.
local function growthOf(young, at)
  local left = max(0, RESERVATION_MS - (at - young.placedAt))
  local permille = min(1000, floor(left * 2000 / RESERVATION_MS))
  return max(0, floor(young.cost * permille / 1000) - young.peers * PEER_COST_PPM)
end

local function parseYoung(entry)
  local core, placedAt, cost, peers, asOf = match(entry, YOUNG_ENTRY)
  return { core = tonumber(core), placedAt = tonumber(placedAt), cost = tonumber(cost),
    peers = tonumber(peers), asOf = tonumber(asOf) }
end

local function reservedBy(young, node)
  return growthOf(young, max(young.asOf, node.grownAt))
end

local function saveYoung(node, roomId, young)
  local entry = concat({ young.core, young.placedAt, young.cost, young.peers, young.asOf }, " ")
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

-- What the peer costs is debited by itself, so the expected growth of a young room shrinks by it.
local function addPeer(node, roomId, core, random)
  local id = concat({ tagOf(roomId), core, PEER_COST_PPM, digits(NOW), random }, ".")
  call("ZADD", PREFIX .. "debits:" .. node.inc, 0, id)
  node.openPeers = node.openPeers + 1
  node.debitsDueAt = min(node.debitsDueAt or NOW + DEBIT_TTL_MS, NOW + DEBIT_TTL_MS)
  addDebit(node, core, PEER_COST_PPM)
  local young = loadYoung(node, roomId)
  if young and young.core == core then
    local before = reservedBy(young, node)
    young.peers, young.asOf = young.peers + 1, NOW
    saveYoung(node, roomId, young)
    addDebit(node, core, growthOf(young, NOW) - before)
  end
  touchRank(node)
  return id
end
`;

/** What else becomes of them: a room is placed, a debit settled, a room leaves. */
export const RESERVATIONS_END = /* lua */ `
local function startRoom(node, roomId, core, cost)
  local young = { core = core, placedAt = NOW, cost = cost, peers = 0, asOf = NOW }
  saveYoung(node, roomId, young)
  addDebit(node, core, growthOf(young, NOW))
  node.youngDueAt = min(node.youngDueAt or NOW + RESERVATION_MS, NOW + floor(RESERVATION_MS / 2))
  touchRank(node)
end

-- Passes over what is gone, and what others were promised.
local function endDebit(node, id)
  if call("ZREM", PREFIX .. "debits:" .. node.inc, id) == 0 then return end
  local core, ppm = parseDebit(id)
  addDebit(node, core, -ppm)
  node.openPeers = node.openPeers - 1
  touchRank(node)
end

-- The room left the node: its load there, promised or not, goes with it.
local function dropReservations(node, roomId)
  local young = loadYoung(node, roomId)
  if young then
    addDebit(node, young.core, -reservedBy(young, node))
    call("HDEL", PREFIX .. "young:" .. node.inc, roomId)
  end
  if node.openPeers > 0 then
    local tag = tagOf(roomId)
    for _, id in ipairs(call("ZRANGEBYLEX", PREFIX .. "debits:" .. node.inc, "[" .. tag .. ".", "(" .. tag .. "/")) do
      endDebit(node, id)
    end
  end
  touchRank(node)
end
`;
