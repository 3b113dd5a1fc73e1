/**
 * ARGV: now, node id, incarnation, the pools that it offers to stand in (empty: it takes no rooms), "1" with the bus, loads, peers,
 * most peers or "", what it says of itself and of its cores (JSON, only for listings), count and epoch sum of its leases, debits to settle, leases
 * it names (`room core epoch peers isLocal`), "1" if these are all, observed costs (`kind ppm`), suspects.
 *
 * Returns: "1" if all leases are needed; lost, renewed and orphaned leases; late nodes.
 */
export const HEARTBEAT = /* lua */ `
local NODE_ID, INC, HAS_BUS = ARGV[2], ARGV[3], ARGV[5] == "1"
local NAME = NODE_ID .. " " .. INC
local OFFERS = HAS_BUS and ARGV[4] or ""
local PER_BEAT = 4

-- When nobody was heard for long, it was the registry that was away, or all were.
local function hear()
  if not lastBeatAt or NOW - lastBeatAt > GAP_MS then
    aliveFloor = NOW
    call("HSET", META, "bornAt", bornAt or NOW, "aliveFloor", NOW)
  end
  call("HSET", META, "lastBeatAt", NOW, HAS_BUS and "connectedAt" or "lastBeatAt", NOW)
end

local function buryStalest(silent)
  for index = 1, min(PER_BEAT, #silent) do
    local node = loadNode(silent[index])
    if node and isAliveByTime(node) then return end
    if node then bury(node) else call("ZREM", BEATS, silent[index]) end
  end
end

local function burySuspects()
  for inc in gmatch(ARGV[17], "%S+") do
    local node = loadNode(inc)
    if node and not isAliveByTime(node, inc) then bury(node) end
  end
end

-- Former runs of this node that are silent. Returns whether there are others.
local function buryTwins()
  local hasOthers = false
  for _, name in ipairs(call("ZRANGEBYLEX", NAMES, "[" .. NODE_ID .. " ", "(" .. NODE_ID .. "!")) do
    local node = name ~= NAME and loadNode(match(name, " (.+)"))
    if node and NOW - node.beatAt > SUSPECT_TTL_MS then
      bury(node)
    elseif node then
      hasOthers, node.hasTwins = true, true
      touch(node)
    end
  end
  return hasOthers
end

local function newNode()
  call("ZADD", NAMES, 0, NAME)
  return { inc = INC, name = NAME, pools = "", debits = "", openPeers = 0, leases = 0, epochSum = 0,
    grownAt = 0, wasCutOff = false, isNew = true }
end

local function renew()
  local node = loadNode(INC)
  if not node or node.hasTwins then
    local hasTwins = buryTwins()
    node = node or newNode()
    node.hasTwins = hasTwins
  end
  nodes[INC] = node
  node.beatAt, node.offers, node.loads = NOW, OFFERS, ARGV[6]
  node.peers, node.maxPeers = tonumber(ARGV[7]), tonumber(ARGV[8])
  call("ZADD", BEATS, NOW, INC)
  call("HSET", PREFIX .. "node:" .. INC, "about", ARGV[9], "cores", ARGV[10])
  return node
end

-- busSince: since when somebody has the bus; gone when nobody has said so lately.
local function watchBus(node)
  if busSince and NOW - connectedAt > NODE_TTL_MS then
    busSince = nil
    call("HDEL", META, "busSince")
  end
  if not HAS_BUS then
    node.cutSince = node.cutSince or NOW
    return
  end
  node.cutSince = nil
  if not busSince then
    busSince = NOW
    call("HSET", META, "busSince", NOW)
  end
end

local function watchCut(node)
  local isCutNow = isCut(node) or false
  if isCutNow and not node.wasCutOff then orphanAll(node) end
  if HAS_BUS and node.wasCutOff then
    for _, roomId in ipairs(call("SMEMBERS", PREFIX .. "held:" .. INC)) do removeOrphan(roomId) end
  end
  node.wasCutOff = isCutNow
end

local function handOutOrphans()
  local handed = {}
  if OFFERS == "" then return handed end
  local due = call("ZRANGEBYSCORE", ORPHANS, "-inf", "(" .. digits(NOW - HEIR_PATIENCE_MS), "LIMIT", 0, ORPHANS_PER_BEAT)
  for _, roomId in ipairs(due) do
    local room = loadRoom(roomId)
    if room and room.inc and not isAlive(room.inc) then
      call("ZADD", ORPHANS, NOW, roomId)
      tell(handed, room)
    elseif not room or not room.inc or call("SISMEMBER", PREFIX .. "held:" .. room.inc, roomId) == 1 then
      removeOrphan(roomId)
    else
      -- A node that came back from its burial and does not name the room has closed it.
      endLease(room)
    end
  end
  return handed
end

local function lateNodes()
  local late = {}
  local silent = call("ZRANGEBYSCORE", BEATS, digits(NOW - NODE_TTL_MS), "(" .. digits(NOW - LATE_AFTER_MS),
    "WITHSCORES", "LIMIT", 0, PER_BEAT)
  for index = 1, #silent, 2 do
    if isAlive(silent[index]) then
      late[#late + 1] = silent[index] .. " " .. digits(NOW - tonumber(silent[index + 1]))
    end
  end
  return late
end

hear()
-- One look for both the dead and the late: mostly there is neither.
local silent = call("ZRANGEBYSCORE", BEATS, "-inf", "(" .. digits(NOW - LATE_AFTER_MS), "LIMIT", 0, PER_BEAT)
buryStalest(silent)
burySuspects()
local node = renew()
watchBus(node)
watchCut(node)
for id in gmatch(ARGV[13], "%S+") do endDebit(node, id) end
local named = settleClaims(node, ARGV[14])
endLapsedClaims(node)
if ARGV[15] == "1" then endUnnamed(node, named) end
learnCosts(ARGV[16])
refresh(node)
local needsAll = node.leases ~= tonumber(ARGV[11]) or node.epochSum ~= tonumber(ARGV[12])
local handed = handOutOrphans()
local late = #silent > 0 and lateNodes() or {}
saveNodes()
return { needsAll and "1" or "0", table.concat(lost, ";"), table.concat(renewed, ";"), table.concat(handed, ";"),
  table.concat(late, ";") }
`;
