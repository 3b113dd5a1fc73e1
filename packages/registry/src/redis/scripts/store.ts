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
local DISCONNECTED = PREFIX .. "disconnected"
local POOL = PREFIX .. "pool:"
local ORPHANS = PREFIX .. "orphans"
local ROOMS = PREFIX .. "rooms"
local KEPT = PREFIX .. "kept"
local COSTS = PREFIX .. "costs"

local meta = call("HMGET", META, "bornAt", "lastBeatAt", "aliveFloor", "busSince", "epochFloor")
local bornAt, lastBeatAt = tonumber(meta[1]), tonumber(meta[2])
local aliveFloor, busSince = tonumber(meta[3]) or 0, tonumber(meta[4])
local epochFloor = tonumber(meta[5]) or 0

-- All digits: Lua itself would write a large number as 1e+15.
local function digits(number)
  return string.format("%.0f", number)
end
`;
