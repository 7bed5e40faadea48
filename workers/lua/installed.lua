#!lua flags=allow-oom
-- Read what is installed, in one step.
-- KEYS[1] revision   KEYS[2] fleet   KEYS[3] pipelines   KEYS[4] integrations
-- → {revision, lanes, format, pipelines and integrations as HGETALL gives them}
local fleet = redis.call('HMGET', KEYS[2], 'lanes', 'format')
return {redis.call('GET', KEYS[1]), fleet[1], fleet[2], redis.call('HGETALL', KEYS[3]), redis.call('HGETALL', KEYS[4])}
