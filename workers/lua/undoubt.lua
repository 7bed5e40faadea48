#!lua flags=allow-oom
-- Note that a request's fate is in doubt no longer: it was refused, or none of its events is there any more.
-- KEYS[1] lane state   ARGV[1] owner token   ARGV[2] key of the request
-- → 1 forgotten, 0 it was not there, -1 the lane is not ours
if redis.call('HGET', KEYS[1], 'owner') ~= ARGV[1] then return -1 end
return redis.call('HDEL', KEYS[1], 'sending:' .. ARGV[2], 'doubt:' .. ARGV[2])
