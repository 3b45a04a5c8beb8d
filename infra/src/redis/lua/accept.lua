-- Queues messages of one lane and appends their events.
--
-- KEYS    1 ready interactive, 2 ready bulk, 3 in flight, 4 parked, 5 due, 6 dead, 7 stream, 8… records
-- ARGV    1 wake channel, 2 wake text, then for each record:
--         message id, message (JSON), priority (i or b), due in ms or '', chat, campaign or '',
--         'new' or 'again', revision, event (JSON)
-- Returns for each record how many messages leave before it as things stand (0 for one that is due
--         later), or -1 when nothing was done: 'new' and accepted before, or 'again' and waiting
-- Atomic  because a message without its event would be sent and never shown, and an event without
--         its message shown and never sent.

-- behind everything that is ready or may come back to its old place
local place = 0
for i = 1, 4 do
  local last = redis.call('ZRANGE', KEYS[i], -1, -1, 'WITHSCORES')
  place = math.max(place, tonumber(last[2] or 0))
end
local in_flight = redis.call('ZCARD', KEYS[3])
local ready = { i = redis.call('ZCARD', KEYS[1]), b = redis.call('ZCARD', KEYS[2]) }

local function waits(id)
  for i = 1, 5 do
    if redis.call('ZSCORE', KEYS[i], id) then
      return true
    end
  end
  return false
end

local answers = {}
local queued = false
for n = 8, #KEYS do
  local at = 3 + (n - 8) * 9
  local id, message, priority, due = ARGV[at], ARGV[at + 1], ARGV[at + 2], ARGV[at + 3]
  local known
  if ARGV[at + 6] == 'again' then
    known = waits(id)
  else
    known = redis.call('EXISTS', KEYS[n]) == 1
  end
  if known then
    answers[#answers + 1] = -1
  else
    if ARGV[at + 6] == 'again' then
      redis.call('DEL', KEYS[n])
      redis.call('ZREM', KEYS[6], id)
    end
    redis.call('HSET', KEYS[n], 'm', message, 'p', priority, 'c', ARGV[at + 4], 'r', ARGV[at + 7])
    if ARGV[at + 5] ~= '' then
      redis.call('HSET', KEYS[n], 'g', ARGV[at + 5])
    end
    local ahead = 0
    if due == '' then
      place = place + 1
      redis.call('ZADD', priority == 'i' and KEYS[1] or KEYS[2], place, id)
      ahead = in_flight + ready.i + (priority == 'b' and ready.b or 0)
      ready[priority] = ready[priority] + 1
    else
      redis.call('ZADD', KEYS[5], due, id)
    end
    redis.call('XADD', KEYS[7], '*', 'e', ARGV[at + 8])
    answers[#answers + 1] = ahead
    queued = true
  end
end
if queued then
  redis.call('PUBLISH', ARGV[1], ARGV[2])
end
return answers
