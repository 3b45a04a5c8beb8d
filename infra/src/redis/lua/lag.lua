-- Counts the entries of a stream that a group has not acknowledged.
--
-- KEYS    1 stream
-- ARGV    1 name of the group
-- Returns how many; all there are when Redis cannot tell how many the group has not seen
-- Atomic  because an entry must not be counted twice while it is being taken.

if redis.call('EXISTS', KEYS[1]) == 0 then
  return 0
end
for _, flat in ipairs(redis.call('XINFO', 'GROUPS', KEYS[1])) do
  local group = {}
  for i = 1, #flat, 2 do
    group[flat[i]] = flat[i + 1]
  end
  if group['name'] == ARGV[1] and group['lag'] then
    return group['pending'] + group['lag']
  end
end
return redis.call('XLEN', KEYS[1])
