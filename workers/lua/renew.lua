#!lua flags=allow-oom
-- Prolong a lease.
-- KEYS[1] lane state   KEYS[2] agenda
-- ARGV[1] owner token   ARGV[2] lane member   ARGV[3] lease (ms)
-- → 1 renewed, 0 the lane belongs to somebody else
if redis.call('HGET', KEYS[1], 'owner') ~= ARGV[1] then return 0 end
local time = redis.call('TIME')
local till = time[1] * 1000 + math.floor(time[2] / 1000) + tonumber(ARGV[3])
redis.call('HSET', KEYS[1], 'until', till)
redis.call('ZADD', KEYS[2], till, ARGV[2])
return 1
