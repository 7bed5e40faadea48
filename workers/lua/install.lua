#!lua
-- Store what an apply changed, all of it or nothing, and make every worker notice.
-- KEYS[1] fleet   KEYS[2] pipelines   KEYS[3] integrations   KEYS[4] revision   KEYS[5] changes (stream)
-- then per changed pipeline: raw stream, prefix of its inbox lanes; per changed integration: hold, cleared, nudges, agenda,
-- prefix of the side lanes' due times, history, held (ms in all)
-- ARGV[1] revision the change was worked out against   ARGV[2] lanes for a new fleet   ARGV[3] format
-- ARGV[4] how many changes to keep
-- ARGV[5] changed pipelines p, then each: name, document (JSON) or '' to remove, the change (JSON)
-- then per changed integration: name, document (JSON), 1 when enabled else 0, how long a disabled one is held (ms), its
-- revision, what that says (JSON), how many revisions of that to keep, the change (JSON)
-- → the new revision; errors: STALE (somebody else changed the fleet meanwhile), BUSY name (its inbox is not empty)
if (redis.call('GET', KEYS[4]) or '0') ~= ARGV[1] then return redis.error_reply('STALE') end
local lanes = tonumber(redis.call('HGET', KEYS[1], 'lanes') or ARGV[2])
local pipelines = tonumber(ARGV[5])
for p = 1, pipelines do
  if ARGV[4 + 3 * p] == '' then
    local waiting = redis.call('XLEN', KEYS[4 + 2 * p])
    for lane = 0, lanes - 1 do waiting = waiting + redis.call('XLEN', KEYS[5 + 2 * p] .. lane) end
    if waiting > 0 then return redis.error_reply('BUSY ' .. ARGV[3 + 3 * p]) end
  end
end

local function note(change) redis.call('XADD', KEYS[5], 'MAXLEN', '~', ARGV[4], '*', 'change', change) end

redis.call('HSETNX', KEYS[1], 'lanes', ARGV[2])
redis.call('HSETNX', KEYS[1], 'format', ARGV[3])
for p = 1, pipelines do
  local name, document = ARGV[3 + 3 * p], ARGV[4 + 3 * p]
  if document == '' then redis.call('HDEL', KEYS[2], name) else redis.call('HSET', KEYS[2], name, document) end
  note(ARGV[5 + 3 * p])
end

--@include clock
--@include recall
--@include unhold
local key = 6 + 2 * pipelines
for i = 6 + 3 * pipelines, #ARGV, 8 do
  redis.call('HSET', KEYS[3], ARGV[i], ARGV[i + 1])
  local kind = redis.call('HGET', KEYS[key], 'kind')
  if kind == 'setup' or kind == 'disabled' then unhold(KEYS[key], KEYS[key + 6], now) end
  if ARGV[i + 2] == '0' then
    unhold(KEYS[key], KEYS[key + 6], now)
    redis.call('HSET', KEYS[key], 'kind', 'disabled', 'since', now, 'until', now + tonumber(ARGV[i + 3]), 'times', 1,
      'reason', 'disabled in the configuration', 'hint', 'Set enabled: true and apply again, or POST …/enable.', 'answer', '')
  end
  redis.call('SET', KEYS[key + 1], now)
  redis.call('INCR', KEYS[key + 2])
  recall(KEYS[key + 3], KEYS[key + 4], now)
  redis.call('HSET', KEYS[key + 5], ARGV[i + 4], ARGV[i + 5])
  redis.call('HDEL', KEYS[key + 5], string.format('%d', ARGV[i + 4] - ARGV[i + 6]))
  note(ARGV[i + 7])
  key = key + 7
end
return redis.call('INCR', KEYS[4])
