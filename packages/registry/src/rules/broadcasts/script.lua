-- A room's broadcast is the field `broadcast` of its record: revision, state, until when it is needed, JSON. It is read where it is asked for.
-- `broadcasts` lists the rooms that have one, `broadcasts:STATE` those that were last written so.

local BROADCAST = "^(%S+) (%S+) (%S+) (.*)$"

-- Returns "" for a room that is none.
local function broadcastOf(room)
  room.broadcast = room.broadcast or call("HGET", PREFIX .. "room:" .. room.id, "broadcast") or ""
  return room.broadcast
end

local function broadcastJson(room)
  local _, _, _, json = match(broadcastOf(room), BROADCAST)
  return json or ""
end
