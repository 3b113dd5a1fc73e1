/**
 * Records of nodes, each read at most once and written at most once per call (`saveNodes`). `loads` names the usable cores as
 * `load:core`, least loaded first, debits not counted; `debits` what is reserved on cores, as `core:ppm`; `offers` the pools that the node
 * stands in while it has a rank. A steady heartbeat (see there) reads and writes only the fields of their own, and goes by two that are
 * derived: `quietUntil`, before which nothing of the node changes by time, and `digest`.
 */
export const NODES = /* lua */ `
local nodes, changed = {}, {}
local STATE = "^(%S+)" .. string.rep(" (%S+)", 9) .. "$"

-- Returns false for one that nobody knows.
local function loadNode(inc)
  if nodes[inc] ~= nil then return nodes[inc] end
  local f = call("HMGET", PREFIX .. "node:" .. inc, "state", "beatAt", "rank", "peers", "maxPeers", "openPeers",
    "loads", "offers", "debits")
  if not f[1] then
    nodes[inc] = false
    return false
  end
  local nodeId, cutSince, cutOff, leases, epochSum, youngDueAt, debitsDueAt, claimsDueAt, grownAt, twins =
    match(f[1], STATE)
  local node = {
    inc = inc, nodeId = nodeId, name = nodeId .. " " .. inc, beatAt = tonumber(f[2]), rank = tonumber(f[3]),
    peers = tonumber(f[4]), maxPeers = tonumber(f[5]), openPeers = tonumber(f[6]), loads = f[7], offers = f[8],
    debits = f[9], cutSince = tonumber(cutSince), wasCutOff = cutOff == "1", hasTwins = twins == "1",
    leases = tonumber(leases), epochSum = tonumber(epochSum), youngDueAt = tonumber(youngDueAt),
    debitsDueAt = tonumber(debitsDueAt), claimsDueAt = tonumber(claimsDueAt), grownAt = tonumber(grownAt),
  }
  nodes[inc] = node
  return node
end

local function stateOf(node)
  return concat({ node.nodeId, node.cutSince or "-", node.wasCutOff and "1" or "0", node.leases, digits(node.epochSum),
    node.youngDueAt or "-", node.debitsDueAt or "-", node.claimsDueAt or "-", node.grownAt,
    node.hasTwins and "1" or "0" }, " ")
end

local function quietUntil(node)
  if node.cutSince or node.wasCutOff or node.hasTwins then return 0 end
  return min(node.youngDueAt or 9e15, node.debitsDueAt or 9e15, node.claimsDueAt or 9e15)
end

local function touch(node)
  if not node.isChanged then
    node.isChanged = true
    changed[#changed + 1] = node
  end
end

-- Puts it in its place among the pools when it is saved.
local function touchRank(node)
  node.isRankDue = true
  touch(node)
end

local function isCut(node)
  return node.cutSince and busSince and NOW - max(node.cutSince, busSince) > CUT_AFTER_MS
end

local function isAliveByTime(node, suspect)
  local ttl = node.inc == suspect and SUSPECT_TTL_MS or NODE_TTL_MS
  return NOW - max(node.beatAt, aliveFloor) <= ttl
end

local function isAlive(inc, suspect)
  local node = loadNode(inc)
  return node and isAliveByTime(node, suspect) and not isCut(node)
end

-- What is reserved on each core.
local function debitsOf(node)
  if not node.debitByCore then
    node.debitByCore = {}
    for core, ppm in gmatch(node.debits, "(%d+):(%d+)") do
      node.debitByCore[tonumber(core)] = tonumber(ppm)
    end
  end
  return node.debitByCore
end

local function addDebit(node, core, ppm)
  local debits = debitsOf(node)
  debits[core] = (debits[core] or 0) + ppm
  node.isDebitChanged = true
end

-- The least-loaded usable core, ties by number, and its load. Those behind it are not looked at once their load alone is higher.
local function bestCore(node, excluded)
  local debits, best, least = debitsOf(node), nil, nil
  for loadText, coreText in gmatch(node.loads, "(%d+):(%d+)") do
    local load, core = tonumber(loadText), tonumber(coreText)
    if least and load > least then break end
    load = load + (debits[core] or 0)
    if not (excluded and excluded[core]) and (not least or load < least or load == least and core < best) then
      best, least = core, load
    end
  end
  return best, least
end

local function leavePools(node)
  if not node.rank then return end
  for pool in gmatch(node.offers, "%S+") do
    call("ZREM", POOL .. pool, node.name)
  end
  node.rank = nil
end

local function putInPools(node)
  local rank
  if node.offers ~= "" and not (node.maxPeers and node.peers + node.openPeers >= node.maxPeers) then
    local _, load = bestCore(node)
    rank = load
  end
  if not rank then return leavePools(node) end
  if rank == node.rank then return end
  node.rank = rank
  for pool in gmatch(node.offers, "%S+") do
    call("ZADD", POOL .. pool, rank, node.name)
  end
end

local function debitsText(node)
  local parts = {}
  for core, ppm in pairs(node.debitByCore) do
    if ppm > 0 then parts[#parts + 1] = core .. ":" .. ppm end
  end
  return concat(parts, " ")
end

local function saveNode(node)
  if node.isRankDue then putInPools(node) end
  if node.isDebitChanged then node.debits = debitsText(node) end
  local key = PREFIX .. "node:" .. node.inc
  call("HSET", key, "state", stateOf(node), "rank", node.rank or "", "openPeers", node.openPeers, "debits", node.debits,
    "quietUntil", quietUntil(node), "digest", node.leases .. " " .. digits(node.epochSum))
  if node.advert then
    call("HSET", key, "beatAt", node.beatAt, "peers", node.peers, "maxPeers", node.maxPeers or "", "loads", node.loads,
      "offers", node.offers, "advert", node.advert)
  end
end

local function saveNodes()
  for _, node in ipairs(changed) do
    if not node.isGone then saveNode(node) end
  end
end
`;
