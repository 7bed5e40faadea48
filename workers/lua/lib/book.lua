-- Book a fate: one entry for several messages, the oldest fates making room.
local function book(fates, counter, integration, fate, note, messages, kept)
  redis.call('XADD', fates, '*', 'integration', integration, 'fate', fate, 'note', note,
    'count', #messages, 'messages', table.concat(messages, '\n'))
  local total = redis.call('INCRBY', counter, #messages)
  while total > tonumber(kept) and redis.call('XLEN', fates) > 1 do
    local oldest = redis.call('XRANGE', fates, '-', '+', 'COUNT', 1)[1]
    redis.call('XDEL', fates, oldest[1])
    total = redis.call('DECRBY', counter, oldest[2][8])
  end
end
