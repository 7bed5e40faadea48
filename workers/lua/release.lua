#!lua flags=allow-oom
-- Give a lane back: forget it when empty, park it when asked to, else offer it to the next worker.
-- KEYS[1] lane state   KEYS[2] lane (stream)   KEYS[3] agenda   KEYS[4] ticketed   KEYS[5] leases   KEYS[6] nudges
-- ARGV[1] owner token   ARGV[2] lane member   ARGV[3] park for (ms, 0 = not at all)
-- ARGV[4] nudges seen when the lane was leased: a later nudge overrules the parking   ARGV[5] mark's time-to-live (ms)
-- → {publish a ticket 0|1, due (ms) or 0 when the lane is empty}; {-1, 0} the lane belongs to somebody else
if redis.call('HGET', KEYS[1], 'owner') ~= ARGV[1] then return {-1, 0} end
redis.call('HDEL', KEYS[1], 'owner', 'until', 'in_flight')
redis.call('HDEL', KEYS[5], ARGV[1])
if redis.call('XLEN', KEYS[2]) == 0 then
  redis.call('ZREM', KEYS[3], ARGV[2])
  return {0, 0}
end
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local due = now
if (redis.call('GET', KEYS[6]) or '0') == ARGV[4] then due = now + tonumber(ARGV[3]) end
redis.call('ZADD', KEYS[3], due, ARGV[2])
if due <= now and redis.call('SET', KEYS[4], '1', 'NX', 'PX', ARGV[5]) then return {1, due} end
return {0, due}
