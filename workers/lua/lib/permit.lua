-- Ask for requests' permits. GCRA over several windows at once, the strictest decides; a throttled account goes slower and
-- recovers by the minute. It expects ARGV[1] owner token, '' for a request that no lane knows of, and from where its
-- callers say
-- KEYS pace (hash: factor, at) of the account, forgettings, then theoretical arrival (µs) per window
-- ARGV recovery of the pace a minute, then per window µs a request and burst
-- n: for how many   → how many may go, what the next must wait (ms), and in how long each of them may leave (ms)
--
-- Within a short burst permits are given ahead of their time, and requests leave when it has come. So who asks late loses
-- nothing for the others, and yet requests leave evenly: the burst's time is left for what delays them on their way.
local SHORT = 50000

local function permits(hold, k, a, n)
  local micros = time[1] * 1000000 + time[2]
  local pace = redis.call('HMGET', KEYS[k], 'factor', 'at')
  local factor = 1
  if pace[1] then factor = math.min(1, pace[1] + ARGV[a] * math.max(0, math.floor((now - pace[2]) / 60000))) end

  local held = tonumber(redis.call('HGET', hold, 'until') or '0')
  if held > now and ARGV[1] ~= '' then return 0, math.min(held - now, 60000), {} end

  local each, ahead, leave = {}, {}, {} -- how far the next arrival of a window is beyond its burst (µs)
  for i = 1, #KEYS - k - 1 do
    each[i] = tonumber(ARGV[a + 2 * i - 1]) / factor
    local arrival = math.max(tonumber(redis.call('GET', KEYS[k + 1 + i]) or '0'), micros)
    ahead[i] = arrival - micros - (ARGV[a + 2 * i] - 1) * each[i]
    n = math.min(n, math.max(0, 1 + math.floor(-ahead[i] / each[i])))
  end
  local wait = 0
  for granted = 1, n do leave[granted] = 0 end
  for i = 1, #each do
    local burst = (ARGV[a + 2 * i] - 1) * each[i]
    for granted = 1, burst <= SHORT and n or 0 do
      local early = math.ceil((ahead[i] + burst + (granted - 1) * each[i]) / 1000)
      leave[granted] = math.max(leave[granted], early)
    end
    ahead[i] = ahead[i] + n * each[i]
    wait = math.max(wait, ahead[i])
    if n > 0 then
      local arrival = ahead[i] + burst
      local lasts = math.ceil(arrival / 1000) + 1000
      redis.call('SET', KEYS[k + 1 + i], string.format('%.0f', micros + arrival), 'PX', lasts)
    end
  end
  return n, math.max(1, math.ceil(wait / 1000)), leave
end

-- Note a request as being sent.
local function note(state, mark, flight) redis.call('HSET', state, 'sending:' .. mark, flight) end

-- Whether a person was forgotten since events were read: then nothing of them is cleared.
-- seen: forgettings when they were read, '' for events that are none of the fleet's
local function forgotten(counter, seen) return seen ~= '' and (redis.call('GET', counter) or '0') ~= seen end
