#!lua flags=allow-oom
-- Settle events of a leased lane: one fate for all of them, counted as they leave the lane.
-- KEYS[1…10], ARGV[1…] see conclude and depart
-- → how many events left the lane; -1 the lane is not ours; -2 there is no room for dead letters
--@include clock
--@include book
--@include unhold
--@include conclude
--@include chunks
--@include remove
--@include depart
if redis.call('HGET', KEYS[1], 'owner') ~= ARGV[1] then return -1 end
if dies and redis.call('XLEN', KEYS[6]) + ARGV[10] > tonumber(ARGV[8]) then return -2 end
return depart()
