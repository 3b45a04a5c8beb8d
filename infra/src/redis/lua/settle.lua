-- Settles a message that is in flight and appends events.
--
-- KEYS    1 owner, 2 ready interactive, 3 ready bulk, 4 in flight, 5 dead, 6 hold, 7 record, 8 stream,
--         9 parked, 10 tally
-- ARGV    1 epoch, 2 message id, 3 verdict (done, sent, retry, park, bury), 4 moment of the retry, or of the return
--         from parking, in ms or '',
--         5 ms a finished record is kept, 6 ms a buried record is kept, 7 most buried messages of a
--         lane, 8 day a sent message counts for, 9 1 when it began a chat, else 0, 10 ms a tally is kept,
--         11… events (JSON)
-- Returns 1 when it was in flight, 0 when not (the events are appended all the same);
--         error STALE when the epoch is not the owner's
-- Atomic  because what the events tell must be what became of the message, and a former owner must
--         be able to tell nothing.

if redis.call('HGET', KEYS[1], 'e') ~= ARGV[1] then
  return redis.error_reply('STALE lease')
end
local id, verdict = ARGV[2], ARGV[3]
local place = redis.call('ZSCORE', KEYS[4], id)

if place then
  redis.call('ZREM', KEYS[4], id)
  if verdict == 'done' or verdict == 'sent' then
    redis.call('PEXPIRE', KEYS[7], ARGV[5])
    if verdict == 'sent' then
      if redis.call('HGET', KEYS[10], 'd') ~= ARGV[8] then
        redis.call('DEL', KEYS[10])
        redis.call('HSET', KEYS[10], 'd', ARGV[8])
      end
      redis.call('HINCRBY', KEYS[10], 's', 1)
      redis.call('HINCRBY', KEYS[10], 'n', ARGV[9])
      redis.call('PEXPIRE', KEYS[10], ARGV[10])
    end
  elseif verdict == 'retry' then
    -- its old place is before everything that is ready
    local priority = redis.call('HGET', KEYS[7], 'p')
    redis.call('ZADD', priority == 'b' and KEYS[3] or KEYS[2], place, id)
    local hold = math.max(tonumber(redis.call('GET', KEYS[6]) or 0), tonumber(ARGV[4]))
    redis.call('SET', KEYS[6], string.format('%.0f', hold), 'PX', ARGV[6])
  elseif verdict == 'park' then
    redis.call('HSET', KEYS[7], 'u', ARGV[4])
    redis.call('ZADD', KEYS[9], place, id)
  else
    local time = redis.call('TIME')
    local now = time[1] * 1000 + math.floor(time[2] / 1000)
    redis.call('PEXPIRE', KEYS[7], ARGV[6])
    redis.call('ZREMRANGEBYSCORE', KEYS[5], '-inf', now - ARGV[6])
    redis.call('ZADD', KEYS[5], now, id)
    redis.call('ZREMRANGEBYRANK', KEYS[5], 0, -1 - ARGV[7])
    redis.call('PEXPIRE', KEYS[5], ARGV[6])
  end
end

for i = 11, #ARGV do
  redis.call('XADD', KEYS[8], '*', 'e', ARGV[i])
end
return place and 1 or 0
