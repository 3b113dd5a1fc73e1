-- What a heartbeat says of life and death besides its own: that somebody is heard, and whether anybody has the bus.

-- When nobody was heard for long, it was the registry that was away, or all were.
local function hear()
  bornAt = bornAt or NOW
  if not lastBeatAt or NOW - lastBeatAt > GAP_MS then aliveFloor = NOW end
  lastBeatAt = NOW
end

-- busSince: since when somebody has the bus; gone when nobody has said so lately.
local function watchBus(node, hasBus)
  if NOW - connectedAt > NODE_TTL_MS then busSince = nil end
  if hasBus then
    busSince, connectedAt, node.cutSince = busSince or NOW, NOW, nil
  else
    node.cutSince = node.cutSince or NOW
  end
end

local function watchCut(node, hasBus)
  local isCutNow = isCut(node) or false
  if isCutNow and not node.wasCutOff then openGrave(node.inc) end
  -- What was dug out already is handed to nobody: the node is alive.
  if hasBus and node.wasCutOff then closeGrave(node.inc) end
  if isCutNow ~= node.wasCutOff then node.isShareDue = true end
  node.wasCutOff = isCutNow
end
