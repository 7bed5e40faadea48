#!lua flags=allow-oom
-- Erase dead letters of a forgotten person, counted as they go; and take out of others' letters what names the person.
-- KEYS[1] dead letters (stream)   KEYS[2] ledger   KEYS[3] fates   KEYS[4] fates counter
-- ARGV[1] integration, or '' for an inbox   ARGV[2] fates to keep   ARGV[3] letters to erase e, then each: id, message id
-- then per letter to change: id, letter (JSON)
-- → {how many went, how many were changed}
--@include book
--@include exhume
local messages, changed, others = {}, 0, 4 + 2 * tonumber(ARGV[3])
for at = 4, others - 1, 2 do
  if exhume(KEYS[1], KEYS[2], ARGV[at], ARGV[1] == '') then messages[#messages + 1] = ARGV[at + 1] end
end
for at = others, #ARGV, 2 do
  if redis.call('XDEL', KEYS[1], ARGV[at]) == 1 then
    redis.call('XADD', KEYS[1], '*', 'letter', ARGV[at + 1])
    changed = changed + 1
  end
end
if #messages > 0 then
  redis.call('HINCRBY', KEYS[2], ARGV[1] == '' and 'letters_forgotten' or 'forgotten', #messages)
  book(KEYS[3], KEYS[4], ARGV[1], 'forgotten', 'fleet forget', #messages, messages, ARGV[2])
end
return {#messages, changed}
