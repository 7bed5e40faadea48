#!lua flags=allow-oom
-- Take a turn that one of many has once in a while.
-- KEYS[1] turn (expiring mark)   ARGV[1] how long it is nobody else's (ms)
-- → 1 it is ours, 0 somebody had it
return redis.call('SET', KEYS[1], '1', 'NX', 'PX', ARGV[1]) and 1 or 0
