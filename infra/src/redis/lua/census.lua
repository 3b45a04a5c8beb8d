-- Counts what is kept; for tests.
--
-- KEYS    none: it walks through all there are
-- ARGV    1 prefix of the keys, 2 'end' to drop those that have an end of life, as if it had come
-- Returns {keys with an end of life, bytes in use, keys that live for ever …}
-- Atomic  because what is counted must not move meanwhile. Not for a cluster.

local answer, cursor = { 0, 0 }, '0'
repeat
  local page = redis.call('SCAN', cursor, 'MATCH', ARGV[1] .. '*', 'COUNT', 1000)
  cursor = page[1]
  for _, key in ipairs(page[2]) do
    if redis.call('PTTL', key) < 0 then
      answer[#answer + 1] = key
    else
      answer[1] = answer[1] + 1
      if ARGV[2] == 'end' then
        redis.call('DEL', key)
      end
    end
  end
until cursor == '0'
answer[2] = tonumber(string.match(redis.call('INFO', 'memory'), 'used_memory:(%d+)'))
return answer
