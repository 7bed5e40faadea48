#!lua
-- Move entries of a leased raw stream to the inbox lanes their keys choose.
-- KEYS[1] state of the raw stream   KEYS[2] raw stream   KEYS[3] agenda of the route queue   KEYS[4] ticketed
-- KEYS[5] ledger of the pipeline   KEYS[6…] inbox lanes used
-- ARGV[1] owner token   ARGV[2] mark's time-to-live (ms)
-- ARGV[3…] per inbox lane: its member, how many, then for each: raw entry id, event
-- → {moved, publish a ticket 0|1}; {-1, 0} when the stream belongs to somebody else
if redis.call('HGET', KEYS[1], 'owner') ~= ARGV[1] then return {-1, 0} end
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local at, moved, fresh = 3, 0, 0
for lane = 6, #KEYS do
  local member, count = ARGV[at], tonumber(ARGV[at + 1])
  for i = at + 2, at + 2 * count, 2 do
    if #redis.call('XRANGE', KEYS[2], ARGV[i], ARGV[i]) == 1 then
      redis.call('XADD', KEYS[lane], '*', 'event', ARGV[i + 1], 'raw', ARGV[i])
      redis.call('XDEL', KEYS[2], ARGV[i])
      moved = moved + 1
    end
  end
  fresh = fresh + redis.call('ZADD', KEYS[3], 'NX', now, member)
  at = at + 2 + 2 * count
end
redis.call('HINCRBY', KEYS[5], 'received', moved)
if fresh > 0 and redis.call('SET', KEYS[4], '1', 'NX', 'PX', ARGV[2]) then return {moved, 1} end
return {moved, 0}
