#!lua flags=allow-oom
-- Hold an integration because an operator says so.
-- KEYS[1] hold
-- ARGV[1] kind   ARGV[2] for how long (ms)   ARGV[3] reason   ARGV[4] hint
-- → until (ms); 0 when the configuration disables it: only that may end such a hold
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
if redis.call('HGET', KEYS[1], 'kind') == 'disabled' then return 0 end
redis.call('DEL', KEYS[1])
redis.call('HSET', KEYS[1], 'kind', ARGV[1], 'since', now, 'until', now + tonumber(ARGV[2]), 'times', 1,
  'reason', ARGV[3], 'hint', ARGV[4], 'answer', '')
return now + tonumber(ARGV[2])
