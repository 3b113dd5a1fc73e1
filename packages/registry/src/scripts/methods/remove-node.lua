-- ARGV: now, incarnation.

local node = loadNode(ARGV[2])
if node then bury(node) end
return {}
