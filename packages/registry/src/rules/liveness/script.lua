local function isCut(node)
  return node.cutSince and busSince and NOW - max(node.cutSince, busSince) > CUT_AFTER_MS
end

local function isAliveByTime(node, suspect)
  local ttl = node.inc == suspect and SUSPECT_TTL_MS or NODE_TTL_MS
  return NOW - max(node.beatAt, aliveFloor) <= ttl
end

local function isAlive(inc, suspect)
  local node = loadNode(inc)
  return node and isAliveByTime(node, suspect) and not isCut(node)
end
