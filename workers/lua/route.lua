#!lua
-- Route a batch from the head of a leased inbox lane: identities, marks against repeats, the copies for each
-- integration, dead letters of what is invalid, every count, and the batch's end in the inbox, in one step.
-- Refuses as a whole, before the first write, when one of its messages was routed by somebody else meanwhile, or when a
-- person was forgotten, or an integration deleted, since it was planned, or when an integration, or the dead letters,
-- have no room for all of it.
-- KEYS[1] lane state   KEYS[2] inbox lane (stream)   KEYS[3] ledger of the pipeline   KEYS[4] dead letters of the inbox
-- KEYS[5] fates   KEYS[6] fates counter   KEYS[7] forgettings   KEYS[8] integrations (hash: name → document)
-- KEYS[9…8+s] mark sets, this hour's first
-- then 5 keys an integration: agenda, ticketed (see ring), lane (stream), ledger, unmapped names; then one key a person
-- ARGV[1] token   ARGV[2] the plan (JSON, see workers/plan.py)   ARGV[3…] events (JSON) to append
-- → {"done", entries removed, positions (from 0) of integrations that need a ticket…}
-- | {"repeat", digests that were routed…} | {"stale"} | {"lost"} | {"blocked", position (from 0) of an integration, how many it has room for}
-- | {"full", how many dead letters there is room for}
--@include chunks
--@include ring
if redis.call('HGET', KEYS[1], 'owner') ~= ARGV[1] then return {'lost'} end
local plan = cjson.decode(ARGV[2])
if #redis.call('XRANGE', KEYS[2], plan.last, plan.last) == 0 then return {'done', 0} end
if (redis.call('GET', KEYS[7]) or '0') ~= plan.forgettings then return {'stale'} end
for _, integration in ipairs(plan.integrations) do
  if redis.call('HEXISTS', KEYS[8], integration.name) == 0 then return {'stale'} end
end
local sets, repeated = plan.mark_sets, {'repeat'}
for set = 9, 8 + sets do
  if redis.call('EXISTS', KEYS[set]) == 1 then
    in_chunks(plan.digests, function(from, ...)
      for i, known in ipairs(redis.call('SMISMEMBER', KEYS[set], ...)) do
        if known == 1 then repeated[#repeated + 1] = plan.digests[from + i - 1] end
      end
    end)
  end
end
if #repeated > 1 then return repeated end

if #plan.letters > 0 then
  local room = plan.letters_kept - redis.call('XLEN', KEYS[4])
  if room < #plan.letters then return {'full', math.max(0, room)} end
end

-- How many events may still be appended for an integration.
local function room_of(integration)
  local waiting = 0
  for lane = 0, plan.lanes - 1 do
    waiting = waiting + redis.call('XLEN', integration.lanes .. lane)
    for _, side in ipairs({'a', 'r'}) do waiting = waiting + redis.call('HLEN', integration.asides .. lane .. side) end
  end
  return math.max(0, integration.max_waiting - waiting)
end

for i, integration in ipairs(plan.integrations) do
  integration.count = #integration.events
  if integration.max_waiting and integration.count > 0 then
    local room = room_of(integration)
    if room < integration.count and not integration.drops then return {'blocked', i - 1, room} end
    integration.count = math.min(room, integration.count)
  end
end

local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
in_chunks(plan.digests, function(_, ...) redis.call('SADD', KEYS[9], ...) end)
if #plan.digests > 0 then redis.call('PEXPIRE', KEYS[9], plan.mark_ms) end

local people = 8 + sets + 5 * #plan.integrations
for i, person in ipairs(plan.people) do
  in_chunks(person, function(_, ...) redis.call('HSET', KEYS[people + i], ...) end)
  redis.call('EXPIRE', KEYS[people + i], plan.person_seconds)
end

local answer = {'done', 0}
for i, integration in ipairs(plan.integrations) do
  local base = 8 + sets + 5 * (i - 1)
  local agenda, mark, lane, ledger, unmapped =
    KEYS[base + 1], KEYS[base + 2], KEYS[base + 3], KEYS[base + 4], KEYS[base + 5]
  for e = 1, integration.count do
    redis.call('XADD', lane, '*', 'event', ARGV[2 + integration.events[e]])
  end
  if integration.count < #integration.events then
    local dropped = #integration.events - integration.count
    redis.call('HINCRBY', ledger, 'filtered:overflow', dropped)
    plan.fates[#plan.fates + 1] = {integration.name, 'filtered:overflow', 'max_waiting is reached', dropped,
      table.concat(integration.messages, '\n', integration.count + 1)}
  end
  if integration.count > 0 then
    redis.call('HINCRBY', ledger, 'accepted', integration.count)
    if redis.call('ZADD', agenda, 'NX', now, plan.lane) == 1 and wants_ticket(mark, plan.ticket_ms) then
      answer[#answer + 1] = i - 1
    end
  end
  for field, count in pairs(integration.filtered) do redis.call('HINCRBY', ledger, field, count) end
  for name, count in pairs(integration.unmapped) do
    if redis.call('HEXISTS', unmapped, name) == 1 or redis.call('HLEN', unmapped) < plan.unmapped_names then
      redis.call('HINCRBY', unmapped, name, count)
    end
  end
end

for _, letter in ipairs(plan.letters) do redis.call('XADD', KEYS[4], '*', 'letter', letter) end
for field, count in pairs(plan.counts) do redis.call('HINCRBY', KEYS[3], field, count) end

local fates = 0
for _, fate in ipairs(plan.fates) do
  redis.call('XADD', KEYS[5], '*', 'integration', fate[1], 'fate', fate[2], 'note', fate[3],
    'count', fate[4], 'messages', fate[5])
  fates = fates + fate[4]
end
if fates > 0 then
  local kept = redis.call('INCRBY', KEYS[6], fates)
  while kept > plan.fates_kept do
    local oldest = redis.call('XRANGE', KEYS[5], '-', '+', 'COUNT', 1)[1]
    if not oldest or redis.call('XLEN', KEYS[5]) == 1 then break end
    redis.call('XDEL', KEYS[5], oldest[1])
    kept = redis.call('DECRBY', KEYS[6], oldest[2][8])
  end
end

-- The batch is the head of the lane: what is added is added behind it. So it is all there is up to its last entry, and
-- is cut off there for half of what taking out each entry by its id costs.
answer[2] = redis.call('XTRIM', KEYS[2], 'MINID', plan.beyond)
return answer
