#!lua
-- Keep a new write key, end the one it replaces, and drop those that have ended.
-- KEYS[1] write keys (hash: digest → document)   KEYS[2] pipelines (hash: name → document)
-- KEYS[3] changes (stream)
-- ARGV[1] pipeline   ARGV[2] digest   ARGV[3] id   ARGV[4] name   ARGV[5] digest of the key it replaces, or ''
-- ARGV[6] how long that one stays good (ms)   ARGV[7] the change (JSON)   ARGV[8] how many changes to keep
-- → now (ms); error: PIPELINE (there is none of that name)
--@include clock
if redis.call('HEXISTS', KEYS[2], ARGV[1]) == 0 then return redis.error_reply('PIPELINE') end
local documents = redis.call('HGETALL', KEYS[1])
for at = 1, #documents, 2 do
  local former = cjson.decode(documents[at + 1])
  if documents[at] == ARGV[5] then former['until'] = math.min(former['until'] or math.huge, now + tonumber(ARGV[6])) end
  if former['until'] and former['until'] <= now then
    redis.call('HDEL', KEYS[1], documents[at])
  elseif documents[at] == ARGV[5] then
    redis.call('HSET', KEYS[1], documents[at], cjson.encode(former))
  end
end
redis.call('HSET', KEYS[1], ARGV[2],
  cjson.encode({id = ARGV[3], pipeline = ARGV[1], name = ARGV[4], created = now}))
redis.call('XADD', KEYS[3], 'MAXLEN', '~', ARGV[8], '*', 'change', ARGV[7])
return now
