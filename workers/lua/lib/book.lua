-- Book a fate: one entry for several messages. The oldest fates make room, several at a time.
local function book(fates, counter, integration, fate, note, messages, kept)
  redis.call('XADD', fates, '*', 'integration', integration, 'fate', fate, 'note', note,
    'count', #messages, 'messages', table.concat(messages, '\n'))
  local total, gone = redis.call('INCRBY', counter, #messages), 0
  if total <= kept * 1.01 then return end
  while total - gone > tonumber(kept) do
    local oldest = redis.call('XRANGE', fates, '-', '+', 'COUNT', 16)
    if #oldest < 2 then break end
    for i = 1, #oldest - 1 do
      if total - gone <= tonumber(kept) then break end
      redis.call('XDEL', fates, oldest[i][1])
      gone = gone + oldest[i][2][8]
    end
  end
  redis.call('DECRBY', counter, gone)
end
