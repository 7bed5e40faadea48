#!lua
-- Keep a producer's batch: append each event to its inbox lane, count it, say whether the router needs a ticket.
-- All or nothing: everything that could refuse the batch is asked before the first write.
-- KEYS[1] fleet       hash: lanes, memory (percent used), format
-- KEYS[2] pipelines   hash: name → document
-- KEYS[3] agenda      of the route queue
-- KEYS[4] ticketed    mark of the route queue (see ring)
-- KEYS[5] ledger      of the pipeline
-- KEYS[6…] inbox lanes (streams), one for each that receives something
-- ARGV[1] pipeline   ARGV[2] lanes the producer reckons with   ARGV[3] mark's time-to-live (ms)   ARGV[4] full at (percent)
-- ARGV[5] format the producer writes   ARGV[6…] per inbox lane: its member in the agenda, how many events, the events (JSON)
-- → 1 publish a ticket, 0 none needed; errors: FORMAT n (the fleet's), PIPELINE unknown, LANES n (the number in force), FULL percent
--@include ring
local fleet = redis.call('HMGET', KEYS[1], 'lanes', 'memory', 'format')
local lanes = fleet[1]
if fleet[3] and fleet[3] ~= ARGV[5] then return redis.error_reply('FORMAT ' .. fleet[3]) end
if lanes ~= ARGV[2] then return redis.error_reply('LANES ' .. (lanes or '0')) end
if redis.call('HEXISTS', KEYS[2], ARGV[1]) == 0 then return redis.error_reply('PIPELINE ' .. ARGV[1]) end
local used = tonumber(fleet[2] or '0')
if used >= tonumber(ARGV[4]) then return redis.error_reply('FULL ' .. used) end

local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local at, kept, fresh = 6, 0, 0
for lane = 6, #KEYS do
  local member, count = ARGV[at], tonumber(ARGV[at + 1])
  for i = at + 2, at + 1 + count do
    redis.call('XADD', KEYS[lane], '*', 'event', ARGV[i])
  end
  fresh = fresh + redis.call('ZADD', KEYS[3], 'NX', now, member)
  kept = kept + count
  at = at + 2 + count
end
redis.call('HINCRBY', KEYS[5], 'received', kept)
if fresh > 0 and wants_ticket(KEYS[4], ARGV[3]) then return 1 end
return 0
