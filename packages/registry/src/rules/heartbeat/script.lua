-- Any other beat, after `steady.lua`.

local function obtainNode()
  local known = loadNode(INC)
  if known and not known.hasTwins then return known end
  local hasTwins = buryTwins(NODE_ID, INC)
  if not known then
    known = { inc = INC, nodeId = NODE_ID, name = NODE_ID .. " " .. INC, offers = "", debits = "", growth = "", openPeers = 0,
      leases = 0, epochSum = 0, grownAt = 0, wasCutOff = false }
    nodes[INC] = known
    call("ZADD", NAMES, 0, known.name)
  end
  known.hasTwins = hasTwins
  return known
end

local function renew(node)
  if node.offers ~= OFFERS then leavePools(node) end
  node.beatAt, node.offers, node.loads, node.advert = NOW, OFFERS, ARGV[6], ARGV[9]
  node.peers, node.maxPeers = tonumber(ARGV[7]), tonumber(ARGV[8])
  call("ZADD", BEATS, NOW, INC)
  touchRank(node)
end

local function needsAllLeases(node)
  return node.leases .. " " .. digits(node.epochSum) ~= ARGV[10]
end

hear()
buryStalest(silent)
burySuspects(ARGV[15])
local node = obtainNode()
renew(node)
watchBus(node, HAS_BUS)
saveMeta()
watchCut(node, HAS_BUS)
for id in gmatch(ARGV[11], "%S+") do endDebit(node, id) end
local named = settleClaims(node, ARGV[12])
endLapsedClaims(node)
if ARGV[13] == "1" then endUnnamed(node, named) end
learnCosts(ARGV[14])
refresh(node)
local needsAll = needsAllLeases(node)
local handed = OFFERS ~= "" and handOutOrphans() or {}
saveNodes()
return { needsAll and "1" or "0", concat(lost, ";"), concat(renewed, ";"), concat(handed, ";"),
  concat(lateNodes(silent), ";"), digits(NOW - CLOCK) }
