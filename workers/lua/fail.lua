#!lua flags=allow-oom
-- Note a failed try of events that stay in their lane.
-- KEYS[1] lane state   KEYS[2] samples (stream)
-- ARGV[1] owner token   ARGV[2] sample (JSON) or ''   ARGV[3] samples to keep   ARGV[4…] entry ids
-- → the highest number of tries among them; -1 when the lane belongs to somebody else
if redis.call('HGET', KEYS[1], 'owner') ~= ARGV[1] then return -1 end
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local most = 0
for i = 4, #ARGV do
  most = math.max(most, redis.call('HINCRBY', KEYS[1], 'tries:' .. ARGV[i], 1))
  redis.call('HSETNX', KEYS[1], 'since:' .. ARGV[i], now)
end
if ARGV[2] ~= '' then redis.call('XADD', KEYS[2], 'MAXLEN', '~', ARGV[3], '*', 'sample', ARGV[2]) end
return most
