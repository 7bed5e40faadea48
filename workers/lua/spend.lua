#!lua
-- Spend permits for several events at once. GCRA: a batch goes when nothing beyond the burst is owed, however large it
-- is, and what it owes is waited for by those that follow, until the rate is another one: that begins anew.
-- KEYS[1] theoretical arrival (µs), and the µs an event that it was reckoned with
-- ARGV[1] µs an event   ARGV[2] burst (events)   ARGV[3] events
-- → how long to wait (ms) and try again; 0: they may go
local time = redis.call('TIME')
local micros = time[1] * 1000000 + time[2]
local owed, at = string.match(redis.call('GET', KEYS[1]) or '', '^(%d+) (.+)$')
local arrival = math.max(at == ARGV[1] and tonumber(owed) or 0, micros)
local wait = arrival - micros - (ARGV[2] - 1) * ARGV[1]
if wait > 0 then return math.ceil(wait / 1000) end
arrival = arrival + ARGV[1] * ARGV[3]
redis.call('SET', KEYS[1], string.format('%.0f %s', arrival, ARGV[1]), 'PX', math.ceil((arrival - micros) / 1000) + 1000)
return 0
