#!lua flags=allow-oom
-- Clear one request for take-off: its place in the flight is stored, the limiter asked, and it counts as being sent.
-- Nothing is cleared that was read before a person was forgotten.
-- GCRA over several windows at once, the strictest decides; a throttled account goes slower and recovers by the minute.
-- KEYS[1] lane state   KEYS[2] pace (hash: factor, at) of the account   KEYS[3] hold
-- KEYS[4] forgettings   KEYS[5…] theoretical arrival (µs) per window
-- ARGV[1] owner token, '' for a request that no lane knows of   ARGV[2] request's mark   ARGV[3] takeovers and entry ids
-- ARGV[4] recovery of the pace a minute   ARGV[5] forgettings when its events were read, '' for none of the fleet's
-- then per window: µs a request, burst
-- → {1 cleared | 0 wait | -1 not ours | -2 read anew, wait (ms), now (ms)}
--@include clock
if ARGV[1] ~= '' and redis.call('HGET', KEYS[1], 'owner') ~= ARGV[1] then return {-1, 0, now} end
if ARGV[5] ~= '' and (redis.call('GET', KEYS[4]) or '0') ~= ARGV[5] then return {-2, 0, now} end
local micros = time[1] * 1000000 + time[2]
local pace = redis.call('HMGET', KEYS[2], 'factor', 'at')
local factor = 1
if pace[1] then factor = math.min(1, pace[1] + ARGV[4] * math.max(0, math.floor((now - pace[2]) / 60000))) end

local held = tonumber(redis.call('HGET', KEYS[3], 'until') or '0')
if held > now and ARGV[1] ~= '' then return {0, math.min(held - now, 60000), now} end

local wait, arrivals = 0, {}
for i = 5, #KEYS do
  local each = tonumber(ARGV[2 * i - 4]) / factor
  local arrival = math.max(tonumber(redis.call('GET', KEYS[i]) or '0'), micros)
  wait = math.max(wait, arrival - micros - (tonumber(ARGV[2 * i - 3]) - 1) * each)
  arrivals[i] = arrival + each
end
if wait > 0 then return {0, math.max(1, math.ceil(wait / 1000)), now} end
for i = 5, #KEYS do
  redis.call('SET', KEYS[i], string.format('%.0f', arrivals[i]), 'PX', math.ceil((arrivals[i] - micros) / 1000) + 1000)
end
if ARGV[1] ~= '' then redis.call('HSET', KEYS[1], 'sending:' .. ARGV[2], ARGV[3]) end
return {1, 0, now}
