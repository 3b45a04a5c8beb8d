-- Drops entries of a stream that every group has acknowledged, and consumers that are long gone.
--
-- KEYS    1 stream
-- ARGV    1 most entries to drop at a time, 2 ms after which an idle consumer that holds nothing is
--         forgotten, 3… names of the groups
-- Returns how many entries were dropped; call again until it is 0
-- Atomic  because a group must not take an entry between the look and the cut.

if redis.call('EXISTS', KEYS[1]) == 0 then
  return 0
end
local function parts(id)
  local ms, seq = string.match(id, '^(%d+)-(%d+)$')
  return tonumber(ms), tonumber(seq)
end
local groups = {}
for _, flat in ipairs(redis.call('XINFO', 'GROUPS', KEYS[1])) do
  local group = {}
  for i = 1, #flat, 2 do
    group[flat[i]] = flat[i + 1]
  end
  groups[group['name']] = group
end

local ms, seq
for i = 3, #ARGV do
  local group = groups[ARGV[i]]
  if not group then
    -- it has not read anything yet
    return 0
  end
  local group_ms, group_seq
  if group['pending'] > 0 then
    group_ms, group_seq = parts(redis.call('XPENDING', KEYS[1], ARGV[i])[2])
  else
    group_ms, group_seq = parts(group['last-delivered-id'])
    group_seq = group_seq + 1
  end
  if not ms or group_ms < ms or (group_ms == ms and group_seq < seq) then
    ms, seq = group_ms, group_seq
  end
  for _, flat in ipairs(redis.call('XINFO', 'CONSUMERS', KEYS[1], ARGV[i])) do
    -- name, <name>, pending, <count>, idle, <ms>
    if flat[4] == 0 and flat[6] > tonumber(ARGV[2]) then
      redis.call('XGROUP', 'DELCONSUMER', KEYS[1], ARGV[i], flat[2])
    end
  end
end
local keep_from = string.format('%.0f-%.0f', ms, seq)

-- whole nodes first, which is cheap and can be bounded; the last, partly acknowledged node is short
local dropped = redis.call('XTRIM', KEYS[1], 'MINID', '~', keep_from, 'LIMIT', ARGV[1])
if dropped == 0 then
  dropped = redis.call('XTRIM', KEYS[1], 'MINID', '=', keep_from)
end
return dropped
