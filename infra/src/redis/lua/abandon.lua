-- Gives an idempotency key back after a failure that changed nothing.
--
-- KEYS    1 the key's record
-- ARGV    none
-- Returns 1, or 0 when the request was answered (the answer stays)
-- Atomic  because an answer must not be forgotten.

if redis.call('HEXISTS', KEYS[1], 'd') == 1 then
  return 0
end
redis.call('DEL', KEYS[1])
return 1
