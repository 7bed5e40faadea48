#!lua flags=allow-oom
-- Recount one pipeline's inbox against its ledger, in one step. What waits in its raw stream is not counted there yet.
-- KEYS[1] ledger   KEYS[2] agenda of the route queue   KEYS[3] dead letters of the inbox (stream)
-- ARGV[1] pipeline   ARGV[2] number of lanes   ARGV[3] prefix of its inbox lanes (streams)
-- → {ledger as HGETALL gives it, waiting, dead, faults (sentences)}
local waiting, faults = 0, {}
for lane = 0, ARGV[2] - 1 do
  local length = redis.call('XLEN', ARGV[3] .. lane)
  waiting = waiting + length
  if length > 0 and not redis.call('ZSCORE', KEYS[2], ARGV[1] .. '/' .. lane) then
    faults[#faults + 1] = 'inbox lane ' .. lane .. ' waits, but is not on the agenda'
  end
end
return {redis.call('HGETALL', KEYS[1]), waiting, redis.call('XLEN', KEYS[3]), faults}
