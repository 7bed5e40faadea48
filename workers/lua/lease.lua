#!lua flags=allow-oom
-- Lease the most overdue lane of a queue to one worker. The ticket that led here is used up, and while the process of who
-- gets a lane looks at the queue now and then nobody else need issue one; nor while somebody listens. What a former owner was sending and did not
-- settle is in doubt from now on, and counted so.
-- KEYS[1] agenda     lanes of the queue by when to look at them (ms)
-- KEYS[2] ticketed   mark, see ring
-- KEYS[3] hold       hash: kind, until, …
-- KEYS[4] leases     hash: owner token → lane
-- KEYS[5] revision   of the fleet's configuration
-- KEYS[6] nudges     counter: bumped when parked lanes are called back
-- KEYS[7] ledger     of the integration
-- KEYS[8] held       how long the integration was held in all (ms)
-- ARGV[1] owner token   ARGV[2] lease (ms)   ARGV[3] prefix of the lanes' state keys   ARGV[4] how soon (ms)
-- ARGV[5] how long a lane waits while another one probes a vendor that was held (ms)   ARGV[6] a ticket led here 0|1
-- ARGV[7] for how long to listen when nothing is due (ms), 0: not at all
-- → {"lane", member, revision, nudges, only a probe 0|1}
--   {"held", ms until its end}   {"idle" or "listen", ms until the earliest lane is due, or -1}
--@include clock
--@include unhold
local token, lease = ARGV[1], tonumber(ARGV[2])
local revision = redis.call('GET', KEYS[5]) or '0'
local nudges = redis.call('GET', KEYS[6]) or '0'
local hold = redis.call('HMGET', KEYS[3], 'kind', 'until')
if hold[1] == 'operator' or hold[1] == 'disabled' then
  if tonumber(hold[2]) <= now then
    unhold(KEYS[3], KEYS[8], now)
    hold = {}
  end
end
local probe = hold[1] and 1 or 0

local mine = redis.call('HGET', KEYS[4], token)
if mine then return {'lane', mine, revision, nudges, probe} end

local function take(state, member, former)
  if former then redis.call('HDEL', KEYS[4], former) end
  local flat, sending, flown, taken, doubtful = redis.call('HGETALL', state), 0, 0, 0, 0
  for i = 1, #flat, 2 do
    local name, value = flat[i], flat[i + 1]
    if string.sub(name, 1, 8) == 'sending:' then
      local takeovers, ids = string.match(value, '^(%d+) (.*)$')
      redis.call('HSET', state, 'doubt:' .. string.sub(name, 9), (takeovers + 1) .. ' ' .. ids)
      redis.call('HDEL', state, name)
      sending = sending + 1
      doubtful = doubtful + select(2, string.gsub(ids, '%S+', ''))
    elseif name == 'in_flight' then
      flown = tonumber(value)
    end
  end
  if doubtful > 0 then redis.call('HINCRBY', KEYS[7], 'in_doubt', doubtful) end
  -- Its owner vanished between reading and sending: once is chance; again, and its events go one by one to find the
  -- one that kills.
  if former and sending == 0 and flown > 0 then
    if redis.call('HINCRBY', state, 'taken', 1) > 1 then redis.call('HSET', state, 'careful', flown) end
    if flown == 1 then redis.call('HINCRBY', state, 'alone', 1) end
  end
  redis.call('HDEL', state, 'in_flight')
  redis.call('HSET', state, 'owner', token, 'until', now + lease)
  redis.call('HSET', KEYS[4], token, member)
  redis.call('ZADD', KEYS[1], now + lease, member)
end

-- Whether a lane is being worked. The lease of a worker that vanished stays noted until its lane is taken over, and
-- must not keep everybody from that.
local function is_busy()
  for _, member in ipairs(redis.call('HVALS', KEYS[4])) do
    if tonumber(redis.call('HGET', ARGV[3] .. member, 'until') or '0') > now then return true end
  end
  return false
end

if ARGV[6] == '1' or redis.call('GET', KEYS[2]) ~= '1' then redis.call('DEL', KEYS[2]) end
local due = redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', now, 'LIMIT', 0, 1000)
local wait = tonumber(hold[2] or '0')
if wait <= now and probe == 1 and is_busy() then wait = now + tonumber(ARGV[5]) end
if wait > now then
  -- A minute at the most: whoever ends the hold calls the lanes back, but it may be replaced by a shorter one.
  for _, member in ipairs(due) do redis.call('ZADD', KEYS[1], math.min(wait, now + 60000), member) end
  return {'held', wait - now}
end

for _, member in ipairs(due) do
  local state = ARGV[3] .. member
  local owner = redis.call('HMGET', state, 'owner', 'until')
  if owner[1] and tonumber(owner[2]) > now then
    redis.call('ZADD', KEYS[1], owner[2], member)
  else
    take(state, member, owner[1])
    redis.call('SET', KEYS[2], 'attended', 'NX', 'PX', ARGV[4])
    return {'lane', member, revision, nudges, probe}
  end
end
local next_due = redis.call('ZRANGE', KEYS[1], 0, 0, 'WITHSCORES')
local listens = ARGV[7] ~= '0' and redis.call('SET', KEYS[2], 'listening', 'NX', 'PX', ARGV[7])
return {listens and 'listen' or 'idle', next_due[2] and math.max(0, next_due[2] - now) or -1}
