-- Promotes what has come due, then moves messages from the head of a lane to in flight.
--
-- KEYS    1 owner, 2 ready interactive, 3 ready bulk, 4 in flight, 5 due, 6 hold,
--         7 parked, 8 pause, 9 what record keys start with (the message id follows; same slot by its tag)
-- ARGV    1 epoch, 2 now in ms, 3 most messages to promote, 4 '1' when bulk messages may be taken,
--         5 most messages to take
-- Returns {1, then for each message its id, message (JSON), attempt}, or {0, ms when to look again or nil}
--         (nil too while the lane is paused);
--         error STALE when the epoch is not the owner's
-- Atomic  because a message must be in exactly one place, and a former owner must get none.

if redis.call('HGET', KEYS[1], 'e') ~= ARGV[1] then
  return redis.error_reply('STALE lease')
end
local now = tonumber(ARGV[2])

local function last_place(key)
  return tonumber(redis.call('ZRANGE', key, -1, -1, 'WITHSCORES')[2] or 0)
end

local due = redis.call('ZRANGEBYSCORE', KEYS[5], '-inf', ARGV[2], 'LIMIT', 0, ARGV[3])
if #due > 0 then
  local place = math.max(last_place(KEYS[2]), last_place(KEYS[3]), last_place(KEYS[4]), last_place(KEYS[7]))
  for _, id in ipairs(due) do
    local priority = redis.call('HGET', KEYS[9] .. id, 'p')
    if priority then
      place = place + 1
      redis.call('ZADD', priority == 'i' and KEYS[2] or KEYS[3], place, id)
    end
    redis.call('ZREM', KEYS[5], id)
  end
end

local function next_due(earliest)
  local head = redis.call('ZRANGE', KEYS[5], 0, 0, 'WITHSCORES')[2]
  return head and math.max(tonumber(head), earliest)
end

if redis.call('EXISTS', KEYS[8]) == 1 then
  return { 0 }
end
local hold = tonumber(redis.call('GET', KEYS[6]) or 0)
if hold > now then
  local waiting = redis.call('ZCARD', KEYS[2]) + redis.call('ZCARD', KEYS[3])
  return { 0, waiting > 0 and hold or next_due(hold) }
end
if hold > 0 then
  redis.call('DEL', KEYS[6])
end

local taken = { 1 }
local full = 1 + 3 * tonumber(ARGV[5])
for i = 2, ARGV[4] == '1' and 3 or 2 do
  while #taken < full do
    local head = redis.call('ZPOPMIN', KEYS[i])
    if not head[1] then
      break
    end
    local record = KEYS[9] .. head[1]
    local message = redis.call('HGET', record, 'm')
    if message then
      redis.call('ZADD', KEYS[4], head[2], head[1])
      taken[#taken + 1] = head[1]
      taken[#taken + 1] = message
      taken[#taken + 1] = redis.call('HINCRBY', record, 'a', 1)
    end
  end
end
if #taken > 1 then
  return taken
end
return { 0, next_due(0) }
