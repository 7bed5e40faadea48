#!lua flags=allow-oom
-- Read the ledger of the whole fleet in one step, with what is waiting counted in the lanes themselves.
-- KEYS: none are declared: the lanes are many and their names are given by prefix
-- ARGV[1] number of lanes   ARGV[2] pipelines p, then per pipeline: ledger, prefix of inbox lanes, raw stream, dead letters
-- then per integration: ledger, prefix of lanes, prefix of side lanes' events, dead letters, hold, prefix of lane states
-- → {per pipeline {ledger, inbox waiting, raw waiting, dead}, per integration {ledger, waiting, aside, dead, hold, in flight,
--    oldest entry id of the lanes or ''}, now (ms)}
local lanes, at = tonumber(ARGV[1]), 3
local pipelines, integrations = {}, {}
for p = 1, tonumber(ARGV[2]) do
  local waiting = 0
  for lane = 0, lanes - 1 do waiting = waiting + redis.call('XLEN', ARGV[at + 1] .. lane) end
  pipelines[p] = {redis.call('HGETALL', ARGV[at]), waiting, redis.call('XLEN', ARGV[at + 2]), redis.call('XLEN', ARGV[at + 3])}
  at = at + 4
end
while at <= #ARGV do
  local waiting, aside, in_flight, oldest = 0, 0, 0, ''
  for lane = 0, lanes - 1 do
    local length = redis.call('XLEN', ARGV[at + 1] .. lane)
    if length > 0 then
      local head = redis.call('XRANGE', ARGV[at + 1] .. lane, '-', '+', 'COUNT', 1)[1][1]
      if oldest == '' or tonumber(string.match(head, '^%d+')) < tonumber(string.match(oldest, '^%d+')) then oldest = head end
    end
    waiting = waiting + length
    for _, side in ipairs({'a', 'r'}) do aside = aside + redis.call('HLEN', ARGV[at + 2] .. lane .. side) end
    for _, member in ipairs({'', 'a', 'r'}) do
      in_flight = in_flight + tonumber(redis.call('HGET', ARGV[at + 5] .. lane .. member, 'in_flight') or '0')
    end
  end
  integrations[#integrations + 1] = {redis.call('HGETALL', ARGV[at]), waiting, aside, redis.call('XLEN', ARGV[at + 3]),
    redis.call('HGETALL', ARGV[at + 4]), in_flight, oldest}
  at = at + 6
end
local time = redis.call('TIME')
return {pipelines, integrations, time[1] * 1000 + math.floor(time[2] / 1000)}
