-- Lists waiting messages of a chat or a campaign, from the end of one of a lane's sets.
--
-- KEYS    1 ready, parked or due, 2 what record keys start with (the message id follows; same slot by its tag)
-- ARGV    1 chat or '', 2 campaign or '', 3 how many from the end were looked at, 4 most to look at
-- Returns how many were looked at, then the ids that fit
-- Atomic  because what is looked at must be one moment's; between calls messages may go (at the head)
--         or come (at the end), so some are listed twice and none that stays is left out.

local ids = redis.call('ZREVRANGE', KEYS[1], ARGV[3], ARGV[3] + ARGV[4] - 1)
local found = { #ids }
for _, id in ipairs(ids) do
  local record = redis.call('HMGET', KEYS[2] .. id, 'c', 'g')
  if (ARGV[1] == '' or record[1] == ARGV[1]) and (ARGV[2] == '' or record[2] == ARGV[2]) then
    found[#found + 1] = id
  end
end
return found
