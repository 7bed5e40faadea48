#!lua
-- Store integrations whose secrets were encrypted anew. What they are stays the same, and so does the revision of each.
-- The fleet's revision moves, so that an apply worked out against the old secrets is worked out again.
-- KEYS[1] integrations   KEYS[2] revision   KEYS[3] changes (stream)
-- ARGV[1] revision the secrets were read at   ARGV[2] the change (JSON)   ARGV[3] how many changes to keep
-- ARGV[4…] name, document (JSON) each
-- → the new revision; error: STALE (somebody changed the fleet meanwhile)
if (redis.call('GET', KEYS[2]) or '0') ~= ARGV[1] then return redis.error_reply('STALE') end
redis.call('XADD', KEYS[3], 'MAXLEN', '~', ARGV[3], '*', 'change', ARGV[2])
for i = 4, #ARGV, 2 do redis.call('HSET', KEYS[1], ARGV[i], ARGV[i + 1]) end
return redis.call('INCR', KEYS[2])
