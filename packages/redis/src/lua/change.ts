/**
 * A change of attributes, in ARGV from `first`: how many values there are to set, names to remove, and
 * values to add; then name and value of each to set, the names to remove, name and amount of each to add,
 * name and `=value` (or nothing: absent) of each expected.
 */
export const CHANGE: string = `
local function layout(first)
  local set, remove, add = ARGV[first] * 2, tonumber(ARGV[first + 1]), ARGV[first + 2] * 2
  local l = {set = first + 3}
  l.remove = l.set + set
  l.add = l.remove + remove
  l.expect = l.add + add
  return l
end
local function values(key, l)
  local found = {}
  local function look(from, to)
    for i = from, to, 2 do
      local value = redis.call('HGET', key, ARGV[i])
      if value then found[#found + 1] = ARGV[i] found[#found + 1] = value end
    end
  end
  look(l.expect, #ARGV)
  look(l.add, l.expect - 1)
  return found
end
local function integer(value)
  if value == '0' or string.find(value, '^%-?[1-9]%d*$') then return tonumber(value) end
  return math.huge
end
local function sums(key, l)
  local out = {}
  for i = l.add, l.expect - 1, 2 do
    local before = integer(redis.call('HGET', key, ARGV[i]) or '0')
    local sum = before + ARGV[i + 1]
    if math.abs(before) > 9007199254740991 or math.abs(sum) > 9007199254740991 then return nil end
    out[#out + 1] = ARGV[i]
    out[#out + 1] = string.format('%.0f', sum)
  end
  for i = l.expect, #ARGV, 2 do
    local value = redis.call('HGET', key, ARGV[i])
    if (value and '=' .. value or '') ~= ARGV[i + 1] then return nil end
  end
  return out
end
local function apply(key, l, more)
  hset(key, l.set, l.remove - 1)
  for i = 1, #more, 4000 do
    redis.call('HSET', key, unpack(more, i, math.min(i + 3999, #more)))
  end
  for i = l.remove, l.add - 1, 4000 do
    redis.call('HDEL', key, unpack(ARGV, i, math.min(i + 3999, l.add - 1)))
  end
end
`;
