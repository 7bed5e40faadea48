#!lua flags=allow-oom
-- Retire a removed integration in which nothing waits: delete its document and every key of its own.
-- KEYS[1] integrations   KEYS[2] revision   KEYS[3…2+l] lanes (streams)   KEYS[3+l…2+l+s] due times of side lanes
-- then keys to delete
-- ARGV[1] integration   ARGV[2] number of lanes l   ARGV[3] number of side lanes s
-- → 1 retired; 0 it is not a removed one, or something waits in it
local document = redis.call('HGET', KEYS[1], ARGV[1])
if not (document and cjson.decode(document).removed) then return 0 end
local lanes, sides = tonumber(ARGV[2]), tonumber(ARGV[3])
for lane = 1, lanes do
  if redis.call('XLEN', KEYS[2 + lane]) > 0 then return 0 end
end
for side = 1, sides do
  if redis.call('ZCARD', KEYS[2 + lanes + side]) > 0 then return 0 end
end
redis.call('HDEL', KEYS[1], ARGV[1])
for i = 3, #KEYS do redis.call('DEL', KEYS[i]) end
redis.call('INCR', KEYS[2])
return 1
