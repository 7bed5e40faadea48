#!lua flags=allow-oom
-- Count pre-flight warnings and repairs, up to so many different ones.
-- KEYS[1] warned (hash)
-- ARGV[1] different ones to keep   ARGV[2…] pairs: text, how many events had it
-- → how many different ones are kept
local kept = redis.call('HLEN', KEYS[1])
for i = 2, #ARGV, 2 do
  if kept < tonumber(ARGV[1]) or redis.call('HEXISTS', KEYS[1], ARGV[i]) == 1 then
    if redis.call('HINCRBY', KEYS[1], ARGV[i], ARGV[i + 1]) == tonumber(ARGV[i + 1]) then kept = kept + 1 end
  end
end
return kept
