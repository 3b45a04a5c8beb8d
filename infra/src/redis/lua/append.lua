-- Appends events of one session to its shard's stream.
--
-- KEYS    1 owner, 2 stream
-- ARGV    1 epoch or '' (not checked), 2… events (JSON)
-- Returns how many were appended; error STALE when the epoch is not the owner's
-- Atomic  because a session must not change hands between the check and the last event.

if ARGV[1] ~= '' and redis.call('HGET', KEYS[1], 'e') ~= ARGV[1] then
  return redis.error_reply('STALE lease')
end
for i = 2, #ARGV do
  redis.call('XADD', KEYS[2], '*', 'e', ARGV[i])
end
return #ARGV - 1
