-- Take events out of a lane's stream, all with one fate; how many there were. Includes conclude, and expects beside it
-- KEYS[10] lane (stream)   ARGV[10] count n   ARGV[11…] n entry ids, n message ids, n dead letters (JSON) when they die
local function depart()
  local n, messages = tonumber(ARGV[10]), {}
  for i = 11, 10 + n do
    if dies and #redis.call('XRANGE', KEYS[10], ARGV[i], ARGV[i]) == 1 then
      redis.call('XADD', KEYS[6], '*', 'letter', ARGV[i + 2 * n])
    end
    if redis.call('XDEL', KEYS[10], ARGV[i]) == 1 then messages[#messages + 1] = ARGV[i + n] end
  end
  if #messages > 0 then conclude(messages) end
  return #messages
end
