/**
 * ARGV: now, node id, incarnation, the pools that it offers to stand in ("" while it is draining), "1" with the bus, loads, peers, most
 * peers or "", what it says of itself (JSON, for listings), count and epoch sum of its leases, debits to settle, leases it names
 * (`room core epoch peers isLocal`), "1" if these are all, observed costs (`kind ppm`), suspects.
 *
 * Returns: "1" if all leases are needed; lost, renewed and orphaned leases; late nodes.
 *
 * First what most beats are: quiet. The node is known and says nothing but its loads, nobody is dead, and no more changes with time than
 * the growth of its young rooms. What follows (`heartbeat.ts`) would do the same.
 */
export const QUIET_HEARTBEAT = /* lua */ `
local NODE_ID, INC, HAS_BUS = ARGV[2], ARGV[3], ARGV[5] == "1"
local OFFERS = HAS_BUS and ARGV[4] or ""
local PER_BEAT = 4
-- The longest silent of those that are late or dead.
local silent = call("ZRANGEBYSCORE", BEATS, "-inf", "(" .. NOW - LATE_AFTER_MS, "WITHSCORES", "LIMIT", 0, PER_BEAT)

local function renew(node)
  if node.offers ~= OFFERS then leavePools(node) end
  node.beatAt, node.offers, node.loads, node.advert = NOW, OFFERS, ARGV[6], ARGV[9]
  node.peers, node.maxPeers = tonumber(ARGV[7]), tonumber(ARGV[8])
  call("ZADD", BEATS, NOW, INC)
  touchRank(node)
end

local function needsAllLeases(node)
  return node.leases ~= tonumber(ARGV[10]) or node.epochSum ~= tonumber(ARGV[11])
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
  return node and not node.hasTwins and isBusAsBefore(node)
    and ARGV[12] == "" and ARGV[13] == "" and ARGV[14] == "0" and ARGV[15] == "" and ARGV[16] == ""
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
