#!lua
-- Put exported dead letters back, counted as they come: at an integration as accepted, at an inbox as received.
-- The caller has looked for doubles among all letters up to the newest it names; when there are newer ones,
-- or somebody was forgotten since, it must look again.
-- KEYS[1] dead letters (stream)   KEYS[2] ledger   KEYS[3] forgettings
-- ARGV[1] newest letter the caller knows, 0-0 for none   ARGV[2] dead letters to keep   ARGV[3] 1 of an inbox, 0 of an integration
-- ARGV[4] forgettings when the caller looked for persons who were forgotten   ARGV[5…] letters: kind, JSON
-- → the newest letter now; errors: NEWER, NOROOM
if (redis.call('GET', KEYS[3]) or '0') ~= ARGV[4] then return redis.error_reply('NEWER') end
if #redis.call('XRANGE', KEYS[1], '(' .. ARGV[1], '+', 'COUNT', 1) > 0 then return redis.error_reply('NEWER') end
local count = (#ARGV - 4) / 2
if redis.call('XLEN', KEYS[1]) + count > tonumber(ARGV[2]) then return redis.error_reply('NOROOM') end
local last = ARGV[1]
for at = 5, #ARGV, 2 do
  last = redis.call('XADD', KEYS[1], '*', 'letter', ARGV[at + 1])
  redis.call('HINCRBY', KEYS[2], ARGV[3] == '1' and 'invalid' or 'dead:' .. ARGV[at], 1)
end
redis.call('HINCRBY', KEYS[2], ARGV[3] == '1' and 'received' or 'accepted', count)
redis.call('HINCRBY', KEYS[2], 'imported', count)
return last
