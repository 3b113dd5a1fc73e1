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
  for index = 1, #silent, 2 do
    local node = loadNode(silent[index])
    local silentMs = node and NOW - node.beatAt
    if node and silentMs > inBeats(LATE_AFTER_MS, node) and isAlive(node.inc) then
      late[#late + 1] = concat({ node.inc, digits(silentMs), node.interval }, " ")
    end
  end
  return late
end
