-- ARGV: now, role, holder. Does nothing unless the holder has it.

local key = PREFIX .. "role:" .. ARGV[2]
if match(call("GET", key) or "", "^%d+ (.+)$") == ARGV[3] then call("UNLINK", key) end
return {}
