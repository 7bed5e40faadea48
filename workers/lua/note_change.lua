#!lua flags=allow-oom
-- Write an administrative change down, the oldest ones making room. Also in a full Redis: operators must act there.
-- KEYS[1] changes (stream)   ARGV[1] the change (JSON)   ARGV[2] changes to keep
-- → its id
return redis.call('XADD', KEYS[1], 'MAXLEN', '~', ARGV[2], '*', 'change', ARGV[1])
