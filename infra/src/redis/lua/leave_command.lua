-- Leaves a command for a session's owner and wakes it.
--
-- KEYS    1 commands
-- ARGV    1 command (JSON), 2 most commands that may wait, 3 ms they may wait, 4 wake channel,
--         5 wake text
-- Returns how many commands wait
-- Atomic  because a list without its end of life would be kept for ever.

redis.call('RPUSH', KEYS[1], ARGV[1])
redis.call('LTRIM', KEYS[1], -ARGV[2], -1)
redis.call('PEXPIRE', KEYS[1], ARGV[3])
redis.call('PUBLISH', ARGV[4], ARGV[5])
return redis.call('LLEN', KEYS[1])
