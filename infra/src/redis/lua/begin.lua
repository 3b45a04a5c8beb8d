-- Looks an idempotency key up or takes it.
--
-- KEYS    1 the key's record: fingerprint (f), seed (s), end of the running attempt in ms (r), answer (d)
-- ARGV    1 fingerprint, 2 seed if new, 3 ms an attempt may run, 4 ms the record is kept
-- Returns {fresh, seed}, {done, answer}, {running} or {mismatch}
-- Atomic  because of two requests at the same moment one must be told that the other is running.

local record = redis.call('HMGET', KEYS[1], 'f', 's', 'r', 'd')
local fingerprint, seed, running_until, answer = record[1], record[2], record[3], record[4]
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)

if fingerprint and fingerprint ~= ARGV[1] then
  return { 'mismatch' }
elseif answer then
  return { 'done', answer }
elseif fingerprint and tonumber(running_until) > now then
  return { 'running' }
end
-- the first of its kind, or the first attempt vanished: the next one makes the same things
seed = seed or ARGV[2]
redis.call('HSET', KEYS[1], 'f', ARGV[1], 's', seed, 'r', string.format('%.0f', now + ARGV[3]))
if not fingerprint then
  redis.call('PEXPIRE', KEYS[1], ARGV[4])
end
return { 'fresh', seed }
