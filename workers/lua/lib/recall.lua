-- Call every parked lane of an integration back, and what waits aside for its next try: it may go now.
-- due: prefix of the side lanes' due times. What stands behind another group keeps its place; replays keep their pace.
local function recall(agenda, due, now)
  for _, member in ipairs(redis.call('ZRANGE', agenda, 0, -1)) do
    redis.call('ZADD', agenda, now, member)
    if string.sub(member, -1) == 'a' then
      for _, group in ipairs(redis.call('ZRANGEBYSCORE', due .. member, now, '(9000000000000000')) do
        redis.call('ZADD', due .. member, now, group)
      end
    end
  end
end
