#!lua flags=allow-oom
-- Erase events of a forgotten person from a stream they wait in, counted as they go. Those being sent stay: whoever
-- cuts them again forgets them. A router that has read an inbox lane before must read it again.
-- KEYS[1] stream   KEYS[2] ledger   KEYS[3] lane state   KEYS[4] forgettings   KEYS[5] fates   KEYS[6] fates counter
-- ARGV[1] integration, or '' for an inbox   ARGV[2] 1 for a raw stream, whose events were not counted as received
-- ARGV[3] fates to keep   ARGV[4…] per event: entry id, message id
-- → {how many went, how many are being sent}
--@include book
--@include under_way
local frozen, messages, staying = under_way(KEYS[3]), {}, 0
for at = 4, #ARGV, 2 do
  if frozen[ARGV[at]] then
    staying = staying + #redis.call('XRANGE', KEYS[1], ARGV[at], ARGV[at])
  elseif redis.call('XDEL', KEYS[1], ARGV[at]) == 1 then
    messages[#messages + 1] = ARGV[at + 1]
  end
end
if #messages == 0 then return {0, staying} end
if ARGV[1] == '' then redis.call('INCR', KEYS[4]) end
if ARGV[2] == '1' then redis.call('HINCRBY', KEYS[2], 'received', #messages) end
redis.call('HINCRBY', KEYS[2], 'forgotten', #messages)
book(KEYS[5], KEYS[6], ARGV[1], 'forgotten', 'fleet forget', #messages, messages, ARGV[3])
return {#messages, staying}
