#!lua flags=allow-oom
-- Find the queues with work due and no ticket on its way, and mark them.
-- KEYS: two a queue: agenda, ticketed
-- ARGV[1] mark's time-to-live (ms)
-- → positions (from 0) of the queues that need a ticket
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local wanted = {}
for i = 1, #KEYS, 2 do
  if #redis.call('ZRANGEBYSCORE', KEYS[i], '-inf', now, 'LIMIT', 0, 1) == 1
      and redis.call('SET', KEYS[i + 1], '1', 'NX', 'PX', ARGV[1]) then
    wanted[#wanted + 1] = (i - 1) / 2
  end
end
return wanted
