-- Lists the connectors whose heartbeat has not run out.
--
-- KEYS    1 connectors
-- ARGV    none
-- Returns their ids
-- Atomic  because the time comes from Redis, so that connectors' clocks need not agree.

local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
return redis.call('ZRANGEBYSCORE', KEYS[1], '(' .. string.format('%.0f', now), '+inf')
