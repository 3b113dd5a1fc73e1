-- `telling`: nodes that had leases when an index that had just begun heard them for the first time, and that have not named all of them yet. A room
-- that the index does not know may run on one of them. `isTelling` says to every call that there are any.

local function endTelling(inc)
  if not isTelling then return end
  call("ZREM", TELLING, inc)
  if NOW - (bornAt or NOW) < TOLD_WITHIN_MS and call("EXISTS", TELLING) == 1 then return end
  call("UNLINK", TELLING)
  call("HDEL", META, "isTelling")
  isTelling = nil
end

local function noteTelling(inc, isFirst, isToldAll)
  if isToldAll or NOW - bornAt >= TOLD_WITHIN_MS then return endTelling(inc) end
  if not isFirst then return end
  call("ZADD", TELLING, NOW, inc)
  call("HSET", META, "isTelling", 1)
  isTelling = "1"
end
