-- Takes a node's word for the leases that it names, and settles who keeps a room that two serve: the higher epoch, or, where a
-- node claimed it alone while the registry was away, the one with most peers. `lost`, `renewed` and `recordsLost` collect what the node
-- hears.

local lost, renewed, recordsLost = {}, {}, {}

local function tell(list, room)
  list[#list + 1] = room.id .. " " .. leaseOf(room)
end

-- The node knows of a lease that this index lost, or never heard of; or it wins one, under a higher epoch than it named.
local function takeUp(room, node, served, epoch)
  local isRaised = epoch ~= served.epoch
  room.peers = served.peers
  give(room, {
    nodeId = node.nodeId, inc = node.inc, core = served.core, epoch = epoch,
    isConfirmed = true, isLocal = served.isLocal and not isRaised,
    decision = "claimed_by_node " .. digits(NOW),
  })
  if isRaised then tell(renewed, room) end
end

-- An epoch that neither of two that have the same, nor anybody else, was given.
local function higher(room, served)
  return max(room.lastEpoch, served.epoch) + 1
end

local function settleOwn(room, node, served)
  if room.epoch < served.epoch then return takeUp(room, node, served, served.epoch) end
  local isTie = room.epoch == served.epoch
  if room.core ~= served.core then
    -- Placed anew lately, and not named by the node: its join is on its way there. Otherwise the node itself changed cores.
    if isTie or not isAwaited(room) then takeUp(room, node, served, higher(room, served)) end
    return
  end
  confirm(room, node, served.peers)
  if isTie then room.isLocal = served.isLocal else tell(renewed, room) end
  saveRoom(room)
end

local function settleHigher(room, node, served, isContested)
  if not isContested or room.peers <= served.peers then return takeUp(room, node, served, served.epoch) end
  raise(room, higher(room, served))
  tell(lost, room)
end

local function settleAgainst(room, node, served)
  local isTie = room.epoch == served.epoch
  local isContested = isAlive(room.inc) and (served.isLocal or room.isLocal or isTie)
  if room.epoch < served.epoch then return settleHigher(room, node, served, isContested) end
  local isWon = isTie
  if isContested then isWon = served.peers > room.peers end
  if isWon then return takeUp(room, node, served, higher(room, served)) end
  if isTie then raise(room, higher(room, served)) end
  tell(lost, room)
end

local function settleClaim(node, served)
  local room = loadRoom(served.roomId) or createRoom(served.roomId, "", "", "[]")
  if not room.inc then
    takeUp(room, node, served, served.epoch)
  elseif room.inc == node.inc then
    settleOwn(room, node, served)
  else
    settleAgainst(room, node, served)
  end
  return room
end

-- Returns the rooms that were named, by id, as they are now.
local function settleClaims(node, text)
  local named = {}
  for roomId, core, epoch, peers, isLocal in gmatch(text, "(%S+) (%d+) (%d+) (%d+) (%d)") do
    local isFirst = not named[roomId]
    local room = settleClaim(node, { roomId = roomId, core = tonumber(core), epoch = tonumber(epoch),
      peers = tonumber(peers), isLocal = isLocal == "1" })
    named[roomId] = room
    if isFirst and room.said and room.inc == node.inc then recordsLost[#recordsLost + 1] = roomId end
  end
  return named
end

local function endLapsedClaims(node)
  if not node.claimsDueAt or NOW <= node.claimsDueAt or NOW - aliveFloor <= CONFIRM_WITHIN_MS then return end
  local key = PREFIX .. "claims:" .. node.inc
  local before = "(" .. digits(NOW - CONFIRM_WITHIN_MS)
  for _, id in ipairs(call("ZRANGEBYSCORE", key, "-inf", before, "LIMIT", 0, ENDED_PER_BEAT)) do
    local room = loadRoom(id)
    call("ZREM", key, id)
    if room and room.inc == node.inc and not room.isConfirmed then endLease(room) end
  end
  local oldest = call("ZRANGE", key, 0, 0, "WITHSCORES")
  node.claimsDueAt = oldest[2] and tonumber(oldest[2]) + CONFIRM_WITHIN_MS or nil
end
