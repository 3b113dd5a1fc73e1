-- A room is placed, a debit settled, a room leaves.

-- `returning`: the room has moved here, and so many peers with it.
local function startRoom(node, roomId, core, cost, returning)
  local young = { core = core, placedAt = NOW, cost = cost, peers = 0, measured = 0, asOf = NOW, returning = returning }
  saveYoung(node, roomId, young)
  addReserved(node, young, growthAt(young, NOW))
  node.youngDueAt = min(node.youngDueAt or NOW + RESERVATION_MS, NOW + floor(RESERVATION_MS / 2))
  touchRank(node)
end

-- Passes over what is gone, and what others were promised.
local function endDebit(node, id)
  if call("ZREM", PREFIX .. "debits:" .. node.inc, id) == 0 then return end
  local core, ppm = parseDebit(id)
  addDebit(node, core, -ppm)
  node.openPeers = node.openPeers - 1
  touchRank(node)
end

-- The room left the node: its load there, promised or not, goes with it.
local function dropReservations(node, roomId)
  local young = loadYoung(node, roomId)
  if young then
    addReserved(node, young, -reservedBy(young, node))
    call("HDEL", PREFIX .. "young:" .. node.inc, roomId)
  end
  if node.openPeers > 0 then
    local tag = tagOf(roomId)
    for _, id in ipairs(call("ZRANGEBYLEX", PREFIX .. "debits:" .. node.inc, "[" .. tag .. ".", "(" .. tag .. "/")) do
      endDebit(node, id)
    end
  end
  touchRank(node)
end
