-- Tells when the oldest entry of a stream was appended that a group has not acknowledged.
--
-- KEYS    1 stream
-- ARGV    1 name of the group
-- Returns the moment in ms by Redis' clock, or -1 when the group has acknowledged everything
-- Atomic  because an entry must not slip from those that wait to those that are taken unseen.

local function moment(id)
  return tonumber(string.match(id, '^%d+'))
end

if redis.call('EXISTS', KEYS[1]) == 0 then
  return -1
end
local after = '-'
for _, flat in ipairs(redis.call('XINFO', 'GROUPS', KEYS[1])) do
  local group = {}
  for i = 1, #flat, 2 do
    group[flat[i]] = flat[i + 1]
  end
  if group['name'] == ARGV[1] then
    if group['pending'] > 0 then
      return moment(redis.call('XPENDING', KEYS[1], ARGV[1])[2])
    end
    after = '(' .. group['last-delivered-id']
  end
end
local next = redis.call('XRANGE', KEYS[1], after, '+', 'COUNT', 1)[1]
return next and moment(next[1]) or -1
