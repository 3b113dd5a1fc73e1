/** Any other beat, after `quiet-heartbeat.ts`. */
export const HEARTBEAT = /* lua */ `
-- When nobody was heard for long, it was the registry that was away, or all were.
local function hear()
  bornAt = bornAt or NOW
  if not lastBeatAt or NOW - lastBeatAt > GAP_MS then aliveFloor = NOW end
  lastBeatAt = NOW
end

local function buryStalest()
  for index = 1, #silent, 2 do
    local stale = loadNode(silent[index])
    if stale and isAliveByTime(stale) then return end
    if stale then bury(stale) else call("ZREM", BEATS, silent[index]) end
  end
end

local function burySuspects()
  for inc in gmatch(ARGV[15], "%S+") do
    local suspect = loadNode(inc)
    if suspect and not isAliveByTime(suspect, inc) then bury(suspect) end
  end
end

-- Former runs of this node that are silent. Returns whether there are others.
local function buryTwins()
  local hasOthers, own = false, NODE_ID .. " " .. INC
  for _, name in ipairs(call("ZRANGEBYLEX", NAMES, "[" .. NODE_ID .. " ", "(" .. NODE_ID .. "!")) do
    local twin = name ~= own and loadNode(match(name, " (.+)"))
    if twin and NOW - twin.beatAt > SUSPECT_TTL_MS then
      bury(twin)
    elseif twin then
      hasOthers, twin.hasTwins = true, true
      touch(twin)
    end
  end
  return hasOthers
end

local function obtainNode()
  local known = loadNode(INC)
  if known and not known.hasTwins then return known end
  local hasTwins = buryTwins()
  if not known then
    known = { inc = INC, nodeId = NODE_ID, name = NODE_ID .. " " .. INC, offers = "", debits = "", openPeers = 0,
      leases = 0, epochSum = 0, grownAt = 0, wasCutOff = false }
    nodes[INC] = known
    call("ZADD", NAMES, 0, known.name)
  end
  known.hasTwins = hasTwins
  return known
end

-- busSince: since when somebody has the bus; gone when nobody has said so lately.
local function watchBus()
  if NOW - connectedAt > NODE_TTL_MS then busSince = nil end
  if HAS_BUS then
    busSince, connectedAt, node.cutSince = busSince or NOW, NOW, nil
  else
    node.cutSince = node.cutSince or NOW
  end
end

local function watchCut()
  local isCutNow = isCut(node) or false
  if isCutNow and not node.wasCutOff then orphanAll(node) end
  if HAS_BUS and node.wasCutOff then
    for _, roomId in ipairs(call("SMEMBERS", PREFIX .. "held:" .. INC)) do removeOrphan(roomId) end
  end
  node.wasCutOff = isCutNow
end

-- Hands the room to this node, or takes it from the orphans. One that a node does not name after its burial is closed.
local function handOut(roomId, handed)
  local room = loadRoom(roomId)
  if room and room.inc and not isAlive(room.inc) then
    call("ZADD", ORPHANS, NOW, roomId)
    tell(handed, room)
  elseif not room or not room.inc or call("SISMEMBER", PREFIX .. "held:" .. room.inc, roomId) == 1 then
    removeOrphan(roomId)
  else
    endLease(room)
  end
end

local function handOutOrphans()
  local handed = {}
  if OFFERS == "" then return handed end
  local before = "(" .. digits(NOW - HEIR_PATIENCE_MS)
  for _, roomId in ipairs(call("ZRANGEBYSCORE", ORPHANS, "-inf", before, "LIMIT", 0, ORPHANS_PER_BEAT)) do
    handOut(roomId, handed)
  end
  return handed
end

hear()
buryStalest()
burySuspects()
node = obtainNode()
renew(node)
watchBus()
saveMeta()
watchCut()
for id in gmatch(ARGV[11], "%S+") do endDebit(node, id) end
local named = settleClaims(node, ARGV[12])
endLapsedClaims(node)
if ARGV[13] == "1" then endUnnamed(node, named) end
learnCosts(ARGV[14])
refresh(node)
local needsAll = needsAllLeases(node)
local handed = handOutOrphans()
saveNodes()
return { needsAll and "1" or "0", concat(lost, ";"), concat(renewed, ";"), concat(handed, ";"),
  concat(lateNodes(), ";") }
`;
