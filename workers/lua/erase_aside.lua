#!lua flags=allow-oom
-- Erase events of a forgotten person from a group of a side lane that nobody works, counted as they go, and take the
-- person out of the barrier; whoever waited behind them steps forward.
-- KEYS[1] state of the side lane   KEYS[2] due   KEYS[3] groups   KEYS[4] events   KEYS[5] barrier   KEYS[6] last exchanges
-- KEYS[7] agenda   KEYS[8] ledger   KEYS[9] fates   KEYS[10] fates counter
-- ARGV[1] integration   ARGV[2] side lane's member   ARGV[3] group   ARGV[4] the group as the caller read it (JSON)
-- ARGV[5] what is left of it (JSON), or '' when nothing is   ARGV[6] fates to keep   ARGV[7] persons leaving p, then they
-- then per event: id, message id
-- → how many went; -1 a worker has the lane, -2 it was read too early, -3 it is being sent
--@include clock
--@include book
--@include aside
--@include under_way
local owner = redis.call('HMGET', KEYS[1], 'owner', 'until')
if owner[1] and tonumber(owner[2]) > now then return -1 end
if redis.call('HGET', KEYS[3], ARGV[3]) ~= ARGV[4] then return -2 end
local frozen = under_way(KEYS[1])
local leaving, events = tonumber(ARGV[7]), 8 + tonumber(ARGV[7])
for at = events, #ARGV, 2 do
  if frozen[ARGV[at]] then return -3 end
end

local messages, persons = {}, {}
for at = events, #ARGV, 2 do
  if redis.call('HDEL', KEYS[4], ARGV[at]) == 1 then messages[#messages + 1] = ARGV[at + 1] end
end
for at = 8, 7 + leaving do persons[#persons + 1] = ARGV[at] end
redis.call('HDEL', KEYS[6], ARGV[3])
if ARGV[5] == '' then
  redis.call('HDEL', KEYS[3], ARGV[3])
  redis.call('ZREM', KEYS[2], ARGV[3])
else
  redis.call('HSET', KEYS[3], ARGV[3], ARGV[5])
end
step_forward(KEYS[2], KEYS[3], KEYS[5], persons, ARGV[3], now)
if ARGV[5] ~= '' and tonumber(redis.call('ZSCORE', KEYS[2], ARGV[3])) >= BEHIND and is_first(KEYS[3], KEYS[5], ARGV[3]) then
  redis.call('ZADD', KEYS[2], now, ARGV[3])
end
if #messages > 0 then
  redis.call('HINCRBY', KEYS[8], 'forgotten', #messages)
  book(KEYS[9], KEYS[10], ARGV[1], 'forgotten', 'fleet forget', #messages, messages, ARGV[6])
end
schedule(KEYS[7], KEYS[2], KEYS[1], ARGV[2])
return #messages
