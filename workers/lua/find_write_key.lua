#!lua flags=allow-oom
-- Find what a write key opens. One that has ended opens nothing.
-- KEYS[1] write keys (hash: digest → document)   KEYS[2] pipelines (hash: name → document)
-- ARGV[1] digest
-- → {its document, its pipeline's document} (JSON); false when there is no such key, or no such pipeline
--@include clock
local document = redis.call('HGET', KEYS[1], ARGV[1])
if not document then return false end
local key = cjson.decode(document)
if key['until'] and key['until'] <= now then return false end
local pipeline = redis.call('HGET', KEYS[2], key.pipeline)
return pipeline and {document, pipeline}
