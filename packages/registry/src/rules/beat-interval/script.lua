-- How often nodes beat: rarer where there are thousands, or their beats alone would fill a core of Redis. `paced` holds incarnations whose build
-- knows of that, by when that was last looked at: as long as any node beats that does not know, the interval stays as it is.

local function beatInterval()
  local nodes = call("ZCARD", NAMES)
  if nodes <= FEW_NODES then return BEAT_MS end
  call("ZADD", PACED, "NX", NOW, INC)
  local oldest = call("ZRANGE", PACED, 0, 0)[1]
  if call("ZSCORE", BEATS, oldest) then call("ZADD", PACED, NOW, oldest) else call("ZREM", PACED, oldest) end
  if call("ZCARD", PACED) < nodes then return BEAT_MS end
  local growth = floor((nodes - FEW_NODES) * (LONGEST_BEAT_MS - BEAT_MS) / (MANY_NODES - FEW_NODES))
  return min(BEAT_MS + growth, LONGEST_BEAT_MS)
end
