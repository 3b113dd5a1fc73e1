-- Mutes are kept as JSON `[[identity, source], …]`, bans as `[[identity, ticket id, …], …]`; "" stands for none.
-- ARGV: now, room id, then what is to be changed, in pairs of a verb and JSON: `options`, `wish` (text), `ban`, `unban`, `mute`,
-- `unmute`. Returns the record; or "too_many_bans" or "too_many_mutes", and it stays as it was.

local function parseList(text)
  return text ~= "" and cjson.decode(text) or {}
end

local function listText(list)
  return #list > 0 and cjson.encode(list) or ""
end

local function has(list, value, from)
  for index = from, #list do
    if list[index] == value then return true end
  end
  return false
end

local function banned(bans, identity)
  for _, ban in ipairs(bans) do
    if ban[1] == identity then return ban end
  end
  bans[#bans + 1] = { identity }
  return bans[#bans]
end

local function without(list, isSame)
  local others = {}
  for _, each in ipairs(list) do
    if not isSame(each) then others[#others + 1] = each end
  end
  return others
end

local function withoutMute(mutes, mute)
  return without(mutes, function(each) return each[1] == mute[1] and each[2] == mute[2] end)
end

local function ticketCount(bans)
  local count = 0
  for _, ban in ipairs(bans) do count = count + #ban - 1 end
  return count
end

local change, refusal = {}, nil

function change.options(room, text) room.options = text end

function change.wish(room, text) room.wish = text end

function change.ban(room, text)
  local bans, asked = parseList(bansOf(room)), cjson.decode(text)
  local before, ticketsBefore = #bans, ticketCount(bans)
  local ban = banned(bans, asked[1])
  if asked[2] and not has(ban, asked[2], 2) then ban[#ban + 1] = asked[2] end
  local tickets = ticketCount(bans)
  if (#bans > before and #bans > BANS_PER_ROOM) or (tickets > ticketsBefore and tickets > BANS_PER_ROOM) then
    refusal = "too_many_bans"
  end
  room.bans = listText(bans)
end

function change.unban(room, text)
  local identity = cjson.decode(text)[1]
  room.bans = listText(without(parseList(bansOf(room)), function(each) return each[1] == identity end))
end

function change.mute(room, text)
  local mute = cjson.decode(text)
  local before = parseList(room.mutes)
  local mutes = withoutMute(before, mute)
  mutes[#mutes + 1] = mute
  if #mutes > #before and #mutes > MUTES_PER_ROOM then refusal = "too_many_mutes" end
  room.mutes = listText(mutes)
end

function change.unmute(room, text)
  room.mutes = listText(withoutMute(parseList(room.mutes), cjson.decode(text)))
end

local room = loadRoom(ARGV[2])
if not room then
  room = createRoom(ARGV[2], "", "")
  saveRoom(room)
end
for index = 3, #ARGV, 2 do change[ARGV[index]](room, ARGV[index + 1]) end
if refusal then return { refusal } end
call("HSET", PREFIX .. "room:" .. room.id, "options", room.options, "wish", room.wish, "mutes", room.mutes,
  "bans", bansOf(room))
if not room.inc then keepRoom(room) end
return viewOf(room)
