#!lua flags=allow-oom
-- Give the most overdue open replay to a worker. One whose worker vanished goes on; after too many it is given up.
-- KEYS[1] agenda of open replays   KEYS[2] ticketed
-- ARGV[1] owner token   ARGV[2] lease (ms)   ARGV[3] prefix of the replays' keys   ARGV[4] most workers that may vanish
-- → {id, what is asked (JSON), letters moved so far, the person meant or ''}; {} when none is due
--@include clock
redis.call('DEL', KEYS[2])
for _, id in ipairs(redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', now)) do
  local replay = ARGV[3] .. id
  local known = redis.call('HMGET', replay, 'asked', 'moved', 'owner', 'cancel', 'person')
  local vanished = known[3] and redis.call('HINCRBY', replay, 'vanished', 1) or 0
  local ended = known[4] and 'cancelled' or (vanished >= tonumber(ARGV[4]) and 'failed')
  if ended then
    redis.call('HDEL', replay, 'owner', 'person')
    redis.call('HSET', replay, 'state', ended, 'ended', now)
    if ended == 'failed' then
      redis.call('HSET', replay, 'error', 'its worker vanished ' .. vanished .. ' times; see the log of the workers')
    end
    redis.call('ZREM', KEYS[1], id)
  else
    redis.call('HSETNX', replay, 'started', now)
    redis.call('HSET', replay, 'state', 'running', 'owner', ARGV[1])
    redis.call('ZADD', KEYS[1], now + ARGV[2], id)
    return {id, known[1], known[2], known[5] or ''}
  end
end
return {}
