#!lua flags=allow-oom
-- Lease the most overdue lane of a queue to one worker. The ticket that led here is used up.
-- KEYS[1] agenda     lanes of the queue by when to look at them (ms)
-- KEYS[2] ticketed   mark: a ticket is on its way
-- KEYS[3] hold       hash: kind, until, …
-- KEYS[4] leases     hash: owner token → lane
-- KEYS[5] revision   of the fleet's configuration
-- KEYS[6] nudges     counter: bumped when parked lanes are called back
-- ARGV[1] owner token   ARGV[2] lease (ms)   ARGV[3] prefix of the lanes' state keys   ARGV[4] mark's time-to-live (ms)
-- → {"lane", member, publish a ticket 0|1, revision, nudges}
--   {"held", ms until its end}   {"idle", ms until the earliest lane is due, or -1}
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local token, lease = ARGV[1], tonumber(ARGV[2])
local revision = redis.call('GET', KEYS[5]) or '0'
local nudges = redis.call('GET', KEYS[6]) or '0'

local mine = redis.call('HGET', KEYS[4], token)
if mine then return {'lane', mine, 0, revision, nudges} end

redis.call('DEL', KEYS[2])
local due = redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', now, 'LIMIT', 0, 1000)
local held = tonumber(redis.call('HGET', KEYS[3], 'until') or '0')
if held > now then
  -- A minute at the most: whoever ends the hold calls the lanes back, but it may be replaced by a shorter one.
  for _, member in ipairs(due) do redis.call('ZADD', KEYS[1], math.min(held, now + 60000), member) end
  return {'held', held - now}
end

local taken
for _, member in ipairs(due) do
  local state = ARGV[3] .. member
  local owner = redis.call('HMGET', state, 'owner', 'until')
  if owner[1] and tonumber(owner[2]) > now then
    redis.call('ZADD', KEYS[1], owner[2], member)
  elseif taken then
    local wanted = redis.call('SET', KEYS[2], '1', 'NX', 'PX', ARGV[4])
    return {'lane', taken, wanted and 1 or 0, revision, nudges}
  else
    if owner[1] then redis.call('HDEL', KEYS[4], owner[1]) end
    redis.call('HDEL', state, 'in_flight')
    redis.call('HSET', state, 'owner', token, 'until', now + lease)
    redis.call('HSET', KEYS[4], token, member)
    redis.call('ZADD', KEYS[1], now + lease, member)
    taken = member
  end
end
if taken then return {'lane', taken, 0, revision, nudges} end
local next_due = redis.call('ZRANGE', KEYS[1], 0, 0, 'WITHSCORES')
return {'idle', next_due[2] and math.max(0, next_due[2] - now) or -1}
