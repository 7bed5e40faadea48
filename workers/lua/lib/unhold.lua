-- End a hold, adding the time it lasted to what the integration was held in all: holds do not count as age.
-- hold: the hold's key   held: the counter's key (ms)
local function unhold(hold, held, now)
  local span = redis.call('HMGET', hold, 'since', 'until')
  if span[1] then redis.call('INCRBY', held, math.max(0, math.min(now, tonumber(span[2])) - tonumber(span[1]))) end
  return redis.call('DEL', hold)
end
