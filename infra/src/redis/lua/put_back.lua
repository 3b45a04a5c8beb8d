-- Puts messages that were taken out of the queue (in flight, parked) back, each to its old place.
--
-- KEYS    1 owner, 2 ready interactive, 3 ready bulk, 4 where they are,
--         5 what record keys start with (the message id follows; same slot by its tag)
-- ARGV    1 epoch, 2 most messages to move
-- Returns how many were there and no longer are; call again until it is 0.
--         Error STALE when the epoch is not the owner's
-- Atomic  because a message must be in exactly one place.

if redis.call('HGET', KEYS[1], 'e') ~= ARGV[1] then
  return redis.error_reply('STALE lease')
end
local entries = redis.call('ZRANGE', KEYS[4], 0, ARGV[2] - 1, 'WITHSCORES')
for i = 1, #entries, 2 do
  local id, place = entries[i], entries[i + 1]
  local priority = redis.call('HGET', KEYS[5] .. id, 'p')
  if priority then
    redis.call('ZADD', priority == 'b' and KEYS[3] or KEYS[2], place, id)
  end
  redis.call('ZREM', KEYS[4], id)
end
return #entries / 2
