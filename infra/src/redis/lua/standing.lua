-- Tells a message that waits or is in flight, and where it is.
--
-- KEYS    1 ready interactive, 2 ready bulk, 3 in flight, 4 parked, 5 due, 6 record
-- ARGV    1 message id
-- Returns {message (JSON), how often it was claimed, place, number}: place is 'ready' (number: how many leave
--         before it), 'due' (when, in ms), 'parked' (until when, in ms) or 'in_flight' (0); {} when it is nowhere
-- Atomic  because a message that moves while it is looked for would be found twice or not at all.

local id = ARGV[1]
local record = redis.call('HMGET', KEYS[6], 'm', 'a', 'u')
if not record[1] then
  return {}
end
local attempts = tonumber(record[2] or 0)

local function answer(place, number)
  return { record[1], attempts, place, number }
end

local in_flight = redis.call('ZCARD', KEYS[3])
local rank = redis.call('ZRANK', KEYS[1], id)
if rank then
  return answer('ready', in_flight + rank)
end
rank = redis.call('ZRANK', KEYS[2], id)
if rank then
  return answer('ready', in_flight + redis.call('ZCARD', KEYS[1]) + rank)
end
if redis.call('ZSCORE', KEYS[3], id) then
  return answer('in_flight', 0)
end
local due = redis.call('ZSCORE', KEYS[5], id)
if due then
  return answer('due', tonumber(due))
end
if redis.call('ZSCORE', KEYS[4], id) then
  return answer('parked', tonumber(record[3] or 0))
end
return {}
