-- Any other beat, after `steady.lua`.

local function obtainNode()
  local known = loadNode(INC)
  if known and not known.hasTwins then return known end
  local hasTwins = buryTwins(NODE_ID, INC)
  if not known then
    if hasGraves then closeGrave(INC) end
    -- What it had before its burial and nobody took is still listed: it says of which it still serves.
    local epochSum = call("EXISTS", leasesKey(INC)) == 1 and UNKNOWN_SUM or 0
    known = { inc = INC, nodeId = NODE_ID, name = NODE_ID .. " " .. INC, offers = "", debits = "", growth = "", openPeers = 0,
      leases = 0, epochSum = epochSum, grownAt = 0, wasCutOff = false }
    nodes[INC] = known
    call("ZADD", NAMES, 0, known.name)
  end
  known.hasTwins = hasTwins
  return known
end

local function renew(node)
  if node.offers ~= OFFERS then
    leavePools(node)
    node.isShareDue = true
  end
  node.beatAt, node.offers, node.loads, node.advert = NOW, OFFERS, ARGV[6], ARGV[9]
  node.peers, node.maxPeers = tonumber(ARGV[7]), tonumber(ARGV[8])
  call("ZADD", BEATS, NOW, INC)
  -- Looked at with each page: one a minute at least.
  if not node.interval or ARGV[13] ~= "" then node.interval = beatInterval() end
  touchRank(node)
end

-- One that was sent before another one that came here earlier does not know what that said.
local function isOlder()
  local ownAt = call("HGET", PREFIX .. "node:" .. INC, "ownAt")
  return ownAt and CLOCK < tonumber(ownAt)
end

-- A node that drains says with each beat what it still carries, since its rooms count elsewhere by then; any other where something has changed
-- besides its loads, or now and then.
local function isShareDue(node, isFirst)
  if isFirst or node.isShareDue or not shareDueAt or NOW >= tonumber(shareDueAt) then return true end
  return ARGV[4] == "" or ARGV[11] ~= "" or ARGV[12] ~= "" or ARGV[13] ~= ""
end

hear()
buryStalest(silent)
burySuspects(ARGV[15])
local isFirst = not loadNode(INC)
local node = obtainNode()
renew(node)
watchBus(node, HAS_BUS)
saveMeta()
watchCut(node, HAS_BUS)
local moved = {}
for id, core in gmatch(ARGV[17], "(%S+) (%d+)") do moved[id] = moveDebit(node, id, tonumber(core)) end
for id in gmatch(ARGV[11], "%S+") do endDebit(node, moved[id] or id) end
local named = settleClaims(node, ARGV[12])
endLapsedClaims(node)
if ARGV[13] ~= "" and not isOlder() then takePage(node, ARGV[13], named) end
local differing = ARGV[16] ~= "" and differingBuckets(node, ARGV[16]) or ""
learnCosts(ARGV[14])
refresh(node)
local isSame = digestText(node.leases, node.epochSum) == ARGV[10]
noteTelling(INC, isFirst, isSame)
digGraves()
local handed = OFFERS ~= "" and handOutOrphans() or {}
saveNodes()
if isShareDue(node, isFirst) then shares().tell(node.wasCutOff, node.debits, node.openPeers) end
return { isSame and "0" or "1", concat(lost, ";"), concat(renewed, ";"), concat(handed, ";"),
  concat(lateNodes(silent), ";"), digits(NOW - CLOCK), differing, concat(recordsLost, " "), digits(node.interval) }
