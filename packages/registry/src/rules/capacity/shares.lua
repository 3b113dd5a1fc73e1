-- What a node adds to the sums of its group is an entry of its own, in `shares`: `group nodeId` and the numbers of which the first eleven are
-- summed up. So the share of a node that an older build has buried is found, and taken away. A steady beat tells its share too, now and then,
-- and most do not: all of this is made when it is called for.

local function shares()
  local SHARES, TOLD, GROUPS, GROUP = PREFIX .. "shares", PREFIX .. "shares:told", PREFIX .. "groups", PREFIX .. "group:"
  local roomCost = tonumber(call("HGET", META, "roomCost")) or ROOM_COST_PPM

  -- `taken` and `given`: shares, or nil. `belowSince`: since when the group would do with a node less; "": it would not.
  local function sumUp(group, taken, given)
    local key, sums, count = GROUP .. group, {}, {}
    local text, sizes, since = unpack(call("HMGET", key, "sums", "sizes", "belowSince"))
    for number in gmatch(text or "0 0 0 0 0 0 0 0 0 0 0", "%d+") do sums[#sums + 1] = tonumber(number) end
    for cores, nodes in gmatch(sizes or "", "(%d+):(%d+)") do count[cores] = tonumber(nodes) end
    for sign = -1, 1, 2 do
      local share, place = sign < 0 and taken or sign > 0 and given, 0
      for number in gmatch(share and match(share, "^%S+ %S+ (.*)$") or "", "%d+") do
        place = place + 1
        if place <= 11 then sums[place] = sums[place] + sign * number end
        if place == 5 and number ~= "0" then count[number] = (count[number] or 0) + sign end
      end
    end
    local nodes, ready, _, _, cores, _, demand, _, peers, mostPeers = unpack(sums)
    if nodes <= 0 then
      call("ZREM", GROUPS, group)
      call("UNLINK", key, key .. ":ready")
      call("EXPIRE", key .. ":counts", GROUP_KEPT_S)
      return
    end
    local parts, largest = {}, 0
    for size, of in pairs(count) do
      if of > 0 then parts[#parts + 1], largest = size .. ":" .. of, max(largest, size) end
    end
    -- It does with one node less, whichever goes and wherever its rooms lie, also with a little more load; see `fewer-nodes.ts`.
    local left, more = cores - largest, floor(demand * TARGET_PERMILLE / BELOW_PERMILLE)
    local isBelow = ready > 1 and demand <= left * BELOW_PERMILLE * 1000 and more <= (left - largest) * FULL_PPM
      and more + RESERVE_ROOMS * roomCost <= left * (FULL_PPM - roomCost)
      and (floor(peers * TARGET_PERMILLE / BELOW_PERMILLE) + RESERVE_ROOMS) * ready <= mostPeers * (ready - 1)
    since = isBelow and (since and since ~= "" and since or string.format("%.0f", NOW)) or ""
    for place, sum in ipairs(sums) do sums[place] = string.format("%.0f", sum) end
    call("HSET", key, "sums", concat(sums, " "), "sizes", concat(parts, " "), "belowSince", since)
  end

  -- The node is gone.
  local function endShare(inc)
    local share = call("HGET", SHARES, inc)
    if not share then return end
    local group = match(share, "^%S+")
    call("HDEL", SHARES, inc)
    call("ZREM", TOLD, inc)
    call("ZREM", GROUP .. group .. ":ready", inc)
    sumUp(group, share, nil)
  end

  -- `debits` as the node's record has them. A node that is cut off carries nothing: its rooms are given to others.
  local function tellShare(isCutOff, debits, openPeers)
    local group, lingering, rooms, offers = match(ARGV[18], "^(%S+) (%d+) (%d+) ?(.*)$")
    local isReady, peers = ARGV[4] ~= "", ARGV[7] + (openPeers or 0)
    local debitOf, demand, cores, slots = {}, -lingering, 0, 0
    for core, ppm in gmatch(debits, "(%d+):(%d+)") do debitOf[core] = ppm end
    for load, core in gmatch(ARGV[6], "(%d+):(%d+)") do
      load = load + (debitOf[core] or 0)
      demand, cores = demand + load, cores + 1
      if load < FULL_PPM then slots = slots + floor((FULL_PPM - load) / roomCost) end
    end
    local mostPeers = ARGV[8] ~= "" and tonumber(ARGV[8]) or UNLIMITED_PEERS
    if ARGV[8] ~= "" then slots = max(0, min(slots, mostPeers - peers)) end
    if isCutOff then isReady, demand, cores, slots, rooms, peers = false, 0, 0, 0, "0", 0 end
    local share = concat({ group, ARGV[2], 1, isReady and 1 or 0, (isReady or isCutOff) and 0 or 1, rooms == "0" and 0 or 1,
      isReady and cores or 0, isReady and 0 or cores, max(0, demand), isReady and slots or 0,
      peers, isReady and mostPeers or 0, isReady and ARGV[5] == "1" and 1 or 0, rooms }, " ")
    local inc, key = ARGV[3], GROUP .. group
    local before = call("HGET", SHARES, inc)
    local wasIn = before and match(before, "^%S+")
    if wasIn and wasIn ~= group then endShare(inc) end
    if wasIn ~= group then
      call("ZADD", GROUPS, 0, group)
      call("ZADD", TOLD, NOW, inc)
      call("HSET", key, "cameAt", NOW)
      call("HSET", key .. ":counts", "offers", ARGV[4] ~= "" and ARGV[4] or offers)
      call("PERSIST", key .. ":counts")
      before = nil
    end
    call("HSET", SHARES, inc, share)
    if isReady then
      call("ZADD", key .. ":ready", peers * 1000000 + min(rooms, 999999), inc)
    elseif before then
      call("ZREM", key .. ":ready", inc)
    end
    sumUp(group, before, share)
    call("HSET", PREFIX .. "node:" .. inc, "shareDueAt", NOW + SHARE_EVERY_MS)
  end

  return { tell = tellShare, finish = endShare }
end
