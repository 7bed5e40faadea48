#!lua flags=allow-oom
-- Hold an integration because of a vendor's answer. Answers to requests older than the last word on the matter change
-- nothing: eight lanes refused at once are one refusal. The request is no longer being sent, and its fate not in doubt.
-- KEYS[1] hold   KEYS[2] cleared (ms): when a hold was last released or the integration changed   KEYS[3] samples (stream)
-- KEYS[4] lane state   KEYS[5] pace of the account   KEYS[6] health   KEYS[7] held (ms in all)
-- ARGV[1] kind   ARGV[2] when the refused request was cleared (ms)   ARGV[3] integration's revision   ARGV[4] reason
-- ARGV[5] hint   ARGV[6] answer   ARGV[7] wait told by the vendor (ms) or ''   ARGV[8] jitter factor
-- ARGV[9] sample (JSON) or ''   ARGV[10] samples to keep   ARGV[11] owner token   ARGV[12] key of the request or ''
-- ARGV[13] factor for the pace, 1 for none   ARGV[14] its recovery a minute   ARGV[15…] waits to use one after another (ms)
-- A hold that follows upon another within a minute goes on from where that began.
-- → ms until its end; 0 when the answer is too old to matter
--@include clock
--@include unhold
local rank = {throttled = 1, breaker = 2, setup = 3, full = 4, operator = 5, disabled = 6}
if ARGV[12] ~= '' and redis.call('HGET', KEYS[4], 'owner') == ARGV[11] then
  redis.call('HDEL', KEYS[4], 'sending:' .. ARGV[12], 'doubt:' .. ARGV[12])
end
if ARGV[9] ~= '' then redis.call('XADD', KEYS[3], 'MAXLEN', '~', ARGV[10], '*', 'sample', ARGV[9]) end
local asked = tonumber(ARGV[2])
local hold = redis.call('HMGET', KEYS[1], 'kind', 'since', 'times', 'until', 'began')
if asked < tonumber(redis.call('GET', KEYS[2]) or '0') then return 0 end
if hold[1] then
  if rank[hold[1]] > rank[ARGV[1]] and tonumber(hold[4]) > now then return 0 end
  -- A request of the same millisecond left just before: nothing is cleared while a hold is on.
  if asked <= tonumber(hold[2]) then return 0 end
end
local times = hold[1] == ARGV[1] and tonumber(hold[3]) or 0
local wait = ARGV[7]
if wait == '' then wait = ARGV[15 + math.min(times, #ARGV - 15)] * ARGV[8] end
wait = math.floor(wait)
local began = hold[1] and now - tonumber(hold[4]) < 60000 and (hold[5] or hold[2]) or now
unhold(KEYS[1], KEYS[7], now)
redis.call('HSET', KEYS[1], 'kind', ARGV[1], 'since', now, 'until', now + wait, 'began', began, 'times', times + 1,
  'revision', ARGV[3], 'reason', ARGV[4], 'hint', ARGV[5], 'answer', ARGV[6])
redis.call('DEL', KEYS[6])

if tonumber(ARGV[13]) < 1 then
  local pace = redis.call('HMGET', KEYS[5], 'factor', 'at')
  local factor = pace[1] and math.min(1, pace[1] + ARGV[14] * math.max(0, math.floor((now - pace[2]) / 60000))) or 1
  redis.call('HSET', KEYS[5], 'factor', math.max(0.1, factor * ARGV[13]), 'at', now + wait)
  redis.call('PEXPIRE', KEYS[5], wait + 3600000)
end
return wait
