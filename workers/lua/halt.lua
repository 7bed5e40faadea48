#!lua flags=allow-oom
-- Hold an integration because an operator says so.
-- KEYS[1] hold   KEYS[2] held (ms in all)
-- ARGV[1] kind   ARGV[2] for how long (ms)   ARGV[3] reason   ARGV[4] hint
-- One of the same kind as before goes on from where that began.
-- → until (ms); 0 when the configuration disables it: only that may end such a hold
--@include clock
--@include unhold
if redis.call('HGET', KEYS[1], 'kind') == 'disabled' then return 0 end
local hold = redis.call('HMGET', KEYS[1], 'kind', 'began')
local began = hold[1] == ARGV[1] and hold[2] or now
unhold(KEYS[1], KEYS[2], now)
redis.call('HSET', KEYS[1], 'kind', ARGV[1], 'since', now, 'until', now + tonumber(ARGV[2]), 'began', began, 'times', 1,
  'reason', ARGV[3], 'hint', ARGV[4], 'answer', '')
return now + tonumber(ARGV[2])
