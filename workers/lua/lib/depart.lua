-- Take events out of a lane's stream, all with one fate; how many there were. Includes conclude, and expects beside it
-- KEYS[10] lane (stream)   ARGV[10] count n   ARGV[11] entry ids, separated by spaces
-- ARGV[12…] of a request that was sent: its message ids, separated by newlines. Of others, and of deaths: a message id
-- each, then n dead letters (JSON) when they die

-- What is being sent is frozen: all of it is there, or, when this was asked before, nothing. So it goes a thousand at a
-- time, for a third of what one call an event costs.
local function depart_together(ids)
  local left = 0
  in_chunks(ids, function(_, ...) left = left + redis.call('XDEL', KEYS[10], ...) end)
  if left > 0 then conclude(left, {ARGV[12]}) end
  return left
end

local function depart()
  local n, ids, messages = tonumber(ARGV[10]), {}, {}
  for id in string.gmatch(ARGV[11], '%S+') do ids[#ids + 1] = id end
  if ARGV[9] ~= '' and not dies then return depart_together(ids) end
  for i, id in ipairs(ids) do
    if dies and #redis.call('XRANGE', KEYS[10], id, id) == 1 then
      redis.call('XADD', KEYS[6], '*', 'letter', ARGV[11 + n + i])
    end
    if redis.call('XDEL', KEYS[10], id) == 1 then messages[#messages + 1] = ARGV[11 + i] end
  end
  if #messages > 0 then conclude(#messages, messages) end
  return #messages
end
