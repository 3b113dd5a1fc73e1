-- ARGV: now, `nodeId incarnation`.

forgetLive(ARGV[2])
return {}
