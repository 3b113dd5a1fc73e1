local function addOrphan(roomId)
  call("ZADD", ORPHANS, "NX", 0, roomId)
end

local function removeOrphan(roomId)
  call("ZREM", ORPHANS, roomId)
end
