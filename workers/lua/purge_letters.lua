#!lua flags=allow-oom
-- Purge dead letters, counted as they go.
-- KEYS[1] dead letters (stream)   KEYS[2] ledger   KEYS[3] fates   KEYS[4] fates counter
-- ARGV[1] integration, or '' for an inbox   ARGV[2] note   ARGV[3] fates to keep   ARGV[4…] per letter: id, message id
-- → how many went
--@include book
--@include exhume
local messages = {}
for at = 4, #ARGV, 2 do
  if exhume(KEYS[1], KEYS[2], ARGV[at], ARGV[1] == '') then messages[#messages + 1] = ARGV[at + 1] end
end
if #messages > 0 then
  redis.call('HINCRBY', KEYS[2], 'purged', #messages)
  book(KEYS[3], KEYS[4], ARGV[1], 'purged', ARGV[2], #messages, messages, ARGV[3])
end
return #messages
