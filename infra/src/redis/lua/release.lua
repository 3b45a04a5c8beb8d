-- Forgets the owner of a session; its epoch stays, so that a stale owner stays stale.
--
-- KEYS    1 owner
-- ARGV    1 connector, 2 epoch, 3 ms the epoch is remembered while nobody owns the session
-- Returns 1 when it was the owner, 0 when not (nothing changes)
-- Atomic  because a new owner must not be forgotten in the old one's place.

local record = redis.call('HMGET', KEYS[1], 'c', 'e')
if record[1] ~= ARGV[1] or record[2] ~= ARGV[2] then
  return 0
end
redis.call('HDEL', KEYS[1], 'c')
redis.call('PEXPIRE', KEYS[1], ARGV[3])
return 1
