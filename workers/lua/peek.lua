#!lua flags=allow-oom
-- Look at the head of a leased lane before it is read: how much, what a former owner left in flight, and who must not
-- overtake whom. The events themselves are read by XRANGE: passing them through a script costs the server six times that.
-- KEYS[1] lane state   KEYS[2] lane (stream)   KEYS[3] barrier (hash: person → groups aside)
-- ARGV[1] owner token   ARGV[2] how many events at the most
-- → {how many to read, the lane's state and the barrier as HGETALL gives them, now (ms)}; false: not ours
--@include clock
if redis.call('HGET', KEYS[1], 'owner') ~= ARGV[1] then return false end
local count = redis.call('HEXISTS', KEYS[1], 'careful') == 1 and 1 or tonumber(ARGV[2])
count = math.min(count, redis.call('EXISTS', KEYS[2]) == 1 and redis.call('XLEN', KEYS[2]) or 0)
redis.call('HSET', KEYS[1], 'in_flight', count)
return {count, redis.call('HGETALL', KEYS[1]), redis.call('HGETALL', KEYS[3]), now}
