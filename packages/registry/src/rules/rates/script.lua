-- Counts one request for each of some rates, or for none if one refuses it. A key is gone when its subject owes nothing, and a
-- minute later at the earliest, since NOW may stay behind by so much.

-- Takes the text of each rate (key, cost of a request and most that may be owed, µs). Returns what is owed then, or nil and a refusal:
-- which rate, and for how long. Those of a room are left out where withoutRooms.
local function countRates(text, withoutRooms)
  local keys, owed, bursts, places, place = {}, {}, {}, {}, 0
  for key, cost, burst in gmatch(text, "(%S+) (%d+) (%d+)") do
    if not (withoutRooms and string.sub(key, 1, 5) == "room:") then
      keys[#keys + 1], places[#places + 1] = PREFIX .. "rate:" .. key, place
      owed[#owed + 1], bursts[#bursts + 1] = tonumber(cost), tonumber(burst)
    end
    place = place + 1
  end
  if #keys == 0 then return "" end
  for index, paidAt in ipairs(call("MGET", unpack(keys))) do
    owed[index] = owed[index] + min(max((tonumber(paidAt) or 0) - NOW * 1000, 0), bursts[index])
    if owed[index] > bursts[index] then
      return nil, { "rate_limited", tostring(places[index]), digits(owed[index] - bursts[index]) }
    end
  end
  for index, key in ipairs(keys) do
    call("SET", key, digits(NOW * 1000 + owed[index]), "PX", digits(math.ceil(owed[index] / 1000) + 60000))
    owed[index] = digits(owed[index])
  end
  return concat(owed, " ")
end
