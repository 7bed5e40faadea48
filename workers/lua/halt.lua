#!lua flags=allow-oom
-- Hold an integration because people say so (an operator, or a configuration that disables it).
-- KEYS[1] hold
-- ARGV[1] kind: operator | disabled   ARGV[2] for how long (ms)   ARGV[3] reason   ARGV[4] hint
-- → until (ms)
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
redis.call('DEL', KEYS[1])
redis.call('HSET', KEYS[1], 'kind', ARGV[1], 'since', now, 'until', now + tonumber(ARGV[2]), 'times', 1,
  'reason', ARGV[3], 'hint', ARGV[4], 'answer', '')
return now + tonumber(ARGV[2])
