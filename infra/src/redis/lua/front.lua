-- Lists the messages of a lane that leave first.
--
-- KEYS    1 ready interactive, 2 ready bulk, 3 in flight,
--         4 what record keys start with (the message id follows; same slot by its tag)
-- ARGV    1 most messages to list
-- Returns how many are in flight, then for each message, those in flight first, its id and how often it was claimed
-- Atomic  because the places told must be those of one moment.

local left = tonumber(ARGV[1])
local front = { redis.call('ZCARD', KEYS[3]) }
for _, key in ipairs({ KEYS[3], KEYS[1], KEYS[2] }) do
  local ids = left > 0 and redis.call('ZRANGE', key, 0, left - 1) or {}
  for _, id in ipairs(ids) do
    front[#front + 1] = id
    front[#front + 1] = tonumber(redis.call('HGET', KEYS[4] .. id, 'a') or 0)
  end
  left = left - #ids
end
return front
