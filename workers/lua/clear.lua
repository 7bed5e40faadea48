#!lua flags=allow-oom
-- Clear one request for take-off: its place in the flight is stored, the limiter asked, and it counts as being sent.
-- KEYS[1] lane state   KEYS[2] hold   KEYS[3…] see permit
-- ARGV[1] owner token, '' for a request that no lane knows of   ARGV[2…] see permit
-- → {1 cleared | 0 wait | -1 not ours | -2 read anew, wait (ms), now (ms)}
--@include clock
--@include permit
if ARGV[1] ~= '' and redis.call('HGET', KEYS[1], 'owner') ~= ARGV[1] then return {-1, 0, now} end
local word, wait = permit(KEYS[2], 3, 2)
return {word, wait, now}
