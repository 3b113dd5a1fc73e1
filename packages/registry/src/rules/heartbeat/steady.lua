-- ARGV: now, node id, incarnation, the pools that it offers to stand in ("" while it is draining), "1" with the bus, loads, peers, most
-- peers or "", what it says of itself (JSON, for listings), digest of its leases (`count epochSum`), debits to settle, leases it names
-- (`room core epoch peers isLocal`), of how many buckets these are all of which (`of bucket bucket`), observed costs (`kind ppm`), suspects, digests
-- of all buckets, debits whose peers sit on another core (`id core`), what its group adds up: its name, how much of these loads
-- is that of rooms that linger, how many rooms it has and, while it is draining, the pools it would stand in.
--
-- Returns: "1" if the digests of leases differ; lost, renewed and orphaned leases; late nodes; by how much the beat's time was behind;
-- buckets that differ; rooms whose records were lost; after how many ms the next beat is due.
--
-- First what nearly all beats are: steady. The node is known and says nothing but its loads, nobody is dead or cut off, nothing is due. Thousands of these
-- in a second are what Redis spends its time on, so there are no functions here but that of `capacity/shares`, and most numbers stay the texts that they came as. What follows
-- (`script.lua`) would do the same.

local NODE_ID, INC, HAS_BUS = ARGV[2], ARGV[3], ARGV[5] == "1"
local OFFERS = HAS_BUS and ARGV[4] or ""
local IS_PLAIN = ARGV[11] == "" and ARGV[12] == "" and ARGV[13] == "" and ARGV[14] == "" and ARGV[15] == ""
  and ARGV[16] == "" and ARGV[17] == "" and not hasGraves
  and (not isTelling or NOW - (bornAt or 0) < TOLD_WITHIN_MS and not call("ZSCORE", TELLING, INC))
local key = PREFIX .. "node:" .. INC
local quietUntil, digest, offers, debits, openPeers, rank, growth, INTERVAL, shareDueAt =
  unpack(call("HMGET", key, "quietUntil", "digest", "offers", "debits", "openPeers", "rank", "growth", "intervalMs",
    "shareDueAt"))
INTERVAL = INTERVAL or BEAT_MS .. ""
-- The longest silent of those that are late or dead, if they beat as often as this node.
local silent = call("ZRANGEBYSCORE", BEATS, "-inf", "(" .. NOW - floor(LATE_AFTER_MS * INTERVAL / BEAT_MS), "WITHSCORES", "LIMIT", 0,
  SILENT_PER_BEAT)

-- Late are those that are neither dead nor, perhaps, cut off; else nil.
local late = {}
for index = 1, #silent, 2 do
  local inc, silentMs = silent[index], NOW - silent[index + 1]
  local theirQuiet, theirInterval = unpack(call("HMGET", PREFIX .. "node:" .. inc, "quietUntil", "intervalMs"))
  theirInterval = theirInterval or BEAT_MS .. ""
  if silentMs > floor(NODE_TTL_MS * theirInterval / BEAT_MS) or inc == INC or theirQuiet == "0" then
    late = nil
    break
  end
  if silentMs > floor(LATE_AFTER_MS * theirInterval / BEAT_MS) then late[#late + 1] = inc .. " " .. silentMs .. " " .. theirInterval end
end

if IS_PLAIN and late and HAS_BUS and busSince and lastBeatAt and NOW - lastBeatAt <= GAP_MS
  and NOW - connectedAt <= NODE_TTL_MS
  and (OFFERS == "" or #call("ZRANGEBYSCORE", ORPHANS, "-inf", "(" .. NOW - HEIR_PATIENCE_MS, "LIMIT", 0, 1) == 0) then
  local name, now = NODE_ID .. " " .. INC, NOW == tonumber(ARGV[1]) and ARGV[1] or NOW
  local hasRoom = OFFERS ~= "" and (ARGV[8] == "" or openPeers and ARGV[7] + openPeers < tonumber(ARGV[8]))
  -- Of a node without debits the first core is the least-loaded.
  local newRank = hasRoom and match(ARGV[6], "^%d+")
  if newRank and (debits and debits ~= "" or newRank + PEER_COST_PPM >= FULL_PPM) then
    local ofDebits, grown = match(growth or "", "^(.-)|(.*)$")
    local debitOf, growthOf, least = {}, {}, nil
    for core, ppm in gmatch(debits or "", "(%d+):(%d+)") do debitOf[core] = ppm end
    for core, ppm in gmatch(grown or "", "(%d+):(%d+)") do growthOf[core] = ppm end
    for load, core in gmatch(ARGV[6], "(%d+):(%d+)") do
      load = tonumber(load)
      if least and load >= least then break end
      load = load + (debitOf[core] or 0)
      if load - (growthOf[core] or 0) + PEER_COST_PPM >= FULL_PPM then load = load + FULL_RANK_PPM end
      if not least or load < least then least = load end
    end
    newRank = (debits == "" or ofDebits == debits) and least .. ""
  end
  if quietUntil and NOW < tonumber(quietUntil) and offers == OFFERS and newRank and rank ~= "" then
    call("HSET", META, "lastBeatAt", now, "connectedAt", now)
    call("ZADD", BEATS, now, INC)
    call("HSET", key, "beatAt", now, "ownAt", ARGV[1], "rank", newRank, "peers", ARGV[7], "maxPeers", ARGV[8], "loads", ARGV[6],
      "advert", ARGV[9])
    if newRank ~= rank then
      for pool in gmatch(OFFERS, "%S+") do call("ZADD", POOL .. pool, newRank, name) end
    end
    if not shareDueAt or NOW >= tonumber(shareDueAt) then shares().tell(false, debits or "", openPeers) end
    return { digest == ARGV[10] and "0" or "1", "", "", "", concat(late, ";"), NOW - CLOCK .. "", "", "", INTERVAL }
  end
end
