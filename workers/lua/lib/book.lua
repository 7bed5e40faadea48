-- Book a fate: one entry for several messages. The oldest fates make room, several at a time: only as many are read as
-- are likely to go, since an entry of hundreds of messages is long.
-- count: how many messages they are   messages: their ids, as texts of one or of several, separated by newlines
local function book(fates, counter, integration, fate, note, count, messages, kept)
  redis.call('XADD', fates, '*', 'integration', integration, 'fate', fate, 'note', note,
    'count', count, 'messages', table.concat(messages, '\n'))
  local total, gone = redis.call('INCRBY', counter, count), 0
  if total <= kept * 1.01 then return end
  local each = total / redis.call('XLEN', fates)
  while total - gone > tonumber(kept) do
    local wanted = math.min(64, math.ceil((total - gone - kept) / each) + 1)
    local oldest, ids = redis.call('XRANGE', fates, '-', '+', 'COUNT', wanted), {}
    for i = 1, #oldest - 1 do
      if total - gone <= tonumber(kept) then break end
      ids[i] = oldest[i][1]
      gone = gone + oldest[i][2][8]
    end
    if #ids == 0 then break end
    redis.call('XDEL', fates, unpack(ids))
  end
  redis.call('DECRBY', counter, gone)
end
