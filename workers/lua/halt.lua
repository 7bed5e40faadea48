#!lua flags=allow-oom
-- Hold an integration because an operator says so.
-- KEYS[1] hold   KEYS[2] held (ms in all)
-- ARGV[1] kind   ARGV[2] for how long (ms)   ARGV[3] reason   ARGV[4] hint
-- → until (ms); 0 when the configuration disables it: only that may end such a hold
--@include clock
--@include unhold
if redis.call('HGET', KEYS[1], 'kind') == 'disabled' then return 0 end
unhold(KEYS[1], KEYS[2], now)
redis.call('HSET', KEYS[1], 'kind', ARGV[1], 'since', now, 'until', now + tonumber(ARGV[2]), 'times', 1,
  'reason', ARGV[3], 'hint', ARGV[4], 'answer', '')
return now + tonumber(ARGV[2])
