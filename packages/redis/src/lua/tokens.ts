/**
 * Which writes were seen, so that one that a client sends again is applied once. A writer's field holds
 * the number of the session's tokened write that was its last (10 digits: the writer quiet longest is
 * forgotten first), how many of its writes are remembered (2 digits), the highest sequence (16 digits, as it arrives) and the
 * distances to the next lower ones in base 47: 32 close ones take 59 bytes, and a hash stays a listpack while no
 * value is longer than 64. Digits but the last are P to ~, the last ! to O, the lowest first.
 */
export const TOKENS: string = `
local function place(distance)
  local out = ''
  while distance > 46 do
    out = out .. string.char(80 + distance % 47)
    distance = math.floor(distance / 47)
  end
  return out .. string.char(33 + distance)
end
local function newest(raw, sequence)
  local count, highest = tonumber(string.sub(raw, 11, 12)), tonumber(string.sub(raw, 13, 28))
  if not count or not highest or sequence - highest <= 0 then return nil end
  local known = string.sub(raw, 29)
  if count > 31 then
    local last = #known - 1
    while last > 0 and string.byte(known, last) > 79 do last = last - 1 end
    known = string.sub(known, 1, last)
  else
    count = string.format('%02d', count + 1)
  end
  return count .. sequence .. place(sequence - highest) .. known
end
`;

/** A token that is no newest one of its writer; and a header that counts it. */
export const OTHER_TOKENS: string = `
local function sequences(raw)
  local n = tonumber(string.sub(raw, 13, 28))
  local list, distance, scale = {n}, 0, 1
  for p = 29, #raw do
    local b = string.byte(raw, p)
    if b < 80 then
      n = n - distance - (b - 33) * scale
      list[#list + 1] = n
      distance, scale = 0, 1
    else
      distance = distance + (b - 80) * scale
      scale = scale * 47
    end
  end
  return list
end
local function pack(list)
  local out = {string.format('%02d%016.0f', #list, list[1])}
  for i = 2, #list do out[i] = place(list[i - 1] - list[i]) end
  return table.concat(out)
end
local function forget(key)
  local all, quiet, stalest = redis.call('HGETALL', key), nil, math.huge
  for i = 1, #all, 2 do
    if string.byte(all[i]) == 1 then
      local stamp = tonumber(string.sub(all[i + 1], 1, 10)) or 0
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
local function with(raw, sequence)
  if not raw or #raw < 28 or string.find(string.sub(raw, 1, 28), '%D') then return '01' .. sequence end
  local list = sequences(raw)
  if insert(list, tonumber(sequence)) then return pack(list) end
end
local function remember(key, h, writer, sequence, more)
  local field = '\\1' .. writer
  local raw = redis.call('HGET', key, field)
  local known = raw and newest(raw, sequence) or with(raw, sequence)
  if not known then return nil end
  local writers, stamp = 0, 0
  if #h == 41 then writers, stamp = string.sub(h, 30, 31), string.sub(h, 32) end
  if not raw then writers = writers + 1 end
  stamp = string.format('%010.0f', stamp + 1)
  more[#more + 1] = field
  more[#more + 1] = stamp .. known
  return string.sub(h, 1, 29) .. string.format('%02d', math.min(writers, 16)) .. stamp, tonumber(writers) > 16
end
`;
