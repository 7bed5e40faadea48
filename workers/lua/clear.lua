#!lua flags=allow-oom
-- Clear one request for take-off: its place in the flight is stored, the limiter asked, and it counts as being sent.
-- KEYS[1] lane state   KEYS[2] hold   KEYS[3…] see permits
-- ARGV[1] owner token, '' for a request that no lane knows of   ARGV[2] request's mark   ARGV[3] takeovers and entry ids
-- ARGV[4] forgettings when its events were read, ''   ARGV[5…] see permits
-- → {1 cleared | 0 wait | -1 not ours | -2 read anew, wait (ms; when cleared: before it leaves), now (ms)}
--@include clock
--@include permit
if ARGV[1] ~= '' and redis.call('HGET', KEYS[1], 'owner') ~= ARGV[1] then return {-1, 0, now} end
if forgotten(KEYS[4], ARGV[4]) then return {-2, 0, now} end
local cleared, wait, leave = permits(KEYS[2], 3, 5, 1)
if cleared == 1 and ARGV[1] ~= '' then note(KEYS[1], ARGV[2], ARGV[3]) end
return {cleared, leave[1] or wait, now}
