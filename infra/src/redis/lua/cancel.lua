-- Takes a waiting message out of its lane and appends the event that tells of it.
--
-- KEYS    1 ready interactive, 2 ready bulk, 3 parked, 4 due, 5 record, 6 stream
-- ARGV    1 message id, 2 event (JSON), 3 ms a finished record is kept
-- Returns 1 when it was waiting, 0 when it is in flight or gone (nothing changes)
-- Atomic  because a message must not be claimed after its owner was told that it is cancelled.

local waited = 0
for i = 1, 4 do
  waited = waited + redis.call('ZREM', KEYS[i], ARGV[1])
end
if waited == 0 then
  return 0
end
redis.call('PEXPIRE', KEYS[5], ARGV[3])
redis.call('XADD', KEYS[6], '*', 'e', ARGV[2])
return 1
