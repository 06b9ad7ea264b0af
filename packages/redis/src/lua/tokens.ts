/**
 * Which writes were seen, so that one that a client sends again is applied once. A writer's field holds
 * the number of the session's tokened write that was its last (4 bytes: the writer quiet longest is
 * forgotten first), the highest sequence (7 bytes) and the distances to the next lower ones (base 128): 32
 * close ones take 42 bytes. Mostly a writer's tokens come in their order: then the newest is put before what is
 * there, and nothing is taken apart.
 */
export const TOKENS: string = `
local function varint(distance)
  if distance < 128 then return string.char(distance) end
  return string.char(distance % 128 + 128) .. varint(math.floor(distance / 128))
end
local function sequences(raw)
  local n = struct.unpack('>I7', raw, 5)
  local list, distance, scale = {n}, 0, 1
  for p = 12, #raw do
    local b = string.byte(raw, p)
    distance = distance + b % 128 * scale
    if b < 128 then
      n = n - distance
      list[#list + 1] = n
      distance, scale = 0, 1
    else
      scale = scale * 128
    end
  end
  return list
end
local function pack(list)
  local out = {struct.pack('>I7', list[1])}
  for i = 2, #list do out[i] = varint(list[i - 1] - list[i]) end
  return table.concat(out)
end
local function forget(key)
  local all, quiet, stalest = redis.call('HGETALL', key), nil, math.huge
  for i = 1, #all, 2 do
    if string.byte(all[i]) == 255 then
      local stamp = struct.unpack('>I4', all[i + 1])
      if stamp < stalest then quiet, stalest = all[i], stamp end
    end
  end
  if quiet then redis.call('HDEL', key, quiet) end
end
local function insert(list, sequence)
  local at = 1
  while list[at] and list[at] > sequence do at = at + 1 end
  if list[at] == sequence or at > 32 then return false end
  table.insert(list, at, sequence)
  list[33] = nil
  return true
end
local function after(raw, highest, sequence)
  local known = string.sub(raw, 12)
  if #known > 30 and #string.gsub(known, '[\\128-\\255]', '') > 30 then
    local last = #known - 1
    while last > 0 and string.byte(known, last) > 127 do last = last - 1 end
    known = string.sub(known, 1, last)
  end
  return struct.pack('>I7', sequence) .. varint(sequence - highest) .. known
end
local function with(raw, sequence)
  if not raw or #raw < 11 then return struct.pack('>I7', sequence) end
  local highest = struct.unpack('>I7', raw, 5)
  if sequence > highest then return after(raw, highest, sequence) end
  local list = sequences(raw)
  if insert(list, sequence) then return pack(list) end
end
local function remember(key, h, writer, sequence, more)
  local field = '\\255' .. writer
  local raw = redis.call('HGET', key, field)
  local known = with(raw, sequence)
  if not known then return false end
  local writers, stamp = 0, 0
  if #h == 14 then writers, stamp = struct.unpack('>BI4', h, 10) end
  if not raw then writers = writers + 1 end
  more[#more + 1] = field
  more[#more + 1] = struct.pack('>I4', stamp + 1) .. known
  more[#more + 1] = ''
  more[#more + 1] = string.sub(h, 1, 9) .. struct.pack('>BI4', math.min(writers, 16), stamp + 1)
  return true, writers > 16
end
`;
