-- ARGV: now, room id, identity ("" without a peer), ticket id, random part of a debit's name, options for a new record (JSON, "" for the
-- defaults), wish of these (`kind;=region;node id;=label,=label`), preferred region (`=eu` or ""), labels besides, excluded cores
-- (`incarnation core`), suspect, superseded lease (`incarnation epoch`), rates, groups in the
-- order in which a refused join counts for one of them, what a room that moves costs (ppm, or ""), "1" to fill nodes.
--
-- Returns "rate_limited", which rate, µs to wait; "banned"; "registry_cold" or "no_capacity" with ms; or "placed", lease, "1" if new, debit, options, mutes, decision, what is
-- owed of each rate.
--
-- First what most calls come to: the room has a lease in force.

local ROOM_ID, IDENTITY, SUSPECT = ARGV[2], ARGV[3], ARGV[11]
local owed, refusal

local function isGivenUp(room)
  local inc, epoch = match(ARGV[12], "(%S+) (%d+)")
  return inc == room.inc and tonumber(epoch) == room.epoch
end

-- A peer is on its way to a room that its node has not named yet: the node gets as long for it as for a new room.
local function awaitAgain(room)
  if room.isConfirmed or NOW - room.claimedAt <= CONFIRM_WITHIN_MS / 2 then return end
  room.claimedAt = NOW
  call("ZADD", PREFIX .. "claims:" .. room.inc, "XX", NOW, room.id)
  saveRoom(room)
end

-- Its core has turned the peer away before, so that nobody would settle a debit.
local function isExcluded(room)
  return string.find(" " .. ARGV[10] .. " ", " " .. room.inc .. " " .. room.core .. " ", 1, true) ~= nil
end

local function answer(room, isNew)
  local node, debit = loadNode(room.inc), ""
  if IDENTITY ~= "" and node and not isExcluded(room) then debit = addPeer(node, room.id, room.core, ARGV[5]) end
  saveNodes()
  local decision = isNew and room.decision or "live_lease " .. digits(NOW)
  return { "placed", leaseOf(room), isNew and "1" or "0", debit, room.options, room.mutes, decision, owed }
end

local room = loadRoom(ROOM_ID)
local isKeptOut = room and IDENTITY ~= "" and isBanned(room, IDENTITY, ARGV[4])
-- A banned peer is counted for its address alone: counted for the room, it could keep everybody out.
owed, refusal = countRates(ARGV[13], isKeptOut)
if refusal then return refusal end
if isKeptOut then return { "banned" } end
if room and isLive(room, SUSPECT) and not isGivenUp(room) then
  if room.inc ~= SUSPECT then awaitAgain(room) end
  return answer(room, false)
end
