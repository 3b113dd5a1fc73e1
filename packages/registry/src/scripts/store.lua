-- The beginning of every script. KEYS[1] is the prefix of all keys, whose hash tag keeps them in one slot of a cluster; ARGV[1] is
-- the time of this call, ms. `meta` holds what rules life and death besides the nodes' own heartbeats.
--
-- Each call of a script makes the functions anew that it passes on its way, a third of a microsecond each: what often ends early ends
-- before the functions that it does not need.

local call, min, max, floor = redis.call, math.min, math.max, math.floor
local match, gmatch, concat = string.match, string.gmatch, table.concat
local PREFIX, NOW = KEYS[1], tonumber(ARGV[1])

local META = PREFIX .. "meta"
local BEATS = PREFIX .. "beats"
local NAMES = PREFIX .. "names"
local POOL = PREFIX .. "pool:"
local ORPHANS = PREFIX .. "orphans"
local ROOMS = PREFIX .. "rooms"
local KEPT = PREFIX .. "kept"
local COSTS = PREFIX .. "costs"

local bornAt, lastBeatAt, aliveFloor, connectedAt, busSince, epochFloor = unpack(call("HMGET", META, "bornAt",
  "lastBeatAt", "aliveFloor", "connectedAt", "busSince", "epochFloor"))
bornAt, lastBeatAt, aliveFloor = tonumber(bornAt), tonumber(lastBeatAt), tonumber(aliveFloor) or 0
connectedAt, busSince, epochFloor = tonumber(connectedAt) or 0, tonumber(busSince), tonumber(epochFloor) or 0

-- A call that was held up on its way happens now: time does not run backwards. A clock that was set back is another matter.
if lastBeatAt and lastBeatAt > NOW and lastBeatAt - NOW < 60000 then NOW = lastBeatAt end
