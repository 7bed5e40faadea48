#!lua
-- Replay dead letters of an inbox whose events are valid by now: each goes back into its inbox lane, received once more.
-- KEYS[1] fleet   KEYS[2] pipelines   KEYS[3] dead letters of the inbox   KEYS[4] ledger of the pipeline
-- KEYS[5] agenda of the route queue   KEYS[6] ticketed   KEYS[7] fates   KEYS[8] fates counter
-- KEYS[9] the replay that was asked for (hash), whose letters are counted as they move   KEYS[10…] inbox lanes used
-- ARGV[1] lanes the caller reckons with   ARGV[2] pipeline   ARGV[3] note   ARGV[4] fates to keep
-- ARGV[5] mark's time-to-live (ms)   ARGV[6] 1 when KEYS[9] counts, else 0
-- then per event: position of its inbox lane (from 0), the lane's member, id of its letter, event (JSON), message id
-- → {publish a ticket 0|1, how many moved}; errors: LANES n (those in force), PIPELINE unknown
--@include clock
--@include book
--@include exhume
local lanes = redis.call('HGET', KEYS[1], 'lanes') or '0'
if lanes ~= ARGV[1] then return redis.error_reply('LANES ' .. lanes) end
if redis.call('HEXISTS', KEYS[2], ARGV[2]) == 0 then return redis.error_reply('PIPELINE ' .. ARGV[2]) end
local messages, fresh = {}, 0
for at = 7, #ARGV, 5 do
  if exhume(KEYS[3], KEYS[4], ARGV[at + 2], true) then
    redis.call('XADD', KEYS[10 + tonumber(ARGV[at])], '*', 'event', ARGV[at + 3])
    fresh = fresh + redis.call('ZADD', KEYS[5], 'NX', now, ARGV[at + 1])
    messages[#messages + 1] = ARGV[at + 4]
  end
end
if #messages == 0 then return {0, 0} end
redis.call('HINCRBY', KEYS[4], 'received', #messages)
redis.call('HINCRBY', KEYS[4], 'replayed', #messages)
if ARGV[6] == '1' then redis.call('HINCRBY', KEYS[9], 'moved', #messages) end
book(KEYS[7], KEYS[8], '', 'replayed', ARGV[3], #messages, messages, ARGV[4])
local wanted = fresh > 0 and redis.call('SET', KEYS[6], '1', 'NX', 'PX', ARGV[5])
return {wanted and 1 or 0, #messages}
