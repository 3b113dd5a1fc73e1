-- `debits`: what is reserved on each core. `growth`: how much of it young rooms reserve and nobody has come for, after the text of the
-- debits that it is part of. An older build changes the debits alone: then none of them counts as growth until the node's next heartbeat
-- counts it anew.
local function parseByCore(text)
  local byCore = {}
  for core, ppm in gmatch(text, "(%d+):(%d+)") do byCore[tonumber(core)] = tonumber(ppm) end
  return byCore
end

local function debitsOf(node)
  node.debitByCore = node.debitByCore or parseByCore(node.debits)
  return node.debitByCore
end

local function growthOf(node)
  if not node.growthByCore then
    local debits, growth = match(node.growth, "^(.-)|(.*)$")
    node.isGrowthUnknown = node.debits ~= "" and debits ~= node.debits
    node.growthByCore = node.isGrowthUnknown and {} or parseByCore(growth or "")
  end
  return node.growthByCore
end

local function addDebit(node, core, ppm)
  local debits = debitsOf(node)
  debits[core] = (debits[core] or 0) + ppm
  node.isDebitChanged = true
end

local function addGrowth(node, core, ppm)
  local growth = growthOf(node)
  growth[core] = (growth[core] or 0) + ppm
  addDebit(node, core, ppm)
end

-- The first of the usable cores in order of rank, ties by number, and its rank: its load, or far behind where it is full. `need`: what must
-- fit on it. Those behind it are not looked at once their load alone is higher.
local function bestCore(node, need, excluded)
  local debits, growth, best, least = debitsOf(node), growthOf(node), nil, nil
  for loadText, coreText in gmatch(node.loads, "(%d+):(%d+)") do
    local load, core = tonumber(loadText), tonumber(coreText)
    if least and load > least then break end
    load = load + (debits[core] or 0)
    if load - (growth[core] or 0) + need >= FULL_PPM then load = load + FULL_RANK_PPM end
    if not (excluded and excluded[core]) and (not least or load < least or load == least and core < best) then
      best, least = core, load
    end
  end
  return best, least
end
