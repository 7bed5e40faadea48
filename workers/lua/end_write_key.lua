#!lua flags=allow-oom
-- End a write key now.
-- KEYS[1] write keys (hash: digest → document)   KEYS[2] changes (stream)
-- ARGV[1] digest   ARGV[2] the change (JSON)   ARGV[3] how many changes to keep
-- → 1, or 0 when it had ended already
if redis.call('HDEL', KEYS[1], ARGV[1]) == 0 then return 0 end
redis.call('XADD', KEYS[2], 'MAXLEN', '~', ARGV[3], '*', 'change', ARGV[2])
return 1
