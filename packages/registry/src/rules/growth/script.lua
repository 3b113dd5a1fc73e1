-- Full for the first half of the reservation, then falling to nothing.
local function growthAt(young, at)
  local left = max(0, RESERVATION_MS - (at - young.placedAt))
  local permille = min(1000, floor(left * 2000 / RESERVATION_MS))
  return max(0, floor(young.cost * permille / 1000) - young.peers * PEER_COST_PPM)
end
