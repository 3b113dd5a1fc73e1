-- A room's bans are JSON, `[[identity, ticket id, …], …]`, as cjson writes it, or "". They are read where they are asked for: a thousand
-- of them are a long text.
local function bansOf(room)
  room.bans = room.bans or call("HGET", PREFIX .. "room:" .. room.id, "bans") or ""
  return room.bans
end

local function names(bans, identity, ticketId)
  for _, ban in ipairs(cjson.decode(bans)) do
    if ban[1] == identity then return true end
    for index = 2, #ban do
      if ban[index] == ticketId then return true end
    end
  end
  return false
end

-- Looked for in the text first, which takes a fraction of decoding it. A text may hold more than it says: an identity may be another's ticket.
local function isBanned(room, identity, ticketId)
  local bans = bansOf(room)
  local function has(value) return string.find(bans, cjson.encode(value), 1, true) end
  return (has(identity) or has(ticketId)) and names(bans, identity, ticketId)
end
