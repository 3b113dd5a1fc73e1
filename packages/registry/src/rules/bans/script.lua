local function isBanned(bans, identity, ticketId)
  for _, ban in ipairs(cjson.decode(bans)) do
    if ban[1] == identity then return true end
    for index = 2, #ban do
      if ban[index] == ticketId then return true end
    end
  end
  return false
end
