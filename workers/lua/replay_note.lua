#!lua flags=allow-oom
-- Write down how far a replay has come, and prolong its lease.
-- KEYS[1] the replay (hash)   KEYS[2] agenda of open replays
-- ARGV[1] owner token   ARGV[2] lease (ms)   ARGV[3] id   ARGV[4…] fields and values to note
-- → 1 go on; 2 it is to be cancelled; 0 it belongs to somebody else
if redis.call('HGET', KEYS[1], 'owner') ~= ARGV[1] then return 0 end
--@include clock
for i = 4, #ARGV, 2 do redis.call('HSET', KEYS[1], ARGV[i], ARGV[i + 1]) end
redis.call('ZADD', KEYS[2], now + ARGV[2], ARGV[3])
return redis.call('HEXISTS', KEYS[1], 'cancel') == 1 and 2 or 1
