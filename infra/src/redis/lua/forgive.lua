-- Takes back the last try from an origin: it was no guess.
--
-- KEYS    1 hash of the origin's tries, as in try.lua
-- ARGV    none
-- Returns 1
-- Atomic  because a count that ran out meanwhile must not come back without an end of life.

local count = tonumber(redis.call('HGET', KEYS[1], 'n') or 0)
if count > 0 then
  redis.call('HSET', KEYS[1], 'n', count - 1)
  redis.call('HDEL', KEYS[1], 'u')
end
return 1
