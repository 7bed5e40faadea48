#!lua flags=allow-oom
-- Find the queues with work due and no ticket on its way, and mark them; and those with work due very soon.
-- KEYS: two a queue: agenda, ticketed
-- ARGV[1] mark's time-to-live (ms)   ARGV[2] how soon is very soon (ms)
-- → {positions (from 0) of the queues that need a ticket; position and ms until its work is due of the others, in turns}
--@include clock
local wanted, soon = {}, {}
for i = 1, #KEYS, 2 do
  local first = redis.call('ZRANGE', KEYS[i], 0, 0, 'WITHSCORES')
  local wait = first[2] and first[2] - now
  if wait and wait <= 0 then
    if redis.call('SET', KEYS[i + 1], '1', 'NX', 'PX', ARGV[1]) then wanted[#wanted + 1] = (i - 1) / 2 end
  elseif wait and wait <= tonumber(ARGV[2]) then
    soon[#soon + 1] = (i - 1) / 2
    soon[#soon + 1] = math.ceil(wait)
  end
end
return {wanted, soon}
