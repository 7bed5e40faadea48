#!lua flags=allow-oom
-- Forget ids of a person: set their tombstones, delete their records, and make whoever looked before look again.
-- KEYS[1] tombstones (sorted set: digest → ms)   KEYS[2] forgettings   KEYS[3…] records
-- ARGV[1] how long tombstones are kept (ms)   ARGV[2…] digests of the ids, in the records' order
-- → {now (ms), records as HGETALL gives them}
--@include clock
local records = {}
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now - tonumber(ARGV[1]))
for i = 3, #KEYS do
  redis.call('ZADD', KEYS[1], now, ARGV[i - 1])
  records[i - 2] = redis.call('HGETALL', KEYS[i])
  redis.call('DEL', KEYS[i])
end
redis.call('PEXPIRE', KEYS[1], ARGV[1])
redis.call('INCR', KEYS[2])
return {now, records}
