-- What becomes of the rooms of nodes that are dead, and which nodes others should ask on the bus.

-- A living node has it: a new one, or one that came back from its burial and has named it, or is going to say whether it serves it.
local function isHeld(room)
  return call("SISMEMBER", PREFIX .. "held:" .. room.inc, room.id) == 1 or call("ZSCORE", leasesKey(room.inc), room.id)
end

-- Hands the room to this node, or takes it from the orphans. One that a node does not name after its burial is closed.
local function handOut(roomId, handed)
  local room = loadRoom(roomId)
  if room and room.inc and not isAlive(room.inc) then
    call("ZADD", ORPHANS, NOW, roomId)
    tell(handed, room)
  elseif not room or not room.inc or isHeld(room) then
    removeOrphan(roomId)
  else
    endLease(room)
  end
end

local function handOutOrphans()
  local handed = {}
  local before = "(" .. digits(NOW - HEIR_PATIENCE_MS)
  for _, roomId in ipairs(call("ZRANGEBYSCORE", ORPHANS, "-inf", before, "LIMIT", 0, ORPHANS_PER_BEAT)) do
    handOut(roomId, handed)
  end
  return handed
end

local function lateNodes(silent)
  local late = {}
  if #silent == 0 then return late end
  local found = call("ZRANGEBYSCORE", BEATS, digits(NOW - NODE_TTL_MS), "(" .. digits(NOW - LATE_AFTER_MS),
    "WITHSCORES", "LIMIT", 0, SILENT_PER_BEAT)
  for index = 1, #found, 2 do
    if isAlive(found[index]) then
      late[#late + 1] = found[index] .. " " .. digits(NOW - tonumber(found[index + 1]))
    end
  end
  return late
end
