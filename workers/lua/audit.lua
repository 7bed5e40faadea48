#!lua flags=allow-oom
-- Recount one integration against its ledger, and look whether what waits hangs together, in one step.
-- KEYS[1] ledger   KEYS[2] agenda   KEYS[3] dead letters (stream)
-- ARGV[1] number of lanes   ARGV[2] groups of a side lane that are looked into; one with more is only counted
-- ARGV[3…7] prefixes: lanes (streams); due, groups, events, barrier of side lanes
-- → {ledger as HGETALL gives it, waiting, aside, dead, faults (sentences)}
--@include aside
local most, faults = tonumber(ARGV[2]), {}

local function fault(...)
  if #faults < 50 then faults[#faults + 1] = table.concat({...}) end
end

local function expect_on_agenda(member)
  if not redis.call('ZSCORE', KEYS[2], member) then fault('lane ', member, ' waits, but is not on the agenda') end
end

local function look_at_groups(member, due, groups, events, barrier)
  local flat, named = redis.call('HGETALL', groups), 0
  for i = 1, #flat, 2 do
    local group = cjson.decode(flat[i + 1])
    local score = tonumber(redis.call('ZSCORE', due, flat[i]) or '-1')
    if score < 0 then fault('lane ', member, ': group ', flat[i], ' is never due') end
    if score >= BEHIND and is_first(groups, barrier, flat[i]) then
      fault('lane ', member, ': group ', flat[i], ' waits behind nobody')
    end
    for _, id in ipairs(group.ids) do
      named = named + 1
      if redis.call('HEXISTS', events, id) == 0 then
        fault('lane ', member, ': group ', flat[i], ' names event ', id, ', which is not there')
      end
    end
  end
  if named ~= redis.call('HLEN', events) then
    fault('lane ', member, ': ', redis.call('HLEN', events), ' events, but its groups name ', named)
  end
  local lines = redis.call('HGETALL', barrier)
  for i = 1, #lines, 2 do
    for group in string.gmatch(lines[i + 1], '%S+') do
      if redis.call('HEXISTS', groups, group) == 0 then
        fault('lane ', member, ': a person waits behind group ', group, ', which is not there')
      end
    end
  end
end

local waiting, aside = 0, 0
for lane = 0, ARGV[1] - 1 do
  local length = redis.call('XLEN', ARGV[3] .. lane)
  waiting = waiting + length
  if length > 0 then expect_on_agenda(tostring(lane)) end
  for _, kind in ipairs({'a', 'r'}) do
    local member = lane .. kind
    local due, groups, events, barrier = ARGV[4] .. member, ARGV[5] .. member, ARGV[6] .. member, ARGV[7] .. member
    local length, count = redis.call('HLEN', events), redis.call('ZCARD', due)
    aside = aside + length
    if count > 0 then expect_on_agenda(member) end
    if count ~= redis.call('HLEN', groups) then
      fault('lane ', member, ': ', count, ' groups are due, but there are ', redis.call('HLEN', groups))
    end
    if (length > 0) ~= (count > 0) then fault('lane ', member, ': ', length, ' events in ', count, ' groups') end
    if length > 0 and count <= most then look_at_groups(member, due, groups, events, barrier) end
  end
end
return {redis.call('HGETALL', KEYS[1]), waiting, aside, redis.call('XLEN', KEYS[3]), faults}
