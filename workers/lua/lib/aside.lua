-- The side lane: due (sorted set: group → ms), groups (hash: group → JSON with ids and persons), events (hash: id → JSON),
-- barrier (hash: person → the groups with events of that person, in order, separated by spaces).
-- A group is one request that failed, or one event that follows its person; what is behind another group waits at BEHIND.
local BEHIND = 9000000000000000

local function line_up(barrier, persons, group)
  local behind = false
  for _, person in ipairs(persons) do
    local line = redis.call('HGET', barrier, person)
    redis.call('HSET', barrier, person, line and (line .. ' ' .. group) or group)
    behind = behind or line
  end
  return behind
end

local function is_first(groups, barrier, group)
  for _, person in ipairs(cjson.decode(redis.call('HGET', groups, group)).persons) do
    if string.match(redis.call('HGET', barrier, person) or '', '^%S+') ~= group then return false end
  end
  return true
end

-- A line without a group. The one that leaves mostly stands first, and lines may be long.
local function without(line, group)
  if line == group then return '' end
  if string.sub(line, 1, #group + 1) == group .. ' ' then return string.sub(line, #group + 2) end
  local rest = {}
  for other in string.gmatch(line, '%S+') do
    if other ~= group then rest[#rest + 1] = other end
  end
  return table.concat(rest, ' ')
end

-- A group has left: whoever stands first now for one of its persons, and for all of its own, may go.
local function step_forward(due, groups, barrier, persons, group, now)
  for _, person in ipairs(persons) do
    local rest = without(redis.call('HGET', barrier, person) or '', group)
    local first = string.match(rest, '^%S+')
    if not first then
      redis.call('HDEL', barrier, person)
    else
      redis.call('HSET', barrier, person, rest)
      if tonumber(redis.call('ZSCORE', due, first) or '0') >= BEHIND and is_first(groups, barrier, first) then
        redis.call('ZADD', due, now, first)
      end
    end
  end
end

-- The side lane's place in the agenda: when its earliest group is due. A leased one keeps its place.
local function schedule(agenda, due, state, member)
  local first = redis.call('ZRANGE', due, 0, 0, 'WITHSCORES')
  if first[2] and redis.call('HEXISTS', state, 'owner') == 0 then redis.call('ZADD', agenda, first[2], member) end
end
