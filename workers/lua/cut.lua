#!lua flags=allow-oom
-- Read the head of a leased inbox lane.
-- KEYS[1] lane state   KEYS[2] lane (stream)
-- ARGV[1] owner token   ARGV[2] how many events at the most
-- → {now (ms), then of each entry: its id, its event, and its id in the raw stream it came by or ''}: flat, which costs half
--   of what entries as XRANGE gives them do; false: not ours
--@include clock
if redis.call('HGET', KEYS[1], 'owner') ~= ARGV[1] then return false end
local count = redis.call('HEXISTS', KEYS[1], 'careful') == 1 and 1 or ARGV[2]
local entries = redis.call('XRANGE', KEYS[2], '-', '+', 'COUNT', count)
redis.call('HSET', KEYS[1], 'in_flight', #entries)
local answer = {now}
for i, entry in ipairs(entries) do
  local fields = entry[2]
  answer[3 * i - 1], answer[3 * i], answer[3 * i + 1] = entry[1], fields[2], fields[4] or ''
end
return answer
