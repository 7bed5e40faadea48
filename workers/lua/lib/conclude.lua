-- What settling does besides taking events out of their lane. It expects, in this order,
-- KEYS[1] lane state   KEYS[2] ledger   KEYS[3] fates   KEYS[4] fates counter   KEYS[5] samples   KEYS[6] dead letters
-- KEYS[7] hold   KEYS[8] health (hash: failing, refused)   KEYS[9] held (ms the integration was held in all)
-- ARGV[1] owner token   ARGV[2] integration   ARGV[3] fate: the ledger's field   ARGV[4] note   ARGV[5] fates to keep
-- ARGV[6] sample or ''   ARGV[7] samples to keep   ARGV[8] dead letters to keep   ARGV[9] key of the request, or ''
local fate = ARGV[3]
local dies = string.sub(fate, 1, 5) == 'dead:'

-- What it changes in the state of the lane that events leave.
local function leave(state, mark, count)
  redis.call('HDEL', state, 'taken', 'alone', 'sending:' .. mark, 'doubt:' .. mark)
  redis.call('HINCRBY', state, 'in_flight', -count)
  if redis.call('HEXISTS', state, 'careful') == 1 and redis.call('HINCRBY', state, 'careful', -count) <= 0 then
    redis.call('HDEL', state, 'careful')
  end
end

local function keep_sample(sample)
  if sample ~= '' then redis.call('XADD', KEYS[5], 'MAXLEN', '~', ARGV[7], '*', 'sample', sample) end
end

-- What is counted. count: how many events they are   messages: their message ids, as texts of one or of several
local function tally(count, messages)
  redis.call('HINCRBY', KEYS[2], fate, count)
  book(KEYS[3], KEYS[4], ARGV[2], fate, ARGV[4], count, messages, ARGV[5])
  if fate == 'dead:refused' then redis.call('HINCRBY', KEYS[8], 'refused', 1) end
  if fate ~= 'delivered' then return end
  redis.call('DEL', KEYS[8])
  local hold = redis.call('HMGET', KEYS[7], 'kind', 'until')
  if hold[1] and hold[1] ~= 'operator' and hold[1] ~= 'disabled' and tonumber(hold[2]) <= now then
    unhold(KEYS[7], KEYS[9], now)
  end
end

local function conclude(count, messages)
  leave(KEYS[1], ARGV[9], count)
  tally(count, messages)
  keep_sample(ARGV[6])
end
