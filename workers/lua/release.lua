#!lua flags=allow-oom
-- Give a lane back: forget it when empty, park it when asked to, else it is due at once. Who gives it back looks on.
-- KEYS[1] lane state   KEYS[2] agenda   KEYS[3] leases   KEYS[4] nudges
-- KEYS[5] what waits: the lane (stream), or the due times of a side lane (sorted set)
-- KEYS[6] timing (hash)   KEYS[7] stumbles (hash: lane → how often in a row, and the last error, as JSON)
-- ARGV[1] owner token   ARGV[2] lane member   ARGV[3] park for (ms, 0 = not at all)
-- ARGV[4] nudges seen when the lane was leased: a later nudge overrules the parking
-- ARGV[5] the exception nobody foresaw that ended the work, or '': the lane rests 1 s, 2 s, 4 s, … a minute at the most
-- ARGV[6…] fields of the timing, each with what to add to it
-- → {ms until the lane is due, or -1 when it is empty, stumbles in a row}; {-1, 0} the lane belongs to somebody else
--@include clock
if redis.call('HGET', KEYS[1], 'owner') ~= ARGV[1] then return {-1, 0} end
redis.call('HDEL', KEYS[1], 'owner', 'until', 'in_flight')
redis.call('HDEL', KEYS[3], ARGV[1])
if ARGV[3] == '0' then redis.call('HDEL', KEYS[1], 'limited') else redis.call('HSETNX', KEYS[1], 'limited', now) end
for i = 6, #ARGV, 2 do redis.call('HINCRBY', KEYS[6], ARGV[i], ARGV[i + 1]) end

local park, times = tonumber(ARGV[3]), 0
if ARGV[5] == '' then
  redis.call('HDEL', KEYS[7], ARGV[2])
else
  local before = redis.call('HGET', KEYS[7], ARGV[2])
  times = (before and cjson.decode(before).times or 0) + 1
  redis.call('HSET', KEYS[7], ARGV[2], cjson.encode({times = times, error = ARGV[5]}))
  park = math.max(park, math.min(60000, 1000 * 2 ^ math.min(times - 1, 6)))
end

local due
if redis.call('TYPE', KEYS[5])['ok'] == 'zset' then
  due = tonumber(redis.call('ZRANGE', KEYS[5], 0, 0, 'WITHSCORES')[2])
elseif redis.call('EXISTS', KEYS[5]) == 1 and redis.call('XLEN', KEYS[5]) > 0 then
  due = now
end
if not due then
  redis.call('ZREM', KEYS[2], ARGV[2])
  redis.call('HDEL', KEYS[1], 'limited')
  return {-1, times}
end
if (redis.call('GET', KEYS[4]) or '0') == ARGV[4] then due = math.max(due, now + park) end
redis.call('ZADD', KEYS[2], due, ARGV[2])
return {math.max(0, due - now), times}
