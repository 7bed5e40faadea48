#!lua flags=allow-oom
-- Replay dead letters of an integration: each group moves, whole or not at all, into a side lane for replays. Turns are
-- given out one after another, also over several calls and several callers. Age and tries begin anew.
-- KEYS[1] fleet   KEYS[2] dead letters (stream)   KEYS[3] ledger   KEYS[4] agenda   KEYS[5] ticketed
-- KEYS[6] fates   KEYS[7] fates counter   KEYS[8] turn (ms): when the next replay has its turn
-- KEYS[9] the replay that was asked for (hash), whose letters are counted as they move
-- then 5 keys a side lane used: due, groups, events, barrier, state of the side lane
-- ARGV[1] lanes the caller reckons with   ARGV[2] integration   ARGV[3] note   ARGV[4] fates to keep
-- ARGV[5] mark's time-to-live (ms)   ARGV[6] time between two turns (µs)   ARGV[7] 1 when KEYS[9] counts, else 0
-- then per group: position of its side lane (from 0), the side lane's member, group id, group (JSON), how many events,
-- and per event: id of its letter, its id in the side lane, event (JSON), message id
-- → {publish a ticket 0|1, per group 1 moved | 0 one of its letters is there no longer}; error: LANES n (those in force)
--@include clock
--@include book
--@include aside
--@include exhume
local lanes = redis.call('HGET', KEYS[1], 'lanes') or '0'
if lanes ~= ARGV[1] then return redis.error_reply('LANES ' .. lanes) end

local function is_whole(first, last)
  for i = first, last, 4 do
    if #redis.call('XRANGE', KEYS[2], ARGV[i], ARGV[i]) == 0 then return false end
  end
  return true
end

local turn = math.max(now, tonumber(redis.call('GET', KEYS[8]) or '0'))
local answer, messages, used, at = {0}, {}, {}, 8
while at <= #ARGV do
  local base, member, group = 9 + 5 * tonumber(ARGV[at]), ARGV[at + 1], ARGV[at + 2]
  local due, groups, events, barrier, state =
    KEYS[base + 1], KEYS[base + 2], KEYS[base + 3], KEYS[base + 4], KEYS[base + 5]
  local first, last = at + 5, at + 4 + 4 * tonumber(ARGV[at + 4])
  local whole = is_whole(first, last)
  if whole then
    for i = first, last, 4 do
      redis.call('HSET', events, ARGV[i + 1], ARGV[i + 2])
      exhume(KEYS[2], KEYS[3], ARGV[i])
      messages[#messages + 1] = ARGV[i + 3]
    end
    redis.call('HSET', groups, group, ARGV[at + 3])
    local behind = line_up(barrier, cjson.decode(ARGV[at + 3]).persons, group)
    redis.call('ZADD', due, behind and BEHIND or math.floor(turn), group)
    used[member] = {due, state}
    turn = turn + ARGV[6] / 1000
  end
  answer[#answer + 1] = whole and 1 or 0
  at = last + 1
end
if #messages == 0 then return answer end

for member, lane in pairs(used) do schedule(KEYS[4], lane[1], lane[2], member) end
if tonumber(ARGV[6]) > 0 then redis.call('SET', KEYS[8], string.format('%.3f', turn), 'PX', math.ceil(turn - now) + 1) end
redis.call('HINCRBY', KEYS[3], 'replayed', #messages)
if ARGV[7] == '1' then redis.call('HINCRBY', KEYS[9], 'moved', #messages) end
book(KEYS[6], KEYS[7], ARGV[2], 'replayed', ARGV[3], #messages, messages, ARGV[4])
if #redis.call('ZRANGEBYSCORE', KEYS[4], '-inf', now, 'LIMIT', 0, 1) == 1
    and redis.call('SET', KEYS[5], '1', 'NX', 'PX', ARGV[5]) then
  answer[1] = 1
end
return answer
