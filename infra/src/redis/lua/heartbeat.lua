-- Notes that a connector is alive.
--
-- KEYS    1 connectors
-- ARGV    1 connector, 2 ms it may be silent
-- Returns 1
-- Atomic  because the time comes from Redis, so that connectors' clocks need not agree.

local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
redis.call('ZADD', KEYS[1], now + ARGV[2], ARGV[1])
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now)
return 1
