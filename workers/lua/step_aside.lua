#!lua flags=allow-oom
-- Move events from a leased lane to its side lane, in groups: a request that failed, or single events behind their person.
-- KEYS[1] lane state   KEYS[2] lane (stream)   KEYS[3] ledger   KEYS[4] samples   KEYS[5] health   KEYS[6] agenda
-- KEYS[7] due   KEYS[8] groups   KEYS[9] events   KEYS[10] barrier   KEYS[11] state of the side lane   KEYS[12] last exchanges
-- ARGV[1] owner token   ARGV[2] side lane's member   ARGV[3] key of the request that failed, or ''
-- ARGV[4] in doubt 0|1   ARGV[5] sample or ''   ARGV[6] samples to keep   ARGV[7] wait (ms)
-- ARGV[8…] per group: its id, its JSON (ids, persons, …)
-- → {events moved, failures in a row, of how many persons}; {-1, 0, 0} the lane is not ours
--@include clock
--@include aside
if redis.call('HGET', KEYS[1], 'owner') ~= ARGV[1] then return {-1, 0, 0} end
local failed, moved = ARGV[3] ~= '', 0
local failures, persons_failing = 0, 0
for i = 8, #ARGV, 2 do
  local group = cjson.decode(ARGV[i + 1])
  local found = 0
  for _, id in ipairs(group.ids) do
    local entry = redis.call('XRANGE', KEYS[2], id, id)[1]
    if entry then
      redis.call('HSET', KEYS[9], id, entry[2][2])
      redis.call('XDEL', KEYS[2], id)
      found = found + 1
    end
  end
  if found > 0 then
    redis.call('HSET', KEYS[8], ARGV[i], ARGV[i + 1])
    local behind = line_up(KEYS[10], group.persons, ARGV[i])
    redis.call('ZADD', KEYS[7], behind and BEHIND or now + tonumber(ARGV[7]), ARGV[i])
    moved = moved + found
    if failed then
      redis.call('HSET', KEYS[12], ARGV[i], ARGV[5])
      failures = redis.call('HINCRBY', KEYS[5], 'failing', 1)
      redis.call('HSET', KEYS[5], 'person:' .. group.persons[1], 1)
      persons_failing = redis.call('HLEN', KEYS[5]) - 1 - redis.call('HEXISTS', KEYS[5], 'refused')
      redis.call('PEXPIRE', KEYS[5], 600000)
    end
  end
end
if moved > 0 then redis.call('HINCRBY', KEYS[1], 'in_flight', -moved) end
if ARGV[4] == '1' then redis.call('HINCRBY', KEYS[3], 'in_doubt', moved) end
redis.call('HDEL', KEYS[1], 'taken', 'alone')
if failed then redis.call('HDEL', KEYS[1], 'sending:' .. ARGV[3], 'doubt:' .. ARGV[3]) end
if ARGV[5] ~= '' then redis.call('XADD', KEYS[4], 'MAXLEN', '~', ARGV[6], '*', 'sample', ARGV[5]) end
schedule(KEYS[6], KEYS[7], KEYS[11], ARGV[2])
return {moved, failures, persons_failing}
