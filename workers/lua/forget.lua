#!lua flags=allow-oom
-- Forget a removed integration in which nothing waits: its document and every key of its own.
-- KEYS[1] integrations   KEYS[2] revision   KEYS[3…2+l] lanes (streams)   KEYS[3+l…2+2l] aside lanes   then keys to delete
-- ARGV[1] integration   ARGV[2] number of lanes l
-- → 1 forgotten; 0 it is not a removed one, or something waits in it
local document = redis.call('HGET', KEYS[1], ARGV[1])
if not (document and cjson.decode(document).removed) then return 0 end
local lanes = tonumber(ARGV[2])
for lane = 1, lanes do
  if redis.call('XLEN', KEYS[2 + lane]) + redis.call('ZCARD', KEYS[2 + lanes + lane]) > 0 then return 0 end
end
redis.call('HDEL', KEYS[1], ARGV[1])
for i = 3, #KEYS do redis.call('DEL', KEYS[i]) end
redis.call('INCR', KEYS[2])
return 1
