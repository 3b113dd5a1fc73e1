-- ARGV: now, role, holder, for how long, ms. Returns the holder from now on, and until when. The key's own TTL only clears it away.

local key = PREFIX .. "role:" .. ARGV[2]
local untilAt, holder = match(call("GET", key) or "", "^(%d+) (.+)$")
if not holder or holder == ARGV[3] or NOW >= tonumber(untilAt) then
  holder, untilAt = ARGV[3], digits(NOW + ARGV[4])
  call("SET", key, untilAt .. " " .. holder, "PX", ARGV[4] + ROLE_KEPT_MS)
end
return { holder, untilAt }
