-- The least-loaded core of the least-loaded node that may take a room and has room for it. `wish`: `need` (what must fit), `suspect`, `labels` (a
-- list), `excluded` (incarnation → core → true). Dead nodes that are found on the way leave the pools.

local function hasLabels(node, labels)
  for _, label in ipairs(labels) do
    if not string.find(" " .. node.offers .. " ", " l" .. label .. " ", 1, true) then return false end
  end
  return true
end

-- By byte; Lua compares by the server's locale.
local function isBefore(a, b)
  for index = 1, min(#a, #b) do
    local left, right = string.byte(a, index), string.byte(b, index)
    if left ~= right then return left < right end
  end
  return #a < #b
end

-- Those that are as loaded as their rank says come in order; an excluded core shifts its node.
local function isOutOfOrder(former, latter)
  if former.load ~= latter.load then return former.load > latter.load end
  local isShifted = former.load ~= former.rank or latter.load ~= latter.rank
  return isShifted and isBefore(latter.name, former.name)
end

local function insert(fits, fit)
  local index = #fits
  while index > 0 and isOutOfOrder(fits[index], fit) do
    fits[index + 1] = fits[index]
    index = index - 1
  end
  fits[index + 1] = fit
end

local function consider(walk, node, rank, wish)
  if not isAliveByTime(node, wish.suspect) or not hasLabels(node, wish.labels) then return end
  walk.sawNode = true
  if rank >= FULL_RANK_PPM then
    walk.isOver = true
    return
  end
  local core, load = bestCore(node, wish.need, wish.excluded[node.inc])
  if core and load < FULL_RANK_PPM then
    insert(walk.fits, { name = node.name, inc = node.inc, core = core, load = load, rank = rank })
  end
end

local function visit(walk, name, rank, wish)
  local node = loadNode(match(name, " (.+)"))
  if not node or not isAliveByTime(node) then
    walk.dead[#walk.dead + 1] = node or nil
    return
  end
  walk.visited = walk.visited + 1
  consider(walk, node, rank, wish)
  walk.isOver = walk.isOver or #walk.fits >= CANDIDATE_LIMIT or walk.visited >= WALK_LIMIT
end

local function endWalk(walk)
  for _, node in ipairs(walk.dead) do
    leavePools(node)
    touch(node)
  end
  return walk
end

local function newWalk()
  return { fits = {}, dead = {}, visited = 0, sawNode = false, isOver = false }
end

local function walkPool(pool, wish)
  local walk, from = newWalk(), 0
  repeat
    local to = from + 2 * CANDIDATE_LIMIT - 1
    local page = call("ZRANGE", POOL .. pool, from, to, "WITHSCORES")
    for index = 1, #page, 2 do
      visit(walk, page[index], tonumber(page[index + 1]), wish)
      if walk.isOver then break end
    end
    from = to + 1
  until walk.isOver or #page == 0
  return endWalk(walk)
end

-- The runs of one node: more than one only for moments.
local function walkNode(nodeId, wish)
  local walk, ranked = newWalk(), {}
  for _, name in ipairs(call("ZRANGEBYLEX", NAMES, "[" .. nodeId .. " ", "(" .. nodeId .. "!")) do
    local node = loadNode(match(name, " (.+)"))
    if node and node.rank then insert(ranked, { name = name, load = node.rank, rank = node.rank }) end
  end
  for _, each in ipairs(ranked) do
    visit(walk, each.name, each.rank, wish)
    if walk.isOver then break end
  end
  return endWalk(walk)
end

-- A label's pool is as good as all, for the label is required.
local function poolOf(region, label)
  if region ~= "" and label then return "r" .. region .. ",l" .. label end
  if region ~= "" then return "r" .. region end
  return label and "l" .. label or "all"
end

-- Returns the fitting cores, best first, and whether there is a node that might have taken the room.
local function chooseCore(wish)
  if wish.nodeId ~= "" then
    local walk = walkNode(wish.nodeId, wish)
    return walk.fits, walk.sawNode
  end
  local label, sawNode = wish.labels[1], false
  if wish.region ~= "" then
    local walk = walkPool(poolOf(wish.region, label), wish)
    if #walk.fits > 0 then return walk.fits, true end
    sawNode = walk.sawNode
  end
  local walk = walkPool(poolOf("", label), wish)
  return walk.fits, sawNode or walk.sawNode
end
