#!lua
-- Take down a replay that is asked for; a worker carries it out. Asking twice under one id succeeds, and asks once.
-- KEYS[1] the replay (hash)   KEYS[2] replays by when they were asked for (ms)
-- KEYS[3] agenda of those that are open   KEYS[4] ticketed   KEYS[5] changes (stream)
-- ARGV[1] id   ARGV[2] what is asked (JSON)   ARGV[3] most that may be open   ARGV[4] how many are remembered
-- ARGV[5] prefix of the replays' keys   ARGV[6] mark's time-to-live (ms)   ARGV[7] the change (JSON)
-- ARGV[8] how many changes to keep   ARGV[9] the person whose letters are meant, or ''
-- → {1 it is taken down | 0 too many are open, publish a ticket 0|1}
--@include clock
if redis.call('EXISTS', KEYS[1]) == 1 then return {1, 0} end
if redis.call('ZCARD', KEYS[3]) >= tonumber(ARGV[3]) then return {0, 0} end
redis.call('HSET', KEYS[1], 'asked', ARGV[2], 'state', 'queued', 'created', now, 'moved', 0)
if ARGV[9] ~= '' then redis.call('HSET', KEYS[1], 'person', ARGV[9]) end
redis.call('ZADD', KEYS[2], now, ARGV[1])
redis.call('ZADD', KEYS[3], now, ARGV[1])
redis.call('XADD', KEYS[5], 'MAXLEN', '~', ARGV[8], '*', 'change', ARGV[7])
local over = redis.call('ZCARD', KEYS[2]) - tonumber(ARGV[4])
for _, id in ipairs(redis.call('ZRANGE', KEYS[2], 0, -1)) do
  if over <= 0 then break end
  if not redis.call('ZSCORE', KEYS[3], id) then
    redis.call('DEL', ARGV[5] .. id)
    redis.call('ZREM', KEYS[2], id)
    over = over - 1
  end
end
return {1, redis.call('SET', KEYS[4], '1', 'NX', 'PX', ARGV[6]) and 1 or 0}
