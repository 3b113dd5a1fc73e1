-- Records of nodes, each read at most once and written at most once per call (`saveNodes`). `loads` names the usable cores as
-- `load:core`, least loaded first, debits not counted; `debits` what is reserved on cores, as `core:ppm`; `offers` the pools that the node
-- stands in while it has a rank. A steady heartbeat (see there) reads and writes only the fields of their own, and goes by two that are
-- derived: `quietUntil`, before which nothing of the node changes by time, and `digest`. `isListed`: the build that the node is of keeps its
-- leases in order. `intervalMs`: how often it beats, as it was told.

local nodes, changed = {}, {}
local STATE = "^(%S+)" .. string.rep(" (%S+)", 9) .. "$"

-- Returns false for one that nobody knows.
local function loadNode(inc)
  if nodes[inc] ~= nil then return nodes[inc] end
  local f = call("HMGET", PREFIX .. "node:" .. inc, "state", "beatAt", "rank", "peers", "maxPeers", "openPeers",
    "loads", "offers", "debits", "growth", "isListed",
    "intervalMs")
  if not f[1] then
    nodes[inc] = false
    return false
  end
  local nodeId, cutSince, cutOff, leases, epochSum, youngDueAt, debitsDueAt, claimsDueAt, grownAt, twins =
    match(f[1], STATE)
  local node = {
    inc = inc, nodeId = nodeId, name = nodeId .. " " .. inc, beatAt = tonumber(f[2]), rank = tonumber(f[3]),
    peers = tonumber(f[4]), maxPeers = tonumber(f[5]), openPeers = tonumber(f[6]), loads = f[7], offers = f[8],
    debits = f[9], growth = f[10] or "", isListed = f[11] == "1", interval = tonumber(f[12]) or BEAT_MS, cutSince = tonumber(cutSince), wasCutOff = cutOff == "1", hasTwins = twins == "1",
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
