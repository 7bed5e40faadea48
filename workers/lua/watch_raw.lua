#!lua flags=allow-oom
-- Put raw streams that hold something on the router's agenda.
-- KEYS[1] agenda of the route queue   KEYS[2…] raw streams
-- ARGV: the raw streams' members in the agenda, in the same order
-- → how many were added
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local added = 0
for i = 2, #KEYS do
  if redis.call('XLEN', KEYS[i]) > 0 then added = added + redis.call('ZADD', KEYS[1], 'NX', now, ARGV[i - 1]) end
end
return added
