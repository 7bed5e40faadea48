#!lua flags=allow-oom
-- End a replay, or give it back for another worker to go on with.
-- KEYS[1] the replay (hash)   KEYS[2] agenda of open replays   KEYS[3] ticketed
-- ARGV[1] owner token   ARGV[2] id   ARGV[3] done | cancelled | failed, or queued to give it back
-- ARGV[4] mark's time-to-live (ms)   ARGV[5] why it failed, or ''
-- → publish a ticket 0|1
if redis.call('HGET', KEYS[1], 'owner') ~= ARGV[1] then return 0 end
--@include clock
redis.call('HDEL', KEYS[1], 'owner')
redis.call('HSET', KEYS[1], 'state', ARGV[3], 'error', ARGV[5])
if ARGV[3] == 'queued' then
  redis.call('ZADD', KEYS[2], now, ARGV[2])
  return redis.call('SET', KEYS[3], '1', 'NX', 'PX', ARGV[4]) and 1 or 0
end
redis.call('HSET', KEYS[1], 'ended', now)
redis.call('HDEL', KEYS[1], 'person')
redis.call('ZREM', KEYS[2], ARGV[2])
return 0
