/**
 * Then what the others are, as a rule: quiet. The node may have reservations, some of its young rooms' growth changes with time, or
 * the bus is away.
 */
export const QUIET_HEARTBEAT = /* lua */ `
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

local function lateNodes()
  local late = {}
  if #silent == 0 then return late end
  local found = call("ZRANGEBYSCORE", BEATS, digits(NOW - NODE_TTL_MS), "(" .. digits(NOW - LATE_AFTER_MS),
    "WITHSCORES", "LIMIT", 0, PER_BEAT)
  for index = 1, #found, 2 do
    if isAlive(found[index]) then
      late[#late + 1] = found[index] .. " " .. digits(NOW - tonumber(found[index + 1]))
    end
  end
  return late
end

-- What the node has to say of the bus, and what follows from it, is as it was.
local function isBusAsBefore(node)
  local isForgotten = NOW - connectedAt > NODE_TTL_MS
  if HAS_BUS then return busSince and not isForgotten and not node.cutSince and not node.wasCutOff end
  return node.cutSince and not (busSince and isForgotten) and (isCut(node) or false) == node.wasCutOff
end

local function isQuiet(node)
  return IS_PLAIN and node and not node.hasTwins and isBusAsBefore(node)
    and lastBeatAt and NOW - lastBeatAt <= GAP_MS
    and (#silent == 0 or NOW - max(tonumber(silent[2]), aliveFloor) <= NODE_TTL_MS)
    and not (node.debitsDueAt and NOW > node.debitsDueAt) and not (node.claimsDueAt and NOW > node.claimsDueAt)
    and (OFFERS == "" or #call("ZRANGEBYSCORE", ORPHANS, "-inf", "(" .. NOW - HEIR_PATIENCE_MS, "LIMIT", 0, 1) == 0)
end

local node = loadNode(INC)
if isQuiet(node) then
  lastBeatAt = NOW
  if HAS_BUS then connectedAt = NOW end
  saveMeta()
  renew(node)
  if node.youngDueAt and NOW >= node.youngDueAt then refreshYoung(node) end
  saveNodes()
  return { needsAllLeases(node) and "1" or "0", "", "", "", concat(lateNodes(), ";") }
end
`;
