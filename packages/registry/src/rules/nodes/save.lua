local function textByCore(byCore)
  local parts = {}
  for core, ppm in pairs(byCore) do
    if ppm > 0 then parts[#parts + 1] = core .. ":" .. ppm end
  end
  return concat(parts, " ")
end

local function saveNode(node)
  if node.isRankDue then putInPools(node) end
  if node.isDebitChanged then
    local growth = growthOf(node)
    node.debits = textByCore(node.debitByCore)
    node.growth = node.isGrowthUnknown and "" or node.debits .. "|" .. textByCore(growth)
  end
  local key = PREFIX .. "node:" .. node.inc
  call("HSET", key, "state", stateOf(node), "rank", node.rank or "", "openPeers", node.openPeers, "debits", node.debits,
    "growth", node.growth, "quietUntil", quietUntil(node), "digest", node.leases .. " " .. digits(node.epochSum))
  if node.advert then
    call("HSET", key, "beatAt", node.beatAt, "ownAt", ARGV[1], "peers", node.peers, "maxPeers", node.maxPeers or "", "loads", node.loads,
      "offers", node.offers, "advert", node.advert, "isListed", 1,
      "intervalMs", node.interval)
  end
end

local function saveNodes()
  for _, node in ipairs(changed) do
    if not node.isGone then saveNode(node) end
  end
end
