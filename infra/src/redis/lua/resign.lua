-- Gives the lead of a group of the event log back.
--
-- KEYS    1 leader
-- ARGV    1 process
-- Returns 1 when it led, 0 when not (nothing changes)
-- Atomic  because the lead of another process must not be given back in its place.

if redis.call('GET', KEYS[1]) ~= ARGV[1] then
  return 0
end
return redis.call('DEL', KEYS[1])
