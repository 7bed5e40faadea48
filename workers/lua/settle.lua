#!lua flags=allow-oom
-- Settle events of a leased lane: one fate for all of them, counted as they leave the lane.
-- KEYS[1] lane state   KEYS[2] lane (stream)   KEYS[3] ledger   KEYS[4] fates (stream)   KEYS[5] fates counter
-- KEYS[6] samples (stream)   KEYS[7] dead letters (stream)   KEYS[8] hold
-- ARGV[1] owner token   ARGV[2] integration   ARGV[3] fate: the ledger's field   ARGV[4] note for the fates
-- ARGV[5] fates to keep   ARGV[6] sample (JSON) or ''   ARGV[7] samples to keep   ARGV[8] count n
-- ARGV[9…] n entry ids, n message ids, then n dead letters (JSON) when the fate is a death
-- → how many events left the lane; -1 when the lane belongs to somebody else
if redis.call('HGET', KEYS[1], 'owner') ~= ARGV[1] then return -1 end
local fate, n = ARGV[3], tonumber(ARGV[8])
local dies = string.sub(fate, 1, 5) == 'dead:'
local tracked = redis.call('HLEN', KEYS[1]) > 3
local settled, messages = 0, {}
for i = 9, 8 + n do
  if #redis.call('XRANGE', KEYS[2], ARGV[i], ARGV[i]) == 1 then
    if dies then redis.call('XADD', KEYS[7], '*', 'letter', ARGV[i + 2 * n]) end
    redis.call('XDEL', KEYS[2], ARGV[i])
    if tracked then redis.call('HDEL', KEYS[1], 'tries:' .. ARGV[i], 'since:' .. ARGV[i]) end
    settled = settled + 1
    messages[settled] = ARGV[i + n]
  end
end
if settled == 0 then return 0 end
redis.call('HINCRBY', KEYS[3], fate, settled)
redis.call('HINCRBY', KEYS[1], 'in_flight', -settled)

redis.call('XADD', KEYS[4], '*', 'integration', ARGV[2], 'fate', fate, 'note', ARGV[4],
  'count', settled, 'messages', table.concat(messages, '\n'))
local kept = redis.call('INCRBY', KEYS[5], settled)
while kept > tonumber(ARGV[5]) do
  local oldest = redis.call('XRANGE', KEYS[4], '-', '+', 'COUNT', 1)[1]
  if not oldest or redis.call('XLEN', KEYS[4]) == 1 then break end
  redis.call('XDEL', KEYS[4], oldest[1])
  kept = redis.call('DECRBY', KEYS[5], oldest[2][8])
end
if ARGV[6] ~= '' then redis.call('XADD', KEYS[6], 'MAXLEN', '~', ARGV[7], '*', 'sample', ARGV[6]) end

if fate == 'delivered' then
  local hold = redis.call('HMGET', KEYS[8], 'kind', 'until')
  local time = redis.call('TIME')
  if (hold[1] == 'throttled' or hold[1] == 'setup')
      and tonumber(hold[2]) <= time[1] * 1000 + math.floor(time[2] / 1000) then
    redis.call('DEL', KEYS[8])
  end
end
return settled
