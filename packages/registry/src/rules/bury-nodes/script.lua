-- A node is dead, or said goodbye: its rooms wait for heirs, the rest of it ends.

local function orphanAll(node)
  for _, roomId in ipairs(call("SMEMBERS", PREFIX .. "held:" .. node.inc)) do
    addOrphan(roomId)
  end
end

local function bury(node)
  orphanAll(node)
  leavePools(node)
  call("ZREM", NAMES, node.name)
  call("ZREM", BEATS, node.inc)
  for _, kind in ipairs({ "node:", "held:", "claims:", "debits:", "young:" }) do
    call("DEL", PREFIX .. kind .. node.inc)
  end
  node.isGone, nodes[node.inc] = true, false
end

-- `silent`: incarnations that are late or dead and their last heartbeats, in turns, longest silent first.
local function buryStalest(silent)
  for index = 1, #silent, 2 do
    local stale = loadNode(silent[index])
    if stale and isAliveByTime(stale) then return end
    if stale then bury(stale) else call("ZREM", BEATS, silent[index]) end
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
    if twin and NOW - twin.beatAt > SUSPECT_TTL_MS then
      bury(twin)
    elseif twin then
      hasOthers, twin.hasTwins = true, true
      touch(twin)
    end
  end
  return hasOthers
end
