-- What is reserved on each core.
local function debitsOf(node)
  if not node.debitByCore then
    node.debitByCore = {}
    for core, ppm in gmatch(node.debits, "(%d+):(%d+)") do
      node.debitByCore[tonumber(core)] = tonumber(ppm)
    end
  end
  return node.debitByCore
end

local function addDebit(node, core, ppm)
  local debits = debitsOf(node)
  debits[core] = (debits[core] or 0) + ppm
  node.isDebitChanged = true
end

-- The least-loaded usable core, ties by number, and its load. Those behind it are not looked at once their load alone is higher.
local function bestCore(node, excluded)
  local debits, best, least = debitsOf(node), nil, nil
  for loadText, coreText in gmatch(node.loads, "(%d+):(%d+)") do
    local load, core = tonumber(loadText), tonumber(coreText)
    if least and load > least then break end
    load = load + (debits[core] or 0)
    if not (excluded and excluded[core]) and (not least or load < least or load == least and core < best) then
      best, least = core, load
    end
  end
  return best, least
end
