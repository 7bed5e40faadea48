#!lua flags=allow-oom
-- Cancel a replay: at once when no worker has it, else when its worker has moved the batch in hand.
-- KEYS[1] the replay (hash)   KEYS[2] agenda of open replays   KEYS[3] changes (stream)
-- ARGV[1] id   ARGV[2] the change (JSON)   ARGV[3] how many changes to keep
-- → 1, 0 it has ended already, -1 there is none
--@include clock
local known = redis.call('HMGET', KEYS[1], 'asked', 'ended', 'owner', 'cancel')
if not known[1] then return -1 end
if known[2] then return 0 end
if known[4] then return 1 end
redis.call('HSET', KEYS[1], 'cancel', 1)
redis.call('XADD', KEYS[3], 'MAXLEN', '~', ARGV[3], '*', 'change', ARGV[2])
if not known[3] then
  redis.call('HSET', KEYS[1], 'state', 'cancelled', 'ended', now)
  redis.call('HDEL', KEYS[1], 'person')
  redis.call('ZREM', KEYS[2], ARGV[1])
end
return 1
