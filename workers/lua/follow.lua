#!lua flags=allow-oom
-- Settle a request of a leased lane that was delivered, and clear the next one of the same sender, in one step: a crash
-- finds the one in doubt or the other, never both and never neither.
-- KEYS[1…10] see conclude and depart   KEYS[11…] see permit
-- ARGV[1…12] see conclude and depart, of a request that was sent   ARGV[13…] see permit
-- → {how many events left the lane, 1 cleared | 0 wait | -1 not ours | -2 read anew, wait (ms), now (ms)}
--@include clock
--@include book
--@include unhold
--@include conclude
--@include chunks
--@include depart
--@include permit
if redis.call('HGET', KEYS[1], 'owner') ~= ARGV[1] then return {0, -1, 0, now} end
local left = depart()
local word, wait = permit(KEYS[7], 11, 13)
return {left, word, wait, now}
