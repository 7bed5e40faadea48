#!lua flags=allow-oom
-- Read the due groups of a leased side lane.
-- KEYS[1] state of the side lane   KEYS[2] due   KEYS[3] groups   KEYS[4] events   KEYS[5] held (ms in all)
-- KEYS[6] last exchanges
-- ARGV[1] owner token   ARGV[2] how many groups at the most
-- → {groups as {id, JSON, last exchange (JSON) or '', event, event, …}, the lane's state as HGETALL gives it, now (ms), held (ms)}; false: not ours
--@include clock
if redis.call('HGET', KEYS[1], 'owner') ~= ARGV[1] then return false end
local taken, events = {}, 0
local count = redis.call('HEXISTS', KEYS[1], 'careful') == 1 and 1 or ARGV[2]
for _, group in ipairs(redis.call('ZRANGEBYSCORE', KEYS[2], '-inf', now, 'LIMIT', 0, count)) do
  local text = redis.call('HGET', KEYS[3], group)
  local row = {group, text, redis.call('HGET', KEYS[6], group) or ''}
  for _, id in ipairs(cjson.decode(text).ids) do
    row[#row + 1] = redis.call('HGET', KEYS[4], id) or ''
    events = events + 1
  end
  taken[#taken + 1] = row
end
redis.call('HSET', KEYS[1], 'in_flight', events)
return {taken, redis.call('HGETALL', KEYS[1]), now, tonumber(redis.call('GET', KEYS[5]) or '0')}
