-- A beat whose time is behind moves the index's time on by what passed on its own clock since the node's last beat, at most GAP_MS: if all
-- clocks were set back, time would stand still, and nobody would be found dead. Other calls don't: a node has one beat on its way, a
-- stopped process may have many calls.
if CLOCK < NOW then
  local beatAt, ownAt = unpack(call("HMGET", PREFIX .. "node:" .. ARGV[3], "beatAt", "ownAt"))
  if ownAt and CLOCK > tonumber(ownAt) then NOW = max(NOW, beatAt + min(CLOCK - ownAt, GAP_MS)) end
end
