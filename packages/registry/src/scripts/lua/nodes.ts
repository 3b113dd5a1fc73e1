/**
 * Records of nodes, each read at most once and written at most once per call (`saveNodes`), and the pools in which they stand
 * by rank. `loads` names the usable cores as `load:core`, least loaded first, debits not counted; `debits` what is reserved on
 * cores, as `core:ppm`. `offers` are the pools that the node would stand in, `pools` those that it does.
 */
export const NODES = /* lua */ `
local nodes, changed = {}, {}

local function parseNode(inc, f)
  return {
    inc = inc, name = f[1], beatAt = tonumber(f[2]), cutSince = tonumber(f[3]), wasCutOff = f[4] == "1",
    loads = f[5], peers = tonumber(f[6]), maxPeers = tonumber(f[7]), offers = f[8],
    pools = f[9], rank = tonumber(f[10]), debits = f[11], openPeers = tonumber(f[12]),
    leases = tonumber(f[13]), epochSum = tonumber(f[14]),
    youngDueAt = tonumber(f[15]), debitsDueAt = tonumber(f[16]), claimsDueAt = tonumber(f[17]),
    grownAt = tonumber(f[18]), hasTwins = f[19] == "1",
  }
end

-- Returns false for one that nobody knows.
local function loadNode(inc)
  local node = nodes[inc]
  if node == nil then
    local f = call("HMGET", PREFIX .. "node:" .. inc, "name", "beatAt", "cutSince", "wasCutOff",
      "loads", "peers", "maxPeers", "offers", "pools", "rank", "debits", "openPeers",
      "leases", "epochSum", "youngDueAt", "debitsDueAt", "claimsDueAt", "grownAt", "hasTwins")
    node = f[1] and parseNode(inc, f)
    nodes[inc] = node
  end
  return node
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
  for pool in gmatch(node.pools, "%S+") do
    call("ZREM", POOL .. pool, node.name)
  end
  node.pools, node.rank = "", nil
end

local function rankOf(node)
  if node.offers == "" or (node.maxPeers and node.peers + node.openPeers >= node.maxPeers) then
    return nil
  end
  local _, load = bestCore(node)
  return load
end

local function putInPools(node)
  local rank = rankOf(node)
  if not rank or node.pools ~= node.offers then leavePools(node) end
  if not rank or rank == node.rank then return end
  node.pools, node.rank = node.offers, rank
  for pool in gmatch(node.pools, "%S+") do
    call("ZADD", POOL .. pool, rank, node.name)
  end
end

local function debitsText(node)
  if not node.debitByCore then return node.debits end
  local parts = {}
  for core, ppm in pairs(node.debitByCore) do
    if ppm > 0 then parts[#parts + 1] = core .. ":" .. ppm end
  end
  return table.concat(parts, " ")
end

local function saveNode(node)
  if node.isRankDue then putInPools(node) end
  call("HSET", PREFIX .. "node:" .. node.inc, "name", node.name, "beatAt", node.beatAt,
    "cutSince", node.cutSince or "", "wasCutOff", node.wasCutOff and "1" or "0",
    "loads", node.loads, "peers", node.peers, "maxPeers", node.maxPeers or "", "offers", node.offers,
    "pools", node.pools, "rank", node.rank or "", "debits", debitsText(node), "openPeers", node.openPeers,
    "leases", node.leases, "epochSum", digits(node.epochSum),
    "youngDueAt", node.youngDueAt or "", "debitsDueAt", node.debitsDueAt or "",
    "claimsDueAt", node.claimsDueAt or "", "grownAt", node.grownAt, "hasTwins", node.hasTwins and "1" or "0")
end

local function saveNodes()
  for _, node in ipairs(changed) do
    if not node.isGone then saveNode(node) end
  end
end
`;
