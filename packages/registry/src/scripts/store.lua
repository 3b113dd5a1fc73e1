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
local BURIED = PREFIX .. "buried"
local BROADCASTS = PREFIX .. "broadcasts"
local GRAVES = PREFIX .. "graves"
local PACED = PREFIX .. "paced"
local TELLING = PREFIX .. "telling"
local COSTS = PREFIX .. "costs"

local bornAt, lastBeatAt, aliveFloor, connectedAt, busSince, epochFloor, latestAt, hasGraves, isTelling = unpack(call("HMGET", META,
  "bornAt", "lastBeatAt", "aliveFloor", "connectedAt", "busSince", "epochFloor", "latestAt", "hasGraves", "isTelling"))
bornAt, lastBeatAt, aliveFloor = tonumber(bornAt), tonumber(lastBeatAt), tonumber(aliveFloor) or 0
connectedAt, busSince, epochFloor = tonumber(connectedAt) or 0, tonumber(busSince), tonumber(epochFloor) or 0

-- The index's time never runs back: a call whose time is behind the latest counts as the latest. (`lastBeatAt` too is one: an older build
-- keeps no other.)
local CLOCK, LATEST = NOW, max(tonumber(latestAt) or 0, lastBeatAt or 0)
if NOW < LATEST then NOW = LATEST end
