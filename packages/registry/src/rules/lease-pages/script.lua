-- A node and the registry mean different leases. First the node tells the digest of each bucket, and hears which differ; then it names all that
-- it has in some of these, a page a beat. Whatever went wrong, the index has of those buckets what the node has.

-- Of those buckets (`count epochSum` of each): the numbers of those that differ. All where the buckets don't add up to the node's digest, for
-- then an older build has changed that, or a key was lost.
local function differingBuckets(node, text)
  local told, counts, sums = {}, {}, {}
  for digest in gmatch(text, "%d+ %d+") do
    told[#told + 1], counts[#told + 1], sums[#told + 1] = digest, 0, 0
  end
  local total, totalSum, entries = 0, 0, call("HGETALL", bucketsKey(node.inc))
  for index = 1, #entries, 2 do
    local bucket = floor(entries[index] * #told / LEASE_SLOTS) + 1
    local count, sum = parseDigest(entries[index + 1])
    counts[bucket], sums[bucket] = counts[bucket] + count, sums[bucket] + sum
    total, totalSum = total + count, totalSum + sum
  end
  local isSound, differing = total == node.leases and totalSum == node.epochSum, {}
  for bucket, digest in ipairs(told) do
    if not isSound or digest ~= digestText(counts[bucket], sums[bucket]) then differing[#differing + 1] = bucket - 1 end
  end
  return concat(differing, " ")
end

-- Ends what the node does not name, but for claims that are on their way to it. Returns how many more there may be in this beat, and whether
-- these were all.
local function endUnnamed(node, named, range, most)
  local key, last = leasesKey(node.inc), "(" .. digits(range.to)
  local limit = range.named + most + 1
  local roomIds = call("ZRANGEBYSCORE", key, range.from, last, "LIMIT", 0, limit)
  for _, roomId in ipairs(roomIds) do
    if not named[roomId] and most > 0 then
      local room = loadRoom(roomId)
      if not room or room.inc ~= node.inc then
        call("ZREM", key, roomId)
        call("SREM", PREFIX .. "held:" .. node.inc, roomId)
        most = most - 1
      elseif not isAwaited(room) then
        endLease(room)
        most = most - 1
      end
    end
  end
  return most, #roomIds < limit
end

-- Counts anew what the node has in those slots, and with the other slots as they are what it has at all. `isWhole`: there is nothing else in
-- these slots; otherwise the digests go on to differ.
local function recount(node, named, isRecounted, isWhole)
  local counts, sums = {}, {}
  for roomId, room in pairs(named) do
    local slot = slotOf(roomId)
    if isRecounted[slot] and room.inc == node.inc and room.isConfirmed then
      counts[slot], sums[slot] = (counts[slot] or 0) + 1, (sums[slot] or 0) + room.epoch % EPOCH_MODULUS
      call("SADD", PREFIX .. "held:" .. node.inc, roomId)
      listLease(node.inc, roomId)
    end
  end
  local key, total, totalSum = bucketsKey(node.inc), 0, 0
  local entries = call("HGETALL", key)
  for index = 1, #entries, 2 do
    local slot = tonumber(entries[index])
    local count, sum = parseDigest(entries[index + 1])
    if isRecounted[slot] then
      if not counts[slot] then call("HDEL", key, slot) end
    else
      total, totalSum = total + count, totalSum + sum
    end
  end
  for slot, count in pairs(counts) do
    call("HSET", key, slot, digestText(count, sums[slot]))
    total, totalSum = total + count, totalSum + sums[slot]
  end
  keepSlots(node.inc)
  node.leases, node.epochSum = total, isWhole and totalSum or UNKNOWN_SUM
  touch(node)
end

-- `text`: how many buckets there are, and the numbers of those that the page is complete for. `named`: the rooms that the beat names, by id.
local function takePage(node, text, named)
  local of, rest = match(text, "^(%d+)(.*)$")
  local width, most, isRecounted, areWhole = LEASE_SLOTS / of, ENDED_PER_BEAT, {}, true
  local namedIn = {}
  for roomId in pairs(named) do
    local bucket = floor(slotOf(roomId) / width)
    namedIn[bucket] = (namedIn[bucket] or 0) + 1
  end
  for bucket in gmatch(rest, "%d+") do
    bucket = tonumber(bucket)
    local range, isWhole = { from = bucket * width, to = (bucket + 1) * width, named = namedIn[bucket] or 0 }, false
    most, isWhole = endUnnamed(node, named, range, most)
    for slot = range.from, range.to - 1 do isRecounted[slot] = isWhole end
    areWhole = areWhole and isWhole
  end
  recount(node, named, isRecounted, areWhole)
end
