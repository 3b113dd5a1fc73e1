/**
 * ARGV: now, room id, identity ("" without a peer), ticket id, random part of a debit's name, options for a new record (JSON, "" for the
 * defaults), wish of these (`kind;=region;node id;=label,=label`), preferred region (`=eu` or ""), labels besides, excluded cores
 * (`incarnation core`), suspect, superseded lease (`incarnation epoch`), rates.
 *
 * Returns "rate_limited", which rate, µs to wait; "banned"; "registry_cold" or "no_capacity" with ms; or "placed", lease, "1" if new, debit, options, mutes, decision, what is
 * owed of each rate.
 *
 * First what most calls come to: the room has a lease in force.
 */
export const PLACE_STANDING = /* lua */ `
local ROOM_ID, IDENTITY, SUSPECT = ARGV[2], ARGV[3], ARGV[11]
local owed, refusal

local function isBanned(bans)
  for _, ban in ipairs(cjson.decode(bans)) do
    if ban[1] == IDENTITY then return true end
    for index = 2, #ban do
      if ban[index] == ARGV[4] then return true end
    end
  end
  return false
end

local function isGivenUp(room)
  local inc, epoch = match(ARGV[12], "(%S+) (%d+)")
  return inc == room.inc and tonumber(epoch) == room.epoch
end

-- Somebody is sent to a room that its node has not named yet: it has as long for it as if the room were new.
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
local isKeptOut = room and IDENTITY ~= "" and room.bans ~= "" and isBanned(room.bans)
-- Who is banned pays for his address alone: else he would keep the room shut for everybody.
owed, refusal = countRates(ARGV[13], isKeptOut)
if refusal then return refusal end
if isKeptOut then return { "banned" } end
if room and isLive(room, SUSPECT) and not isGivenUp(room) then
  if room.inc ~= SUSPECT then awaitAgain(room) end
  return answer(room, false)
end
`;

/** Then the way to a new one. */
export const PLACE_ANEW = /* lua */ `
if not bornAt then
  bornAt = NOW
  saveMeta()
end
if NOW - bornAt < COLD_MS then return { "registry_cold", digits(bornAt + COLD_MS - NOW) } end

-- Nobody was heard for long: the registry was away, or all nodes are dead. Time tells, from when somebody asks: nodes that live are
-- heard soon. Until then their leases say nothing; who serves the room, if anybody does, knows only the bus.
local function isSilent()
  if not lastBeatAt or NOW - lastBeatAt <= GAP_MS then return false end
  local askedAt = tonumber(call("HGET", META, "askedAt"))
  if not askedAt or askedAt <= lastBeatAt then
    askedAt = NOW
    call("HSET", META, "askedAt", askedAt)
  end
  return room and room.inc or NOW - askedAt < NODE_TTL_MS
end

if isSilent() then return { "registry_cold", "500" } end

local DEFAULT_WISH = "meeting;;;"

local function parseLabels(texts)
  local labels, seen = {}, {}
  for label in gmatch(texts, "[^,]+") do
    if not seen[label] then
      labels[#labels + 1], seen[label] = label, true
    end
  end
  table.sort(labels)
  return labels
end

local function parseExcluded(text)
  local excluded = {}
  for inc, core in gmatch(text, "(%S+) (%d+)") do
    excluded[inc] = excluded[inc] or {}
    excluded[inc][tonumber(core)] = true
  end
  return excluded
end

local function wishFor(text, peers)
  local kind, region, nodeId, labels = match(text, "^([^;]*);([^;]*);([^;]*);([^;]*)$")
  return {
    region = region ~= "" and region or ARGV[8], nodeId = nodeId, labels = parseLabels(labels .. "," .. ARGV[9]),
    excluded = parseExcluded(ARGV[10]), suspect = SUSPECT, cost = expectedCost(kind, peers),
  }
end

local function explain(fits)
  local parts = { "least_loaded", digits(NOW) }
  for _, fit in ipairs(fits) do
    parts[#parts + 1] = match(fit.name, "(%S+)") .. " " .. fit.core .. " " .. fit.load
  end
  return concat(parts, " ")
end

local function claim(room, fits, cost)
  local best = fits[1]
  room.claimedAt = NOW
  give(room, { nodeId = match(best.name, "(%S+)"), inc = best.inc, core = best.core,
    epoch = max(room.lastEpoch + 1, NOW), isConfirmed = false, isLocal = false, decision = explain(fits) })
  startRoom(loadNode(room.inc), room.id, room.core, cost)
end

local options, wishText = ARGV[6], ARGV[7]
if room then options, wishText = room.options, room.wish end
local wish = wishFor(wishText ~= "" and wishText or DEFAULT_WISH, room and room.peers or 0)
local fits, sawNode = chooseCore(wish)
if #fits == 0 then
  saveNodes()
  return { "no_capacity", sawNode and "1000" or "5000" }
end
room = room or createRoom(ROOM_ID, options, wishText)
claim(room, fits, wish.cost)
return answer(room, true)
`;
