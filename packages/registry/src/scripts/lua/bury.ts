/** A node is dead, or said goodbye: its rooms wait for heirs, the rest of it ends. */
export const BURY = /* lua */ `
local function orphanAll(node)
  for _, roomId in ipairs(call("SMEMBERS", PREFIX .. "held:" .. node.inc)) do
    addOrphan(roomId)
  end
end

local function bury(node)
  orphanAll(node)
  leavePools(node)
  call("ZREM", NAMES, node.name)
  call("ZREM", BEATS, node.inc)
  for _, kind in ipairs({ "node:", "held:", "claims:", "debits:", "young:" }) do
    call("DEL", PREFIX .. kind .. node.inc)
  end
  node.isGone, nodes[node.inc] = true, false
end
`;
