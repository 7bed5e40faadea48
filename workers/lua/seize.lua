#!lua flags=allow-oom
-- Take one lane of a disabled or removed integration, to empty it. The same token asking again keeps it.
-- KEYS[1] integrations   KEYS[2] lane state   KEYS[3] agenda   KEYS[4] leases
-- ARGV[1] integration   ARGV[2] owner token   ARGV[3] lane member   ARGV[4] lease (ms)
-- → {"lane", 0}; {"leased", ms until the worker's lease ends}; {"enabled", 0}; {"gone", 0}
local document = redis.call('HGET', KEYS[1], ARGV[1])
if not document then return {'gone', 0} end
if cjson.decode(document).spec.enabled then return {'enabled', 0} end
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local owner = redis.call('HMGET', KEYS[2], 'owner', 'until')
if owner[1] and owner[1] ~= ARGV[2] then
  if tonumber(owner[2]) > now then return {'leased', tonumber(owner[2]) - now} end
  redis.call('HDEL', KEYS[4], owner[1])
end
local till = now + tonumber(ARGV[4])
redis.call('HSET', KEYS[2], 'owner', ARGV[2], 'until', till)
redis.call('HSET', KEYS[4], ARGV[2], ARGV[3])
redis.call('ZADD', KEYS[3], till, ARGV[3])
return {'lane', 0}
