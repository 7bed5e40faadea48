#!lua flags=allow-oom
-- Write down how full Redis is, for enqueue and the router to heed, and that a worker beats. Not in a fleet that is not
-- installed yet.
-- KEYS[1] fleet   ARGV[1] percent of maxmemory used
-- → 1 written down, 0 there is no fleet
--@include clock
if redis.call('EXISTS', KEYS[1]) == 0 then return 0 end
redis.call('HSET', KEYS[1], 'memory', ARGV[1], 'beat', now)
return 1
