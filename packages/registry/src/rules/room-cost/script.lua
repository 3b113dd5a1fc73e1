-- What rooms of each kind came to, counted by bound: `costs` holds the counts of a kind as text.


local function loadCounts(kind)
  local counts, total = {}, 0
  for text in gmatch(call("HGET", COSTS, kind) or "", "%d+") do
    counts[#counts + 1] = tonumber(text)
    total = total + tonumber(text)
  end
  for index = #counts + 1, #COST_BOUNDS_PPM do counts[index] = 0 end
  return counts, total
end

local function boundFor(ppm)
  for index, bound in ipairs(COST_BOUNDS_PPM) do
    if ppm <= bound then return index end
  end
  return #COST_BOUNDS_PPM
end

local function learnCost(kind, ppm)
  local counts, total = loadCounts(kind)
  local index = boundFor(ppm)
  counts[index] = counts[index] + 1
  if total + 1 >= FORGET_COSTS_AT then
    for each = 1, #counts do counts[each] = floor(counts[each] / 2) end
  end
  call("HSET", COSTS, kind, concat(counts, " "))
end

-- What three of four rooms do not pass. Until enough were seen, the policy's guess stands for those that are missing.
local function learnedFrom(counts, total)
  local missing, guess = max(0, ENOUGH_COSTS - total), boundFor(ROOM_COST_PPM)
  counts[guess], total = counts[guess] + missing, total + missing
  local seen = 0
  for index, count in ipairs(counts) do
    seen = seen + count
    if seen * 4 >= total * 3 then return missing > 0 and index == guess and ROOM_COST_PPM or COST_BOUNDS_PPM[index] end
  end
end

local function learnedCost(kind)
  return learnedFrom(loadCounts(kind))
end

-- `roomCost`: the same of all kinds, by which nodes count how many rooms more they have room for.
local function learnCosts(text)
  if text == "" then return end
  for kind, ppm in gmatch(text, "(%S+) (%d+)") do learnCost(kind, tonumber(ppm)) end
  local counts, total = loadCounts("meeting")
  local others, more = loadCounts("broadcast")
  for index, count in ipairs(others) do counts[index] = counts[index] + count end
  call("HSET", META, "roomCost", learnedFrom(counts, total + more))
end

local function expectedCost(kind, peers)
  local cost = max(learnedCost(kind), peers * PEER_COST_PPM)
  return min(MAX_ROOM_COST_PPM, max(MIN_ROOM_COST_PPM, cost))
end

-- Whether a room may come is decided by the peers that come with it: at least one.
local function neededNow(peers)
  return min(MAX_ROOM_COST_PPM, max(1, peers) * PEER_COST_PPM)
end
