-- ARGV: now, how many, cursor. Returns the records in order of room id.

local views = {}
for _, id in ipairs(call("ZRANGEBYLEX", ROOMS, "(" .. ARGV[3], "+", "LIMIT", 0, ARGV[2])) do
  local room = loadRoom(id)
  if room then views[#views + 1] = viewOf(room) end
end
return views
