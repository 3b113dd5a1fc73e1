-- Then the way to a new one.

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

-- A node that lives may still have to name the room.
local isUntold = isTelling and not (room and room.inc) and NOW - bornAt < TOLD_WITHIN_MS

if isSilent() or isUntold then return { "registry_cold", digits(RETRY_WHEN_SILENT_MS) } end

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
    excluded = parseExcluded(ARGV[10]), suspect = SUSPECT, cost = expectedCost(kind, peers), need = neededNow(peers),
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
  local moved = tonumber(ARGV[15])
  local returning = moved and max(1, room.peers)
  -- One that spanned cores fills no more than one; its other peers count as they come.
  if moved and moved > FULL_PPM then moved, returning = FULL_PPM, max(1, floor(room.peers * FULL_PPM / moved)) end
  startRoom(loadNode(room.inc), room.id, room.core, moved or cost, returning)
end

-- A room that was served before is no arrival.
local function countArrival(inc)
  local group = groupOf(inc)
  if not group then return end
  countIn(group, "a")
  if ARGV[16] == "1" then noteFilling(group) end
end

local options, wishText = ARGV[6], ARGV[7]
if room then options, wishText = room.options, room.wish end
local wish = wishFor(wishText ~= "" and wishText or DEFAULT_WISH, room and room.peers or 0)
local fits, sawNode = {}, nil
if ARGV[16] == "1" then fits = chooseToFill(wish) end
if #fits == 0 then fits, sawNode = chooseCore(wish) end
if #fits == 0 then
  saveNodes()
  if IDENTITY ~= "" then countRefusal(wish, ARGV[14]) end
  return { "no_capacity", digits(sawNode and RETRY_WHEN_FULL_MS or RETRY_WHEN_NONE_MS) }
end
-- It begins now: there is nothing that a node could know of it.
if room and room.said then call("HDEL", PREFIX .. "room:" .. ROOM_ID, "said") end
if not (room and room.inc) then countArrival(fits[1].inc) end
room = room or createRoom(ROOM_ID, options, wishText)
claim(room, fits, wish.cost)
return answer(room, true)
