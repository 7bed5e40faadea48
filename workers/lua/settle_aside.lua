#!lua flags=allow-oom
-- Settle events of a group in a leased side lane: one fate for all of them, counted as they leave it.
-- KEYS[1…9], ARGV[1…9] see conclude   KEYS[10] due   KEYS[11] groups   KEYS[12] events   KEYS[13] barrier
-- KEYS[14] last exchanges
-- ARGV[10] group   ARGV[11] what is left of the group (JSON), or '' when nothing is
-- ARGV[12] count n   ARGV[13…] n event ids, n message ids, then n dead letters (JSON) when the fate is a death
-- → how many events left; -1 the lane is not ours; -2 there is no room for dead letters
--@include clock
--@include book
--@include unhold
--@include conclude
--@include aside
if redis.call('HGET', KEYS[1], 'owner') ~= ARGV[1] then return -1 end
local n, messages = tonumber(ARGV[12]), {}
if dies and redis.call('XLEN', KEYS[6]) + n > tonumber(ARGV[8]) then return -2 end
for i = 13, 12 + n do
  if redis.call('HEXISTS', KEYS[12], ARGV[i]) == 1 then
    if dies then redis.call('XADD', KEYS[6], '*', 'letter', ARGV[i + 2 * n]) end
    redis.call('HDEL', KEYS[12], ARGV[i])
    messages[#messages + 1] = ARGV[i + n]
  end
end
if #messages == 0 then return 0 end
conclude(#messages, messages)
if ARGV[11] ~= '' then
  redis.call('HSET', KEYS[11], ARGV[10], ARGV[11])
else
  local persons = cjson.decode(redis.call('HGET', KEYS[11], ARGV[10])).persons
  redis.call('ZREM', KEYS[10], ARGV[10])
  redis.call('HDEL', KEYS[11], ARGV[10])
  redis.call('HDEL', KEYS[14], ARGV[10])
  step_forward(KEYS[10], KEYS[11], KEYS[13], persons, ARGV[10], now)
end
return #messages
