-- Counts a try of something that could be guessed, unless there were too many.
--
-- KEYS    1 the mark of a known origin, 2 hash of one origin's tries, 3 hash of everybody's tries, or none;
--         a hash holds how many (n) and until when there may be none (u, in ms)
-- ARGV    1 ms a count is kept, then for each hash: free tries, ms of the first pause, ms of the longest
-- Returns ms to wait; 0 when the try was counted and may go on
-- Atomic  because of many tries at once no more may go on than are free.

local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
-- who got in from there before does not wait for what strangers try from elsewhere
local last = redis.call('EXISTS', KEYS[1]) == 1 and 2 or #KEYS

local wait = 0
for i = 2, last do
  local until_ms = tonumber(redis.call('HGET', KEYS[i], 'u') or 0)
  wait = math.max(wait, until_ms - now)
end
if wait > 0 then
  return wait
end
for i = 2, last do
  local at = 2 + (i - 2) * 3
  local free, first, longest = tonumber(ARGV[at]), tonumber(ARGV[at + 1]), tonumber(ARGV[at + 2])
  local count = redis.call('HINCRBY', KEYS[i], 'n', 1)
  if count >= free then
    local pause = math.min(longest, first * 2 ^ math.min(count - free, 30))
    redis.call('HSET', KEYS[i], 'u', string.format('%.0f', now + pause))
  end
  redis.call('PEXPIRE', KEYS[i], ARGV[1])
end
return 0
