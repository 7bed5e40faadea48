#!lua flags=allow-oom
-- Ask the limiter how many requests may go now: none while the integration is held, else GCRA over several windows at
-- once, of which the strictest decides.
-- KEYS[1] hold   KEYS[2…] one theoretical arrival time (µs) per window
-- ARGV[1] requests wanted   then per window: µs a request, burst
-- → {granted, when to ask again (ms; 0 when something was granted; a minute at the most while held), now (ms)}
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
local now_ms = math.floor(now / 1000)
local held = tonumber(redis.call('HGET', KEYS[1], 'until') or '0')
if held > now_ms then return {0, math.min(held - now_ms, 60000), now_ms} end
local granted, wait, theirs = tonumber(ARGV[1]), 0, {}
for i = 2, #KEYS do
  local each, burst = tonumber(ARGV[2 * i - 2]), tonumber(ARGV[2 * i - 1])
  theirs[i] = math.max(tonumber(redis.call('GET', KEYS[i]) or '0'), now)
  local free = math.floor((burst * each - (theirs[i] - now)) / each + 1e-6)
  granted = math.min(granted, free)
  wait = math.max(wait, theirs[i] - now - (burst - 1) * each)
end
if granted <= 0 then return {0, math.max(1, math.ceil(wait / 1000)), now_ms} end
for i = 2, #KEYS do
  local arrival = theirs[i] + granted * tonumber(ARGV[2 * i - 2])
  redis.call('SET', KEYS[i], string.format('%.0f', arrival), 'PX', math.ceil((arrival - now) / 1000) + 1000)
end
return {granted, 0, now_ms}
