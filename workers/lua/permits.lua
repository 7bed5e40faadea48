#!lua flags=allow-oom
-- Ask the limiter how many requests may go now: GCRA over several windows at once, the strictest decides.
-- KEYS[…] one theoretical arrival time (µs) per window
-- ARGV[1] requests wanted   then per window: µs a request, burst
-- → {granted, wait until the next permit (ms; 0 when something was granted), now (ms)}
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
local granted, wait, theirs = tonumber(ARGV[1]), 0, {}
for i = 1, #KEYS do
  local each, burst = tonumber(ARGV[2 * i]), tonumber(ARGV[2 * i + 1])
  theirs[i] = math.max(tonumber(redis.call('GET', KEYS[i]) or '0'), now)
  local free = math.floor((burst * each - (theirs[i] - now)) / each + 1e-6)
  granted = math.min(granted, free)
  wait = math.max(wait, theirs[i] - now - (burst - 1) * each)
end
local now_ms = math.floor(now / 1000)
if granted <= 0 then return {0, math.max(1, math.ceil(wait / 1000)), now_ms} end
for i = 1, #KEYS do
  local arrival = theirs[i] + granted * tonumber(ARGV[2 * i])
  redis.call('SET', KEYS[i], string.format('%.0f', arrival), 'PX', math.ceil((arrival - now) / 1000) + 1000)
end
return {granted, 0, now_ms}
