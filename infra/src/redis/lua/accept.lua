-- Queues a message and appends its event.
--
-- KEYS    1 record, 2 ready interactive, 3 ready bulk, 4 in flight, 5 due, 6 stream
-- ARGV    1 message id, 2 message (JSON), 3 priority (i or b), 4 due in ms or '', 5 event (JSON),
--         6 wake channel, 7 wake text
-- Returns 1 when queued, 0 when a message of that id had been accepted before
-- Atomic  because a message without its event would be sent and never shown, and an event without
--         its message shown and never sent.

if redis.call('EXISTS', KEYS[1]) == 1 then
  return 0
end
redis.call('HSET', KEYS[1], 'm', ARGV[2], 'p', ARGV[3])

if ARGV[4] == '' then
  -- behind everything that is ready or may come back from being in flight
  local place = 0
  for i = 2, 4 do
    local last = redis.call('ZRANGE', KEYS[i], -1, -1, 'WITHSCORES')
    place = math.max(place, tonumber(last[2] or 0))
  end
  redis.call('ZADD', ARGV[3] == 'i' and KEYS[2] or KEYS[3], place + 1, ARGV[1])
else
  redis.call('ZADD', KEYS[5], ARGV[4], ARGV[1])
end

redis.call('XADD', KEYS[6], '*', 'e', ARGV[5])
redis.call('PUBLISH', ARGV[6], ARGV[7])
return 1
