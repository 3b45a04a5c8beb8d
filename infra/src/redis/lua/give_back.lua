-- Gives back what was taken of quotas and not used, as long as their period lasts.
--
-- KEYS    for each quota a hash: when its period began (b, in ms), how many are used of it (u)
-- ARGV    for each quota two: when the period began in which they were taken, how many
-- Returns nothing
-- Atomic  because a period that begins between the look and the change would get what was taken of another.

for i, key in ipairs(KEYS) do
  local known = redis.call('HMGET', key, 'b', 'u')
  if known[1] == ARGV[i * 2 - 1] then
    local used = math.max(0, known[2] - ARGV[i * 2])
    redis.call('HSET', key, 'u', string.format('%.0f', used))
  end
end
