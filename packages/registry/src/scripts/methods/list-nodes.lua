-- ARGV: now, how many, `nodeId incarnation` to begin after, the only node id or "". Returns of each living node: name, last heartbeat,
-- what it said of itself, debits.

local LIMIT, ONLY = tonumber(ARGV[2]), ARGV[4]
local views = {}

local function add(name)
  local inc = match(name, " (.+)")
  local node = loadNode(inc)
  if not node or not isAliveByTime(node) then return end
  local advert = call("HGET", PREFIX .. "node:" .. inc, "advert")
  views[#views + 1] = { name, digits(node.beatAt), advert, node.debits }
end

local from = "(" .. ARGV[3]
local to = ONLY ~= "" and "(" .. ONLY .. "!" or "+"
repeat
  local names = call("ZRANGEBYLEX", NAMES, from, to, "LIMIT", 0, LIMIT)
  for _, name in ipairs(names) do
    if #views < LIMIT then add(name) end
    from = "(" .. name
  end
until #views >= LIMIT or #names == 0
return views
