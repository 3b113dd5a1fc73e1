/**
 * What every script begins with: KEYS[1] is the prefix of all keys, whose hash tag keeps them in one slot of a cluster; ARGV[1] is
 * the time of this call, ms. `meta` holds what rules life and death besides the nodes' own heartbeats.
 */
export const STORE = /* lua */ `
local call, min, max, floor = redis.call, math.min, math.max, math.floor
local match, gmatch = string.match, string.gmatch
local PREFIX, NOW = KEYS[1], tonumber(ARGV[1])

local META = PREFIX .. "meta"
local BEATS = PREFIX .. "beats"
local NAMES = PREFIX .. "names"
local POOL = PREFIX .. "pool:"
local ORPHANS = PREFIX .. "orphans"
local ROOMS = PREFIX .. "rooms"
local KEPT = PREFIX .. "kept"
local COSTS = PREFIX .. "costs"

local meta = call("HMGET", META, "bornAt", "lastBeatAt", "aliveFloor", "connectedAt", "busSince", "epochFloor")
local bornAt, lastBeatAt, aliveFloor = tonumber(meta[1]), tonumber(meta[2]), tonumber(meta[3]) or 0
local connectedAt, busSince = tonumber(meta[4]) or 0, tonumber(meta[5])
local epochFloor = tonumber(meta[6]) or 0

-- A call that was held up on its way happens now: time does not run backwards. A clock that was set back is another matter.
if lastBeatAt and lastBeatAt > NOW and lastBeatAt - NOW < 60000 then NOW = lastBeatAt end

-- All digits: Lua itself would write a large number as 1e+15.
local function digits(number)
  return string.format("%.0f", number)
end
`;
