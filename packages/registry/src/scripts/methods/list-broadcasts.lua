-- ARGV: now, how many, cursor, state ("" for all). Returns the records in order of room id.

local KEY = ARGV[4] == "" and BROADCASTS or BROADCASTS .. ":" .. ARGV[4]
local LIMIT, from = tonumber(ARGV[2]), "(" .. ARGV[3]
local views, ids = {}, nil

local function add(id)
  local room = loadRoom(id)
  if not room or broadcastOf(room) == "" then
    -- An older build has dropped it.
    call("ZREM", KEY, id)
  elseif #views < LIMIT then
    views[#views + 1] = viewOf(room)
  end
end

repeat
  ids = call("ZRANGEBYLEX", KEY, from, "+", "LIMIT", 0, LIMIT)
  for _, id in ipairs(ids) do
    add(id)
    from = "(" .. id
  end
until #views >= LIMIT or #ids < LIMIT
return views
