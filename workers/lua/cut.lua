#!lua flags=allow-oom
-- Read the head of a leased lane and note how many events are in flight.
-- KEYS[1] lane state   KEYS[2] lane (stream)
-- ARGV[1] owner token   ARGV[2] how many events at the most
-- → {entries as XRANGE gives them, the lane's state as HGETALL gives it}; false when the lane belongs to somebody else
if redis.call('HGET', KEYS[1], 'owner') ~= ARGV[1] then return false end
local entries = redis.call('XRANGE', KEYS[2], '-', '+', 'COUNT', ARGV[2])
redis.call('HSET', KEYS[1], 'in_flight', #entries)
return {entries, redis.call('HGETALL', KEYS[1])}
