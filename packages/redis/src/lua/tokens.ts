/**
 * Which writes were seen, so that one that a client sends again is applied once. A writer's field holds
 * the number of the session's tokened write that was its last (4 bytes: the writer quiet longest is
 * forgotten first), the highest sequence (7 bytes) and the distances to the next lower ones (base 128): 32
 * close ones take 42 bytes.
 */
export const TOKENS: string = `
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
local function pack(stamp, list)
  local out = {struct.pack('>I4I7', stamp, list[1])}
  for i = 2, #list do
    local distance = list[i - 1] - list[i]
    while distance > 127 do
      out[#out + 1] = string.char(distance % 128 + 128)
      distance = math.floor(distance / 128)
    end
    out[#out + 1] = string.char(distance)
  end
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
local function remember(key, h, writer, sequence, more)
  local field = '\\255' .. writer
  local raw = redis.call('HGET', key, field)
  local list = raw and #raw >= 11 and sequences(raw) or {}
  if not insert(list, sequence) then return false end
  local writers, stamp = 0, 0
  if #h == 14 then writers, stamp = struct.unpack('>BI4', h, 10) end
  if not raw then writers = writers + 1 end
  more[#more + 1] = field
  more[#more + 1] = pack(stamp + 1, list)
  more[#more + 1] = ''
  more[#more + 1] = string.sub(h, 1, 9) .. struct.pack('>BI4', math.min(writers, 16), stamp + 1)
  return true, writers > 16
end
`;
