-- Written back where it changed.

if NOW > LATEST then call("HSET", META, "latestAt", NOW) end

-- All digits: Lua itself would write a number of more than 14 as 1e+15.
local function digits(number)
  return string.format("%.0f", number)
end

local function saveMeta()
  call("HSET", META, "bornAt", bornAt or "", "lastBeatAt", lastBeatAt or "", "aliveFloor", aliveFloor,
    "connectedAt", connectedAt, "busSince", busSince or "", "epochFloor", digits(epochFloor))
end
