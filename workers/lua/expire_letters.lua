#!lua flags=allow-oom
-- Purge the dead letters that are older than they are to be kept, counted as they go.
-- KEYS[1] dead letters (stream)   KEYS[2] ledger
-- ARGV[1] 1 of an inbox, 0 of an integration   ARGV[2] how long they are kept (ms)   ARGV[3] how many at the most
-- → how many went
--@include clock
--@include exhume
local oldest = string.format('%.0f', now - tonumber(ARGV[2]))
local gone = redis.call('XRANGE', KEYS[1], '-', oldest, 'COUNT', ARGV[3])
for _, entry in ipairs(gone) do exhume(KEYS[1], KEYS[2], entry[1], ARGV[1] == '1') end
if #gone > 0 then redis.call('HINCRBY', KEYS[2], 'purged', #gone) end
return #gone
