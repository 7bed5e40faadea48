#!lua flags=allow-oom
-- Settle requests that were delivered, and clear the next one of each of their senders, in one step: a crash finds of each
-- sender the one in doubt or the other, never both and never neither. Their lanes are leased, and of one integration.
-- KEYS[1…9] see conclude, but for the lane's state   KEYS[10…] per request its lane's state, and its lane (stream)
-- KEYS[10+2n…] see permits
-- ARGV[1…9] see conclude, of all of them; samples and requests are named below   ARGV[10] how many requests n
-- ARGV[11…] per request: owner token, its mark, entry ids separated by spaces, message ids by newlines, sample or '', the
-- next request's mark, takeovers and entry ids, forgettings when its events were read
-- ARGV[11+8n…] see permits
-- → {now (ms), then per request how many events left the lane, of the next 1 cleared | 0 wait | -1 not ours | -2 read anew,
--   wait (ms; when cleared: before it leaves)}
--@include clock
--@include book
--@include unhold
--@include conclude
--@include chunks
--@include remove
--@include permit
local n, gone, open, messages, answer = tonumber(ARGV[10]), 0, 0, {}, {now}

local function settle_one(state, stream, a)
  local left = remove(stream, ARGV[a + 2])
  if left == 0 then return 0 end
  leave(state, ARGV[a + 1], left)
  keep_sample(ARGV[a + 4])
  messages[#messages + 1] = ARGV[a + 3]
  gone = gone + left
  return left
end

for i = 1, n do
  local state, a, left, word = KEYS[8 + 2 * i], 3 + 8 * i, 0, -1
  if redis.call('HGET', state, 'owner') == ARGV[a] then
    left = settle_one(state, KEYS[9 + 2 * i], a)
    word = forgotten(KEYS[11 + 2 * n], ARGV[a + 7]) and -2 or 0
    if word == 0 then open = open + 1 end
  end
  answer[3 * i - 1], answer[3 * i], answer[3 * i + 1] = left, word, 0
end
if gone > 0 then tally(gone, messages) end
if open == 0 then return answer end
local cleared, wait, leave = permits(KEYS[7], 10 + 2 * n, 11 + 8 * n, open)
local turn = 1
for i = 1, n do
  answer[3 * i + 1] = wait
  if answer[3 * i] == 0 and turn <= cleared then
    note(KEYS[8 + 2 * i], ARGV[8 + 8 * i], ARGV[9 + 8 * i])
    answer[3 * i], answer[3 * i + 1] = 1, leave[turn]
    turn = turn + 1
  end
end
return answer
