-- Changes a message that waits and appends the event that tells of it.
--
-- KEYS    1 ready interactive, 2 ready bulk, 3 in flight, 4 parked, 5 due, 6 record, 7 stream
-- ARGV    1 message id, 2 message (JSON), 3 priority (i or b), 4 due in ms or '', 5 revision it was
--         read at, 6 event (JSON), 7 wake channel, 8 wake text
-- Returns 1 when it was changed, 0 when it is in flight or gone, -1 when somebody else changed it since
--         it was read (nothing changes)
-- Atomic  because what is sent must be what the caller was told, and a message must be in one place.

local id, priority, due = ARGV[1], ARGV[3], ARGV[4]
local home
for _, key in ipairs({ KEYS[1], KEYS[2], KEYS[4], KEYS[5] }) do
  if redis.call('ZSCORE', key, id) then
    home = key
  end
end
if not home then
  return 0
end
if redis.call('HGET', KEYS[6], 'r') ~= ARGV[5] then
  return -1
end

local ready = priority == 'i' and KEYS[1] or KEYS[2]
if due ~= '' then
  redis.call('ZREM', home, id)
  redis.call('ZADD', KEYS[5], due, id)
elseif home == KEYS[5] then
  -- its time is now: behind everything that is ready or may come back to its old place
  local place = 0
  for i = 1, 4 do
    local last = redis.call('ZRANGE', KEYS[i], -1, -1, 'WITHSCORES')
    place = math.max(place, tonumber(last[2] or 0))
  end
  redis.call('ZREM', home, id)
  redis.call('ZADD', ready, place + 1, id)
elseif home ~= KEYS[4] and home ~= ready then
  local place = redis.call('ZSCORE', home, id)
  redis.call('ZREM', home, id)
  redis.call('ZADD', ready, place, id)
end
redis.call('HSET', KEYS[6], 'm', ARGV[2], 'p', priority)
redis.call('HINCRBY', KEYS[6], 'r', 1)
redis.call('XADD', KEYS[7], '*', 'e', ARGV[6])
redis.call('PUBLISH', ARGV[7], ARGV[8])
return 1
