local function isCut(node)
  return node.cutSince and busSince and NOW - max(node.cutSince, busSince) > CUT_AFTER_MS
end

-- A time of the policy, which suits a beat every BEAT_MS, for a node that was told to beat more rarely.
local function inBeats(ms, node)
  return floor(ms * node.interval / BEAT_MS)
end

local function isAliveByTime(node, suspect)
  local ttl = inBeats(node.inc == suspect and SUSPECT_TTL_MS or NODE_TTL_MS, node)
  return NOW - max(node.beatAt, aliveFloor) <= ttl
end

local function isAlive(inc, suspect)
  local node = loadNode(inc)
  return node and isAliveByTime(node, suspect) and not isCut(node)
end
