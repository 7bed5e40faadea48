-- Take a dead letter out of its stream. The ledger's dead:<kind> counts those that lie there; an inbox's ledger has none.
-- The letter begins with its integration and its kind, so the first mention of a kind is its own.
local function exhume(stream, ledger, id, of_inbox)
  local entry = redis.call('XRANGE', stream, id, id)[1]
  if not entry then return false end
  redis.call('XDEL', stream, id)
  if not of_inbox then
    redis.call('HINCRBY', ledger, 'dead:' .. string.match(entry[2][2], '"kind":%s*"([%a_]+)"'), -1)
  end
  return true
end
