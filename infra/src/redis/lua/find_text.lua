-- Finds keys that have a text in their name or in what they hold; for tests.
--
-- KEYS    none: it walks through all there are
-- ARGV    1 prefix of the keys, 2 the text
-- Returns the names
-- Atomic  because what is looked for must not move meanwhile. Not for a cluster.

local found, cursor = {}, '0'
repeat
  local page = redis.call('SCAN', cursor, 'MATCH', ARGV[1] .. '*', 'COUNT', 1000)
  cursor = page[1]
  for _, key in ipairs(page[2]) do
    local kind = redis.call('TYPE', key)['ok']
    local held
    if kind == 'stream' then
      held = cjson.encode(redis.call('XRANGE', key, '-', '+'))
    elseif kind == 'string' then
      held = redis.call('GET', key)
    elseif kind == 'hash' then
      held = cjson.encode(redis.call('HGETALL', key))
    elseif kind == 'zset' then
      held = cjson.encode(redis.call('ZRANGE', key, 0, -1))
    elseif kind == 'list' then
      held = cjson.encode(redis.call('LRANGE', key, 0, -1))
    else
      held = cjson.encode(redis.call('SMEMBERS', key))
    end
    if string.find(key, ARGV[2], 1, true) or string.find(held, ARGV[2], 1, true) then
      found[#found + 1] = key
    end
  end
until cursor == '0'
return found
