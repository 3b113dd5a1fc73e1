-- The fullest of the nodes that are less than half full, and its least-loaded core, so that others empty. Those whose least-loaded core is
-- below half are looked at in falling order, until a few fit. No room leaves its region for that.

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

local function fitToFill(name, wish)
  local node = loadNode(match(name, " (.+)"))
  if not node or not isAliveByTime(node) or not isAliveByTime(node, wish.suspect) or not hasLabels(node, wish.labels) then return nil end
  local core, load = bestCore(node, wish.need, wish.excluded[node.inc])
  local full = loadOfNode(node)
  if not core or load >= FULL_RANK_PPM or full >= FILL_PPM then return nil end
  return { name = name, inc = node.inc, core = core, load = load, full = full }
end

local function fillPool(pool, wish)
  local best, fitting = nil, 0
  for from = 0, FILL_WALK_LIMIT - 1, CANDIDATE_LIMIT do
    local count = min(CANDIDATE_LIMIT, FILL_WALK_LIMIT - from)
    local page = call("ZREVRANGEBYSCORE", POOL .. pool, "(" .. FILL_PPM, "-inf", "LIMIT", from, count)
    for _, name in ipairs(page) do
      local fit = fitToFill(name, wish)
      if fit and (not best or isFuller(fit, best)) then best = fit end
      if fit then fitting = fitting + 1 end
      if fitting == CANDIDATE_LIMIT then return best end
    end
    if #page < CANDIDATE_LIMIT then return best end
  end
  return best
end

local function chooseToFill(wish)
  if wish.nodeId ~= "" then return {} end
  local best = fillPool(poolOf(wish.region, wish.labels[1]), wish)
  if not best or isFast(best.inc) then return {} end
  return { best }
end
