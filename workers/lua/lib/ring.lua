-- A lane has become due: ring where somebody listens for that, else say whether a ticket must be published. Who listens
-- looks once more before it goes, so a ring that nobody hears costs nothing.
-- mark: of a ticket on its way, '1', or of somebody who looks again soon, 'attended', or who 'listening' waits for a ring
local function wants_ticket(mark, lasts)
  local known = redis.call('GET', mark)
  if known and known ~= 'listening' then return false end
  redis.call('SET', mark, '1', 'PX', lasts)
  if not known then return true end
  redis.call('RPUSH', mark .. ':bell', '1')
  redis.call('PEXPIRE', mark .. ':bell', lasts)
  return false
end
