#!lua flags=allow-oom
-- Put a group of a leased side lane back: as it is, for its next try, or as several, each with some of its events.
-- KEYS[1] state of the side lane   KEYS[2] ledger   KEYS[3] samples   KEYS[4] health
-- KEYS[5] due   KEYS[6] groups   KEYS[7] barrier   KEYS[8] last exchanges
-- ARGV[1] owner token   ARGV[2] group   ARGV[3] in doubt 0|1   ARGV[4] sample or ''   ARGV[5] samples to keep
-- ARGV[6] failed 0|1   ARGV[7] wait (ms)   ARGV[8…] per new group, in order: its id, its JSON (ids, persons, …)
-- → {1, failures in a row, of how many persons}; {-1, 0, 0} the lane is not ours
--@include clock
--@include aside
if redis.call('HGET', KEYS[1], 'owner') ~= ARGV[1] then return {-1, 0, 0} end
local old = redis.call('HGET', KEYS[6], ARGV[2])
if not old then return {1, 0, 0} end
local former = cjson.decode(old)
redis.call('HDEL', KEYS[6], ARGV[2])
redis.call('ZREM', KEYS[5], ARGV[2])
local last = ARGV[6] == '1' and ARGV[4] or redis.call('HGET', KEYS[8], ARGV[2])
redis.call('HDEL', KEYS[8], ARGV[2])

local replacement = {}
for i = 8, #ARGV, 2 do
  redis.call('HSET', KEYS[6], ARGV[i], ARGV[i + 1])
  if last then redis.call('HSET', KEYS[8], ARGV[i], last) end
  for _, person in ipairs(cjson.decode(ARGV[i + 1]).persons) do
    replacement[person] = replacement[person] and (replacement[person] .. ' ' .. ARGV[i]) or ARGV[i]
  end
end
for _, person in ipairs(former.persons) do
  local line = {}
  for group in string.gmatch(redis.call('HGET', KEYS[7], person) or '', '%S+') do
    if group ~= ARGV[2] then line[#line + 1] = group elseif replacement[person] then line[#line + 1] = replacement[person] end
  end
  if #line > 0 then redis.call('HSET', KEYS[7], person, table.concat(line, ' ')) else redis.call('HDEL', KEYS[7], person) end
end
for i = 8, #ARGV, 2 do
  local first = is_first(KEYS[6], KEYS[7], ARGV[i])
  redis.call('ZADD', KEYS[5], first and now + tonumber(ARGV[7]) or BEHIND, ARGV[i])
end

local failures, persons = 0, 0
if ARGV[6] == '1' then
  failures = redis.call('HINCRBY', KEYS[4], 'failing', 1)
  redis.call('HSET', KEYS[4], 'person:' .. former.persons[1], 1)
  persons = redis.call('HLEN', KEYS[4]) - 1 - redis.call('HEXISTS', KEYS[4], 'refused')
  redis.call('PEXPIRE', KEYS[4], 600000)
end
if ARGV[3] == '1' then redis.call('HINCRBY', KEYS[2], 'in_doubt', #former.ids) end
redis.call('HDEL', KEYS[1], 'taken', 'alone', 'sending:' .. ARGV[2], 'doubt:' .. ARGV[2])
if ARGV[4] ~= '' then redis.call('XADD', KEYS[3], 'MAXLEN', '~', ARGV[5], '*', 'sample', ARGV[4]) end
return {1, failures, persons}
