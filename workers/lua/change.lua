#!lua flags=allow-oom
-- Note a text; nothing is the same as an empty one.
-- KEYS[1] note   ARGV[1] text
-- → 1 it was another one before, 0 it is the same still
if (redis.call('GET', KEYS[1]) or '') == ARGV[1] then return 0 end
if ARGV[1] == '' then redis.call('DEL', KEYS[1]) else redis.call('SET', KEYS[1], ARGV[1]) end
return 1
