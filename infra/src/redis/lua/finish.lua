-- Stores the answer to a request under its idempotency key.
--
-- KEYS    1 the key's record
-- ARGV    1 answer (JSON)
-- Returns 1, or 0 when the record is gone
-- Atomic  because an answer without the request's fingerprint would be given to any request.

if redis.call('EXISTS', KEYS[1]) == 0 then
  return 0
end
redis.call('HSET', KEYS[1], 'd', ARGV[1])
return 1
