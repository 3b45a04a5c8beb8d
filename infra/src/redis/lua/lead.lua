-- Takes or keeps the lead of a group of the event log.
--
-- KEYS    1 leader
-- ARGV    1 process, 2 ms the lead lasts unless it is taken again
-- Returns 1 when this process leads, 0 when another does (nothing changes)
-- Atomic  because two processes must not both find the lead free.

local leader = redis.call('GET', KEYS[1])
if leader and leader ~= ARGV[1] then
  return 0
end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
return 1
