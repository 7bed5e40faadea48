-- Ask for a request's permit, and note it as being sent. GCRA over several windows at once, the strictest decides;
-- a throttled account goes slower and recovers by the minute. Nothing is cleared that was read before a person was
-- forgotten. It expects KEYS[1] lane state   ARGV[1] owner token, '' for a request that no lane knows of, and from where
-- its callers say
-- KEYS pace (hash: factor, at) of the account, forgettings, then theoretical arrival (µs) per window
-- ARGV request's mark, takeovers and entry ids, recovery of the pace a minute, forgettings when its events were read
-- ('' for none of the fleet's), then per window µs a request and burst
-- → 1 cleared | 0 wait | -2 read anew, wait (ms)
local function permit(hold, k, a)
  if ARGV[a + 3] ~= '' and (redis.call('GET', KEYS[k + 1]) or '0') ~= ARGV[a + 3] then return -2, 0 end
  local micros = time[1] * 1000000 + time[2]
  local pace = redis.call('HMGET', KEYS[k], 'factor', 'at')
  local factor = 1
  if pace[1] then factor = math.min(1, pace[1] + ARGV[a + 2] * math.max(0, math.floor((now - pace[2]) / 60000))) end

  local held = tonumber(redis.call('HGET', hold, 'until') or '0')
  if held > now and ARGV[1] ~= '' then return 0, math.min(held - now, 60000) end

  local wait, arrivals = 0, {}
  for i = 0, #KEYS - k - 2 do
    local each, burst = tonumber(ARGV[a + 4 + 2 * i]) / factor, tonumber(ARGV[a + 5 + 2 * i])
    local arrival = math.max(tonumber(redis.call('GET', KEYS[k + 2 + i]) or '0'), micros)
    wait = math.max(wait, arrival - micros - (burst - 1) * each)
    arrivals[i] = arrival + each
  end
  if wait > 0 then return 0, math.max(1, math.ceil(wait / 1000)) end
  for i = 0, #KEYS - k - 2 do
    local lasts = math.ceil((arrivals[i] - micros) / 1000) + 1000
    redis.call('SET', KEYS[k + 2 + i], string.format('%.0f', arrivals[i]), 'PX', lasts)
  end
  if ARGV[1] ~= '' then redis.call('HSET', KEYS[1], 'sending:' .. ARGV[a], ARGV[a + 1]) end
  return 1, 0
end
