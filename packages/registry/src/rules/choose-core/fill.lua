-- The fullest of the nodes that are less than half full, and its least-loaded core, so that others empty. Of those whose least-loaded core is
-- below half the first few in falling order are looked at.

-- On average over its usable cores, reservations included; nil: it has none.
local function loadOfNode(node)
  local debits, sum, cores = debitsOf(node), 0, 0
  for load, core in gmatch(node.loads, "(%d+):(%d+)") do
    sum, cores = sum + load + (debits[tonumber(core)] or 0), cores + 1
  end
  return cores > 0 and floor(sum / cores)
end

-- Rooms that come faster than one a second and node are spread: what they will cost is not seen yet.
local function isFast(inc)
  local group = groupOf(inc)
  if not group then return true end
  local of, count = match(call("HGET", GROUP .. group .. ":counts", "filled") or "", "^(%d+) (%d+)$")
  local ready = match(call("HGET", GROUP .. group, "sums") or "", "^%d+ (%d+)")
  return tonumber(of) == floor(NOW / 1000) and tonumber(count) >= tonumber(ready)
end

local function noteFilling(group)
  local second, key = floor(NOW / 1000), GROUP .. group .. ":counts"
  local of, count = match(call("HGET", key, "filled") or "", "^(%d+) (%d+)$")
  call("HSET", key, "filled", digits(second) .. " " .. digits(tonumber(of) == second and count + 1 or 1))
end

local function isFuller(fit, best)
  if fit.full ~= best.full then return fit.full > best.full end
  return isBefore(fit.name, best.name)
end

local function fillPool(pool, wish)
  local best
  for _, name in ipairs(call("ZREVRANGEBYSCORE", POOL .. pool, "(" .. FILL_PPM, "-inf", "LIMIT", 0, CANDIDATE_LIMIT)) do
    local node = loadNode(match(name, " (.+)"))
    if node and isAliveByTime(node) and isAliveByTime(node, wish.suspect) and hasLabels(node, wish.labels) then
      local core, load = bestCore(node, wish.need, wish.excluded[node.inc])
      local fit = core and { name = name, inc = node.inc, core = core, load = load, full = loadOfNode(node) }
      if fit and load < FULL_RANK_PPM and fit.full < FILL_PPM and (not best or isFuller(fit, best)) then best = fit end
    end
  end
  return best
end

local function chooseToFill(wish)
  if wish.nodeId ~= "" then return {} end
  local label = wish.labels[1]
  local best = wish.region ~= "" and fillPool(poolOf(wish.region, label), wish) or fillPool(poolOf("", label), wish)
  if not best or isFast(best.inc) then return {} end
  return { best }
end
