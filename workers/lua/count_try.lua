#!lua flags=allow-oom
-- Count one more wrong try, within a stretch of time that begins with the first.
-- KEYS[1] tries (number)   ARGV[1] the stretch (ms)
-- → tries so far
local tries = redis.call('INCR', KEYS[1])
if tries == 1 then redis.call('PEXPIRE', KEYS[1], ARGV[1]) end
return tries
