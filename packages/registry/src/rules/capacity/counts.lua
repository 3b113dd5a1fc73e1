-- Rooms that come to a group, and joins that it had no room for, are counted by periods: `counts` holds, under `a` or `r` and the period's
-- place in the ring, the period's number and its count.

local SHARES, GROUPS, GROUP = PREFIX .. "shares", PREFIX .. "groups", PREFIX .. "group:"

local function countIn(group, what)
  local period, key = floor(NOW / COUNT_MS), GROUP .. group .. ":counts"
  local field = what .. period % COUNTS_KEPT
  local of, count = match(call("HGET", key, field) or "", "^(%d+) (%d+)$")
  count = tonumber(of) == period and count + 1 or 1
  call("HSET", key, field, digits(period) .. " " .. digits(count))
end

local function groupOf(inc)
  local share = call("HGET", SHARES, inc)
  return share and match(share, "^%S+")
end

-- The first in the order given that would satisfy it; without one the first by name, of the preferred region if there is one.
local function groupFor(wish, order)
  local first
  local groups = order ~= "" and gmatch(order, "%S+") or gmatch(concat(call("ZRANGE", GROUPS, 0, GROUPS_LOOKED_AT - 1), " "), "%S+")
  for group in groups do
    local offers = call("ZSCORE", GROUPS, group) and call("HGET", GROUP .. group .. ":counts", "offers")
    if offers and hasLabels({ offers = offers }, wish.labels) then
      first = first or group
      if order ~= "" or wish.region == "" or string.find(" " .. offers .. " ", " r" .. wish.region .. " ", 1, true) then return group end
    end
  end
  return first
end

-- No node more would help a room that is pinned to one, nor where nodes only wait for the bus.
local function countRefusal(wish, order)
  local group = wish.nodeId == "" and groupFor(wish, order)
  if not group then return end
  local ready, onBus = match(call("HGET", GROUP .. group, "sums"), "^%d+ (%d+) .* (%d+)$")
  if tonumber(onBus) < tonumber(ready) then return end
  countIn(group, "r")
  call("HINCRBY", GROUP .. group .. ":counts", "refused", 1)
  call("HSET", GROUP .. group, "belowSince", "")
end
