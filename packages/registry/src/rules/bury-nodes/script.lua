-- A node is dead, or said goodbye: its rooms wait for heirs, the rest of it ends.

-- What an older build has placed or heard of stands in `held` alone.
local function listHeld(node)
  local held = PREFIX .. "held:" .. node.inc
  if node.isListed and call("SCARD", held) == call("ZCARD", leasesKey(node.inc)) then return end
  for _, roomId in ipairs(call("SMEMBERS", held)) do listLease(node.inc, roomId) end
  keepSlots(node.inc)
end

local function bury(node)
  listHeld(node)
  leavePools(node)
  call("ZREM", NAMES, node.name)
  call("ZREM", BEATS, node.inc)
  call("ZREM", PACED, node.inc)
  for _, kind in ipairs({ "node:", "held:", "buckets:", "claims:", "debits:", "young:" }) do
    call("UNLINK", PREFIX .. kind .. node.inc)
  end
  call("ZADD", BURIED, node.beatAt, node.inc)
  call("ZREMRANGEBYSCORE", BURIED, "-inf", "(" .. digits(NOW - LAST_BEAT_KEPT_MS))
  endTelling(node.inc)
  shares().finish(node.inc)
  openGrave(node.inc)
  node.isGone, nodes[node.inc] = true, false
end

-- `silent`: incarnations that are late or dead and their last heartbeats, in turns, longest silent first.
local function buryStalest(silent)
  for index = 1, #silent, 2 do
    local stale = loadNode(silent[index])
    if not stale then
      call("ZREM", BEATS, silent[index])
    elseif not isAliveByTime(stale) then
      bury(stale)
    end
  end
end

local function burySuspects(suspects)
  for inc in gmatch(suspects, "%S+") do
    local suspect = loadNode(inc)
    if suspect and not isAliveByTime(suspect, inc) then bury(suspect) end
  end
end

-- Former runs of a node that are silent. Returns whether there are others.
local function buryTwins(nodeId, inc)
  local hasOthers, own = false, nodeId .. " " .. inc
  for _, name in ipairs(call("ZRANGEBYLEX", NAMES, "[" .. nodeId .. " ", "(" .. nodeId .. "!")) do
    local twin = name ~= own and loadNode(match(name, " (.+)"))
    if twin and NOW - twin.beatAt > inBeats(SUSPECT_TTL_MS, twin) then
      bury(twin)
    elseif twin then
      hasOthers, twin.hasTwins = true, true
      touch(twin)
    end
  end
  return hasOthers
end
