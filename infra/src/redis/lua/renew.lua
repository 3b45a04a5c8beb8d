-- Says that the attempt under an idempotency key is still running.
--
-- KEYS    1 the key's record
-- ARGV    1 ms it may run without saying so again
-- Returns 1, or 0 when the request was answered or the key is unknown (nothing changes)
-- Atomic  because a key that was given back must not be taken again.

if redis.call('HEXISTS', KEYS[1], 'f') == 0 or redis.call('HEXISTS', KEYS[1], 'd') == 1 then
  return 0
end
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
redis.call('HSET', KEYS[1], 'r', string.format('%.0f', now + ARGV[1]))
return 1
