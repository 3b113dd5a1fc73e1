-- ARGV: now. Returns "registry_cold" and ms; or "groups", until when nobody was heard, what a room is expected to cost, and of each group: name, its
-- sums and counts (fields and values in turns), incarnation and share of the node that is emptied most cheaply.

local SHARES, GROUPS, GROUP = PREFIX .. "shares", PREFIX .. "groups", PREFIX .. "group:"
if not bornAt or NOW - bornAt < COLD_MS then return { "registry_cold", digits(bornAt and bornAt + COLD_MS - NOW or COLD_MS) } end
local isTold = not isTelling or NOW - bornAt >= TOLD_WITHIN_MS
local isHeard = lastBeatAt and NOW - lastBeatAt <= GAP_MS
local TOLD = PREFIX .. "shares:told"
-- Of nodes that an older build has buried.
local counted = call("ZINTERCARD", 2, BEATS, TOLD)
if call("ZCARD", TOLD) > counted then
  local finish = shares().finish
  for _, inc in ipairs(call("ZDIFF", 2, TOLD, BEATS)) do finish(inc) end
end
-- Nodes of an older build tell no share: sums without them would be too low.
local areCounted = call("ZCARD", BEATS) == counted
local groups = call("ZRANGE", GROUPS, 0, -1)
if not isTold or not isHeard or not areCounted or #groups == 0 then return { "registry_cold", digits(RETRY_WHEN_SILENT_MS) } end

-- The first that lives: dead ones are buried soon.
local function cheapestOf(group)
  for _, inc in ipairs(call("ZRANGE", GROUP .. group .. ":ready", 0, CANDIDATE_LIMIT - 1)) do
    local node = loadNode(inc)
    if node and isAliveByTime(node) then return inc, call("HGET", SHARES, inc) end
  end
  return "", ""
end

local views = {}
for _, group in ipairs(groups) do
  local inc, share = cheapestOf(group)
  views[#views + 1] = { group, call("HGETALL", GROUP .. group), call("HGETALL", GROUP .. group .. ":counts"), inc, share }
end
return { "groups", digits(NOW), digits(aliveFloor), call("HGET", META, "roomCost") or digits(ROOM_COST_PPM), views }
