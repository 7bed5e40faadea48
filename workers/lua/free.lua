#!lua flags=allow-oom
-- Release an integration: end its hold, call every parked lane back, say whether a ticket is needed.
-- KEYS[1] hold   KEYS[2] cleared   KEYS[3] nudges   KEYS[4] agenda   KEYS[5] ticketed   KEYS[6] held (ms in all)
-- ARGV[1] mark's time-to-live (ms)   ARGV[2] kinds of hold to end, comma-separated
-- ARGV[3] prefix of the side lanes' due times
-- → {a hold was ended 0|1, publish a ticket 0|1}
--@include clock
--@include recall
--@include unhold
local kind = redis.call('HGET', KEYS[1], 'kind')
local ended = 0
if kind and string.find(',' .. ARGV[2] .. ',', ',' .. kind .. ',', 1, true) then
  ended = unhold(KEYS[1], KEYS[6], now)
end
redis.call('SET', KEYS[2], now)
redis.call('INCR', KEYS[3])
recall(KEYS[4], ARGV[3], now)
if redis.call('EXISTS', KEYS[4]) == 1 and redis.call('SET', KEYS[5], '1', 'NX', 'PX', ARGV[1]) then return {ended, 1} end
return {ended, 0}
