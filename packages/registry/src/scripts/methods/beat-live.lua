-- ARGV: now, `nodeId incarnation`, what it says of itself.

forgetSilentLives()
call("ZADD", LIVE_BEATS, digits(NOW), ARGV[2])
call("ZADD", LIVE_NAMES, 0, ARGV[2])
call("SET", liveKey(ARGV[2]), ARGV[3])
return {}
