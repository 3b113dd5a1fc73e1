local function leavePools(node)
  if not node.rank then return end
  for pool in gmatch(node.offers, "%S+") do
    call("ZREM", POOL .. pool, node.name)
  end
  node.rank = nil
end

local function putInPools(node)
  local rank
  if node.offers ~= "" and not (node.maxPeers and node.peers + node.openPeers >= node.maxPeers) then
    local _, best = bestCore(node, PEER_COST_PPM)
    rank = best
  end
  if not rank then return leavePools(node) end
  if rank == node.rank then return end
  node.rank = rank
  for pool in gmatch(node.offers, "%S+") do
    call("ZADD", POOL .. pool, rank, node.name)
  end
end
