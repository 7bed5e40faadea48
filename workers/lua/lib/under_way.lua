-- The events that a lane's owner is sending, or a vanished one was: they are frozen until their fate is known.
local function under_way(state)
  local flat, found = redis.call('HGETALL', state), {}
  for i = 1, #flat, 2 do
    if string.find(flat[i], '^sending:') or string.find(flat[i], '^doubt:') then
      for id in string.gmatch(flat[i + 1], '%S+') do found[id] = true end
    end
  end
  return found
end
