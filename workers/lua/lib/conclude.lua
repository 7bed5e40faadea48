-- What settling does besides taking events out of their lane. It expects, in this order,
-- KEYS[1] lane state   KEYS[2] ledger   KEYS[3] fates   KEYS[4] fates counter   KEYS[5] samples   KEYS[6] dead letters
-- KEYS[7] hold   KEYS[8] health (hash: failing, refused)   KEYS[9] held (ms the integration was held in all)
-- ARGV[1] owner token   ARGV[2] integration   ARGV[3] fate: the ledger's field   ARGV[4] note   ARGV[5] fates to keep
-- ARGV[6] sample or ''   ARGV[7] samples to keep   ARGV[8] dead letters to keep   ARGV[9] key of the request, or ''
local fate = ARGV[3]
local dies = string.sub(fate, 1, 5) == 'dead:'

-- count: how many events they are   messages: their message ids, as texts of one or of several
local function conclude(count, messages)
  redis.call('HINCRBY', KEYS[2], fate, count)
  redis.call('HDEL', KEYS[1], 'taken', 'alone', 'sending:' .. ARGV[9], 'doubt:' .. ARGV[9])
  redis.call('HINCRBY', KEYS[1], 'in_flight', -count)
  if redis.call('HEXISTS', KEYS[1], 'careful') == 1 and redis.call('HINCRBY', KEYS[1], 'careful', -count) <= 0 then
    redis.call('HDEL', KEYS[1], 'careful')
  end
  book(KEYS[3], KEYS[4], ARGV[2], fate, ARGV[4], count, messages, ARGV[5])
  if ARGV[6] ~= '' then redis.call('XADD', KEYS[5], 'MAXLEN', '~', ARGV[7], '*', 'sample', ARGV[6]) end
  if fate == 'dead:refused' then redis.call('HINCRBY', KEYS[8], 'refused', 1) end
  if fate ~= 'delivered' then return end
  redis.call('DEL', KEYS[8])
  local hold = redis.call('HMGET', KEYS[7], 'kind', 'until')
  if hold[1] and hold[1] ~= 'operator' and hold[1] ~= 'disabled' and tonumber(hold[2]) <= now then
    unhold(KEYS[7], KEYS[9], now)
  end
end
