#!lua flags=allow-oom
-- Look at the head of a leased inbox lane before it is read: how much, when, was anybody forgotten, is Redis full. The
-- events themselves are read by XRANGE: passing them through a script costs the server four times that.
-- KEYS[1] lane state   KEYS[2] lane (stream)   KEYS[3] forgettings   KEYS[4] tombstones   KEYS[5] fleet
-- ARGV[1] owner token   ARGV[2] how many events at the most
-- → {how many to read, now (ms), forgettings until now, are there tombstones 0|1, memory used (percent)}; false: not ours
--@include clock
if redis.call('HGET', KEYS[1], 'owner') ~= ARGV[1] then return false end
local count = redis.call('HEXISTS', KEYS[1], 'careful') == 1 and 1 or tonumber(ARGV[2])
count = math.min(count, redis.call('XLEN', KEYS[2]))
redis.call('HSET', KEYS[1], 'in_flight', count)
local forgettings, tombstones = redis.call('GET', KEYS[3]) or '0', redis.call('EXISTS', KEYS[4])
return {count, now, forgettings, tombstones, redis.call('HGET', KEYS[5], 'memory') or '0'}
