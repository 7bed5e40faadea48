#!lua flags=allow-oom
-- Look at the head of a leased lane before it is read: how much, what a former owner left in flight, and who must not
-- overtake whom. Few events are given at once; more are read by XRANGE: through a script they cost the server six times that.
-- KEYS[1] lane state   KEYS[2] lane (stream)   KEYS[3] barrier (hash: person → groups aside)
-- ARGV[1] owner token   ARGV[2] how many events at the most
-- → {how many to read, the lane's state and the barrier as HGETALL gives them, now (ms), few events as XRANGE gives them};
--   false: not ours
--@include clock
if redis.call('HGET', KEYS[1], 'owner') ~= ARGV[1] then return false end
local count = redis.call('HEXISTS', KEYS[1], 'careful') == 1 and 1 or tonumber(ARGV[2])
count = math.min(count, redis.call('EXISTS', KEYS[2]) == 1 and redis.call('XLEN', KEYS[2]) or 0)
redis.call('HSET', KEYS[1], 'in_flight', count)
local few = count > 0 and count <= 8 and redis.call('XRANGE', KEYS[2], '-', '+', 'COUNT', count) or {}
return {count, redis.call('HGETALL', KEYS[1]), redis.call('HGETALL', KEYS[3]), now, few}
