-- Uses things up of several subjects of one payer, all that is needed or nothing, and hands out some more ahead.
--
-- KEYS    for each subject: of a rate a string, the moment at which everything will have refilled, in µs;
--         of a quota a hash, when its period began (b, in ms) and how many are used of it (u)
-- ARGV    for each subject nine: 'rate', need, most ahead, µs in which one refills, µs that may be used ahead, four empty;
--         or 'quota', need, most ahead, amount, part of what is left that may be taken ahead (1/n),
--         beginnings of four periods in ms, one after the other
-- Returns 1 when all was taken, else 0; then for each subject five: taken, left, µs until all is there again,
--         µs after which the need can be met (0: now, -1: never), when the period began in ms
-- Atomic  because what is taken of one subject while another refuses would be lost, and two takers of the
--         last thing would both get it.

local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
local WIDTH = 9

local function rate(key, need, interval, tolerance)
  local full_at = math.max(tonumber(redis.call('GET', key) or 0), now)
  local ahead = full_at - now
  local retry = 0
  if need * interval > tolerance then
    retry = -1
  elseif ahead + need * interval > tolerance then
    retry = ahead + need * interval - tolerance
  end
  return { full_at = full_at, room = math.max(0, math.floor((tolerance - ahead) / interval)), retry = retry }
end

local function quota(key, need, amount, at)
  local began, ends
  for i = at, at + 2 do
    if now >= ARGV[i] * 1000 and now < ARGV[i + 1] * 1000 then
      began, ends = tonumber(ARGV[i]), ARGV[i + 1] * 1000
    end
  end
  if not began then
    return nil
  end
  local known = redis.call('HMGET', key, 'b', 'u')
  local used = tonumber(known[1] or 0) == began and tonumber(known[2]) or 0
  local retry = 0
  if need > amount then
    retry = -1
  elseif used + need > amount then
    retry = ends - now
  end
  return { began = began, ends = ends, used = used, room = math.max(0, amount - used), retry = retry }
end

local subjects, allowed = {}, true
for i, key in ipairs(KEYS) do
  local at = (i - 1) * WIDTH
  local need, first, second = tonumber(ARGV[at + 2]), tonumber(ARGV[at + 4]), tonumber(ARGV[at + 5])
  local subject
  if ARGV[at + 1] == 'rate' then
    subject = rate(key, need, first, second)
  else
    subject = quota(key, need, first, at + 6)
  end
  if not subject then
    return redis.error_reply('ERR the clocks of Redis and of the caller are more than a day apart')
  end
  allowed = allowed and subject.retry == 0
  subjects[i] = subject
end

local answer = { allowed and 1 or 0 }
for i, key in ipairs(KEYS) do
  local at = (i - 1) * WIDTH
  local need, most, subject = tonumber(ARGV[at + 2]), tonumber(ARGV[at + 3]), subjects[i]
  local taken = 0
  if ARGV[at + 1] == 'rate' then
    if allowed then
      taken = need + math.min(most, subject.room - need)
      subject.full_at = subject.full_at + taken * ARGV[at + 4]
      if taken > 0 then
        local lasts = math.ceil((subject.full_at - now) / 1000) + 1
        redis.call('SET', key, string.format('%.0f', subject.full_at), 'PX', string.format('%.0f', lasts))
      end
    end
    subject.resets = subject.full_at - now
  else
    if allowed then
      taken = need + math.min(most, math.floor((subject.room - need) / ARGV[at + 5]))
      if taken > 0 then
        redis.call('HSET', key, 'b', string.format('%.0f', subject.began), 'u',
          string.format('%.0f', subject.used + taken))
        redis.call('PEXPIREAT', key, string.format('%.0f', subject.ends / 1000))
      end
    end
    subject.resets = subject.ends - now
  end
  for _, number in ipairs({ taken, subject.room - taken, subject.resets, subject.retry, subject.began or 0 }) do
    answer[#answer + 1] = number
  end
end
return answer
