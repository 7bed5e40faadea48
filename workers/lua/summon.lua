#!lua flags=allow-oom
-- Find the queues with work due and no ticket on its way, and mark them; and those with work due very soon.
-- KEYS: two a queue: agenda, ticketed (see ring)
-- ARGV[1] mark's time-to-live (ms)   ARGV[2] how soon is very soon (ms)
-- ARGV[3] for how long work must have been due (ms)
-- ARGV[4] within so long the caller looks again (ms); 0: it does not; -1: it leaves those alone that others look at
-- → {positions (from 0) of the queues that need a ticket; position and ms until its work is due of the others, in turns}
--@include clock
local wanted, soon = {}, {}
for i = 1, #KEYS, 2 do
  local first = redis.call('ZRANGE', KEYS[i], 0, 0, 'WITHSCORES')
  local wait = first[2] and first[2] - now
  local mark = redis.call('GET', KEYS[i + 1])
  if mark ~= '1' and not (mark and ARGV[4] == '-1') then
    if wait and wait <= -ARGV[3] then
      redis.call('SET', KEYS[i + 1], '1', 'PX', ARGV[1])
      wanted[#wanted + 1] = (i - 1) / 2
    elseif mark == 'attended' and ARGV[4] == '0' then
      redis.call('DEL', KEYS[i + 1])
    elseif mark ~= 'listening' and tonumber(ARGV[4]) > 0 then
      redis.call('SET', KEYS[i + 1], 'attended', 'PX', ARGV[4])
    end
  end
  if wait and wait > 0 and wait <= tonumber(ARGV[2]) then
    soon[#soon + 1] = (i - 1) / 2
    soon[#soon + 1] = math.ceil(wait)
  end
end
return {wanted, soon}
