#!lua flags=allow-oom
-- Settle events of a leased lane: one fate for all of them, counted as they leave the lane.
-- KEYS[1…9], ARGV[1…9] see conclude   KEYS[10] lane (stream)
-- ARGV[10] count n   ARGV[11…] n entry ids, n message ids, then n dead letters (JSON) when the fate is a death
-- → how many events left the lane; -1 the lane is not ours; -2 there is no room for dead letters
--@include clock
--@include book
--@include unhold
--@include conclude
if redis.call('HGET', KEYS[1], 'owner') ~= ARGV[1] then return -1 end
local n, messages = tonumber(ARGV[10]), {}
if dies and redis.call('XLEN', KEYS[6]) + n > tonumber(ARGV[8]) then return -2 end
for i = 11, 10 + n do
  if #redis.call('XRANGE', KEYS[10], ARGV[i], ARGV[i]) == 1 then
    if dies then redis.call('XADD', KEYS[6], '*', 'letter', ARGV[i + 2 * n]) end
    redis.call('XDEL', KEYS[10], ARGV[i])
    messages[#messages + 1] = ARGV[i + n]
  end
end
if #messages > 0 then conclude(messages) end
return #messages
