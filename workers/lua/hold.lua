#!lua flags=allow-oom
-- Hold an integration because of a vendor's answer. Answers to requests older than the last word on the matter change nothing.
-- KEYS[1] hold   KEYS[2] cleared (ms): when a hold was last released or the integration changed   KEYS[3] samples (stream)
-- ARGV[1] kind   ARGV[2] when the refused request started (ms)   ARGV[3] integration's revision   ARGV[4] reason
-- ARGV[5] hint   ARGV[6] answer   ARGV[7] wait told by the vendor (ms) or ''   ARGV[8] jitter factor
-- ARGV[9] sample (JSON) or ''   ARGV[10] samples to keep   ARGV[11…] waits to use one after another (ms)
-- → until (ms); 0 when the answer is too old to matter
local rank = {throttled = 1, setup = 2, operator = 3, disabled = 4}
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local asked = tonumber(ARGV[2])
local hold = redis.call('HMGET', KEYS[1], 'kind', 'since', 'times', 'until', 'revision')
if ARGV[9] ~= '' then redis.call('XADD', KEYS[3], 'MAXLEN', '~', ARGV[10], '*', 'sample', ARGV[9]) end
if asked < tonumber(redis.call('GET', KEYS[2]) or '0') then return 0 end
if hold[1] then
  if rank[hold[1]] > rank[ARGV[1]] and tonumber(hold[4]) > now then return 0 end
  if asked < tonumber(hold[2]) then return 0 end
end
local times = hold[1] == ARGV[1] and tonumber(hold[3]) or 0
local wait = ARGV[7]
if wait == '' then wait = ARGV[11 + math.min(times, #ARGV - 11)] * ARGV[8] end
local till = now + math.floor(wait)
redis.call('HSET', KEYS[1], 'kind', ARGV[1], 'since', now, 'until', till, 'times', times + 1,
  'revision', ARGV[3], 'reason', ARGV[4], 'hint', ARGV[5], 'answer', ARGV[6])
return till
