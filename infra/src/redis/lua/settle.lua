-- Settles messages that are in flight and appends events.
--
-- KEYS    1 owner, 2 ready interactive, 3 ready bulk, 4 in flight, 5 dead, 6 hold, 7 stream, 8 parked, 9 tally,
--         10… records
-- ARGV    1 epoch, 2 ms a finished record is kept, 3 ms a buried record is kept, 4 most buried messages of a
--         lane, 5 ms a tally is kept, then for each record:
--         message id, verdict (done, sent, retry, back, park, bury), moment of the retry, or of the return from
--         parking, in ms or '', day a sent message counts for, 1 when it began a chat, else 0,
--         how many events follow, events (JSON)
-- Returns for each record 1 when it was in flight, 0 when not (its events are appended all the same);
--         error STALE when the epoch is not the owner's
-- Atomic  because what the events tell must be what became of the message, and a former owner must
--         be able to tell nothing.

if redis.call('HGET', KEYS[1], 'e') ~= ARGV[1] then
  return redis.error_reply('STALE lease')
end

local function count(day, new_chat)
  if redis.call('HGET', KEYS[9], 'd') ~= day then
    redis.call('DEL', KEYS[9])
    redis.call('HSET', KEYS[9], 'd', day)
  end
  redis.call('HINCRBY', KEYS[9], 's', 1)
  redis.call('HINCRBY', KEYS[9], 'n', new_chat)
  redis.call('PEXPIRE', KEYS[9], ARGV[5])
end

local function to_old_place(record, id, place)
  local priority = redis.call('HGET', record, 'p')
  redis.call('ZADD', priority == 'b' and KEYS[3] or KEYS[2], place, id)
end

local function bury(record, id)
  local time = redis.call('TIME')
  local now = time[1] * 1000 + math.floor(time[2] / 1000)
  redis.call('PEXPIRE', record, ARGV[3])
  redis.call('ZREMRANGEBYSCORE', KEYS[5], '-inf', now - ARGV[3])
  redis.call('ZADD', KEYS[5], now, id)
  redis.call('ZREMRANGEBYRANK', KEYS[5], 0, -1 - ARGV[4])
  redis.call('PEXPIRE', KEYS[5], ARGV[3])
end

local answers = {}
local at = 6
for n = 10, #KEYS do
  local record, id, verdict, moment = KEYS[n], ARGV[at], ARGV[at + 1], ARGV[at + 2]
  local place = redis.call('ZSCORE', KEYS[4], id)
  if place then
    redis.call('ZREM', KEYS[4], id)
    if verdict == 'done' then
      redis.call('PEXPIRE', record, ARGV[2])
    elseif verdict == 'sent' then
      redis.call('PEXPIRE', record, ARGV[2])
      count(ARGV[at + 3], ARGV[at + 4])
    elseif verdict == 'retry' then
      -- its old place is before everything that is ready
      to_old_place(record, id, place)
      local hold = math.max(tonumber(redis.call('GET', KEYS[6]) or 0), tonumber(moment))
      redis.call('SET', KEYS[6], string.format('%.0f', hold), 'PX', ARGV[3])
    elseif verdict == 'back' then
      to_old_place(record, id, place)
      redis.call('HINCRBY', record, 'a', -1)
    elseif verdict == 'park' then
      redis.call('HSET', record, 'u', moment)
      redis.call('ZADD', KEYS[8], place, id)
    else
      bury(record, id)
    end
  end
  answers[#answers + 1] = place and 1 or 0
  local events = tonumber(ARGV[at + 5])
  for i = at + 6, at + 5 + events do
    redis.call('XADD', KEYS[7], '*', 'e', ARGV[i])
  end
  at = at + 6 + events
end
return answers
