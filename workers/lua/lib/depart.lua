-- Take events out of a lane's stream, all with one fate; how many there were. Includes conclude, and expects beside it
-- KEYS[10] lane (stream)   ARGV[10] count n   ARGV[11] entry ids, separated by spaces
-- ARGV[12…] of a request that was sent: its message ids, separated by newlines. Of others, and of deaths: a message id
-- each, then n dead letters (JSON) when they die
local function depart_together()
  local left = remove(KEYS[10], ARGV[11])
  if left > 0 then conclude(left, {ARGV[12]}) end
  return left
end

local function depart()
  if ARGV[9] ~= '' and not dies then return depart_together() end
  local n, i, messages = tonumber(ARGV[10]), 0, {}
  for id in string.gmatch(ARGV[11], '%S+') do
    i = i + 1
    if dies and #redis.call('XRANGE', KEYS[10], id, id) == 1 then
      redis.call('XADD', KEYS[6], '*', 'letter', ARGV[11 + n + i])
    end
    if redis.call('XDEL', KEYS[10], id) == 1 then messages[#messages + 1] = ARGV[11 + i] end
  end
  if #messages > 0 then conclude(#messages, messages) end
  return #messages
end
