-- Records the owner of a session.
--
-- KEYS    1 owner
-- ARGV    1 connector, 2 epoch
-- Returns 1 when another connector had it and has not let go of it, 0 when not; error STALE when a higher epoch, or the same one of another connector, is on record
-- Atomic  because of two connectors the one with the higher epoch must win, whoever writes last.

local epoch = tonumber(redis.call('HGET', KEYS[1], 'e') or -1)
local mine = tonumber(ARGV[2])
if epoch > mine then
  return redis.error_reply('STALE lease')
end
local owner = redis.call('HGET', KEYS[1], 'c')
if epoch == mine and owner and owner ~= ARGV[1] then
  return redis.error_reply('STALE lease')
end
redis.call('HSET', KEYS[1], 'c', ARGV[1], 'e', ARGV[2])
redis.call('PERSIST', KEYS[1])
return (owner and owner ~= ARGV[1]) and 1 or 0
