-- ARGV: now, how many, `nodeId incarnation` to begin after, the only node id or "". Returns of each living one: name, last beat, what it
-- said of itself.

local views = {}
forgetSilentLives()
local to = ARGV[4] ~= "" and "(" .. ARGV[4] .. "!" or "+"
for _, name in ipairs(call("ZRANGEBYLEX", LIVE_NAMES, "(" .. ARGV[3], to, "LIMIT", 0, ARGV[2])) do
  local beatAt, said = call("ZSCORE", LIVE_BEATS, name), call("GET", liveKey(name))
  if beatAt and said then views[#views + 1] = { name, digits(beatAt), said } end
end
return views
