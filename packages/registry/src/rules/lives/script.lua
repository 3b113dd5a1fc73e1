-- Processes that take RTMP in stand apart from nodes, so that no placement and no burial ever meets one, of whatever build. `lives:beats` has
-- `nodeId incarnation` by the last beat, `lives:names` the same in order, `live:INCARNATION` what the last beat said.

local LIVE_BEATS, LIVE_NAMES = PREFIX .. "lives:beats", PREFIX .. "lives:names"

local function liveKey(name)
  return PREFIX .. "live:" .. match(name, " (.+)")
end

local function forgetLive(name)
  call("ZREM", LIVE_BEATS, name)
  call("ZREM", LIVE_NAMES, name)
  call("DEL", liveKey(name))
end

local function forgetSilentLives()
  local silent = call("ZRANGEBYSCORE", LIVE_BEATS, "-inf", "(" .. digits(NOW - NODE_TTL_MS))
  for _, name in ipairs(silent) do forgetLive(name) end
end
