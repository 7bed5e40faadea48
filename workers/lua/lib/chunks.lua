-- Give a list to a command a thousand items at a time: one call a chunk costs a fifth of one call an item, and a chunk
-- fits on Lua's stack. The number is even, so that pairs stay together.
-- act: takes the position of the chunk's first item, then the items
local function in_chunks(items, act)
  for from = 1, #items, 1000 do act(from, unpack(items, from, math.min(from + 999, #items))) end
end
