-- Mutes are kept as JSON `[[identity, source], …]`, bans as `[[identity, ticket id, …], …]`; "" stands for none.
-- ARGV: now, room id, then what is to be changed, in pairs of a verb and JSON: `options`, `wish` (text), `ban`, `unban`, `mute`,
-- `unmute`, `restore` (`{options, wish, bans, mutes, broadcast}`: what the room's node knows of a record that was lost). A write of a broadcast
-- comes first: `broadcast`, and "the revision that was read, or -; epoch, or -; what is to be kept, or nothing". Returns the record; or why it
-- stays as it was.

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

-- Kept until the room's node has told what it knows, which must not bring back what was lifted since.
local function noteSaid(room, what)
  if not room.said then return end
  local said = cjson.decode(room.said)
  if not has(said, what, 1) then said[#said + 1] = what end
  room.said = #said > 0 and cjson.encode(said) or "[]"
end

local function unbanned(identity) return "unban " .. identity end

local function unmuted(mute) return "unmute " .. mute[2] .. " " .. mute[1] end

function change.options(room, text)
  room.options = text
  noteSaid(room, "options")
end

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
  noteSaid(room, unbanned(identity))
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
  local mute = cjson.decode(text)
  room.mutes = listText(withoutMute(parseList(room.mutes), mute))
  noteSaid(room, unmuted(mute))
end

local function restoreBan(bans, known)
  if #bans >= BANS_PER_ROOM and not without(bans, function(each) return each[1] ~= known[1] end)[1] then return end
  local ban, tickets = banned(bans, known[1]), ticketCount(bans)
  for index = 2, #known do
    if tickets < BANS_PER_ROOM and not has(ban, known[index], 2) then
      ban[#ban + 1], tickets = known[index], tickets + 1
    end
  end
end

-- What was said since the record was made anew counts; no more is restored than a record may hold.
function change.restore(room, text)
  if not room.said then return end
  local known, said = cjson.decode(text), cjson.decode(room.said)
  if known.options and not has(said, "options", 1) then room.options, room.wish = known.options, known.wish end
  local bans, mutes = parseList(bansOf(room)), parseList(room.mutes)
  for _, ban in ipairs(known.bans) do
    if not has(said, unbanned(ban[1]), 1) then restoreBan(bans, ban) end
  end
  for _, mute in ipairs(known.mutes) do
    local isMuted = #withoutMute(mutes, mute) < #mutes
    if not (has(said, unmuted(mute), 1) or isMuted or #mutes >= MUTES_PER_ROOM) then mutes[#mutes + 1] = mute end
  end
  if known.broadcast and not has(said, "broadcast", 1) then room.written = known.broadcast end
  room.bans, room.mutes, room.said = listText(bans), listText(mutes), nil
  call("HDEL", PREFIX .. "room:" .. room.id, "said")
end

local BROADCAST_WRITE = "^(%S+) (%S+) (.*)$"

function change.broadcast(room, text)
  local _, _, written = match(text, BROADCAST_WRITE)
  room.written = written
  noteSaid(room, "broadcast")
  if written == "" then
    room.wish = ""
    change.options(room, "")
  end
end

-- A home that has been overtaken hears that first, so that it does not read the record anew and try again. One whose record was lost keeps its
-- broadcast, and writes again when it has told what it knows.
local function refuseWrite(room, text)
  local ifRevision, epoch = match(text, BROADCAST_WRITE)
  local revision = room and match(broadcastOf(room), BROADCAST)
  if not revision and ifRevision ~= "-" then
    local isLost = not room or (room.said and not has(cjson.decode(room.said), "broadcast", 1))
    return isLost and epoch ~= "-" and "registry_cold" or "broadcast_not_found"
  end
  if room and epoch ~= "-" and tonumber(epoch) < (room.epoch or room.lastEpoch) then return "lease_lost" end
  local isTaken = revision or (room and room.inc and epoch == "-")
  if ifRevision == "-" then return isTaken and "broadcast_exists" end
  return ifRevision ~= revision and "broadcast_conflict"
end

local room = loadRoom(ARGV[2])
if ARGV[3] == "broadcast" then refusal = refuseWrite(room, ARGV[4]) end
if refusal then return { refusal } end
if not room then
  room = createRoom(ARGV[2], "", "", "[]")
  saveRoom(room)
end
for index = 3, #ARGV, 2 do change[ARGV[index]](room, ARGV[index + 1]) end
if refusal then return { refusal } end
call("HSET", PREFIX .. "room:" .. room.id, "options", room.options, "wish", room.wish, "mutes", room.mutes,
  "bans", bansOf(room))
if room.said then call("HSET", PREFIX .. "room:" .. room.id, "said", room.said) end
local wasBroadcast = broadcastOf(room) ~= ""
if room.written then saveBroadcast(room, room.written) end
if not room.inc then
  local isRemoved = wasBroadcast and room.written == ""
  if isRemoved then keepOrDrop(room) else keepRoom(room) end
end
return viewOf(room)
