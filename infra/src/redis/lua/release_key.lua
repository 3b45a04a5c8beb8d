-- Lets an idempotency key be tried again at once after a failure that may have changed something: the next
-- attempt gets the same seed, so that it makes the same thing.
--
-- KEYS    1 the key's record
-- ARGV    none
-- Returns 1, or 0 when the request was answered or the key is unknown (nothing changes)
-- Atomic  because an answered request must not run again.

if redis.call('HEXISTS', KEYS[1], 'f') == 0 or redis.call('HEXISTS', KEYS[1], 'd') == 1 then
  return 0
end
redis.call('HSET', KEYS[1], 'r', '0')
return 1
