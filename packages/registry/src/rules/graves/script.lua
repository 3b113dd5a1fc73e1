-- The rooms of a node that is dead or cut off wait in its grave, which is its `leases` as they are. Each heartbeat, whoever's, digs some out:
-- they become orphans. `graves` holds incarnations by the slot from which on theirs is to be dug; `hasGraves` says so to every call.

local function openGrave(inc)
  if call("EXISTS", leasesKey(inc)) == 0 then return end
  call("ZADD", GRAVES, 0, inc)
  call("HSET", META, "hasGraves", 1)
  hasGraves = "1"
end

local function closeGrave(inc)
  call("ZREM", GRAVES, inc)
  if call("ZCARD", GRAVES) > 0 then return end
  call("HDEL", META, "hasGraves")
  hasGraves = nil
end

-- Takes as many slots as hold `most` rooms on average. Returns how many rooms there were.
local function digSlots(inc, from, most)
  local key = leasesKey(inc)
  local to = from + math.ceil(most * LEASE_SLOTS / max(1, call("ZCARD", key)))
  local roomIds = call("ZRANGEBYSCORE", key, from, "(" .. digits(to))
  for _, roomId in ipairs(roomIds) do addOrphan(roomId) end
  if to < LEASE_SLOTS then
    call("ZADD", GRAVES, to, inc)
  else
    closeGrave(inc)
    if not loadNode(inc) then call("UNLINK", key) end
  end
  return #roomIds
end

local function digGraves()
  local left = ORPHANS_PER_BEAT
  for _ = 1, GRAVES_PER_BEAT do
    if not hasGraves or left <= 0 then return end
    local inc, from = unpack(call("ZRANGE", GRAVES, 0, 0, "WITHSCORES"))
    -- A key was lost: its rooms are placed anew when somebody asks for them.
    if not inc then return call("HDEL", META, "hasGraves") end
    left = left - digSlots(inc, tonumber(from), left)
  end
end
