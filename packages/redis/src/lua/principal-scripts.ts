import { readingScript, type Script, script } from "./script.ts";

/**
 * A principal's sessions: one hash, a field per session key: end of the entry (7 bytes, ms by the server's
 * clock), place (6 bytes), note. The field of the empty name: last place given (6 bytes), size that calls
 * for the next pruning (4), latest end of any entry (7). Pruning waits until the hash has doubled, so entering
 * costs the same however many sessions there are.
 */
const INDEX = `
local function now()
  local t = redis.call('TIME')
  return t[1] * 1000 + math.floor(t[2] / 1000)
end
local function entries(key)
  local all, out, t = redis.call('HGETALL', key), {}, now()
  for i = 1, #all, 2 do
    if all[i] ~= '' and #all[i + 1] >= 13 then
      local till, place = struct.unpack('>I7I6', all[i + 1])
      if till > t then out[#out + 1] = {all[i], string.sub(all[i + 1], 14), place} end
    end
  end
  table.sort(out, function(a, b) return a[3] < b[3] end)
  return out
end
local function hdel(key, names)
  for i = 1, #names, 4000 do
    redis.call('HDEL', key, unpack(names, i, math.min(i + 3999, #names)))
  end
  if redis.call('HLEN', key) <= 1 then redis.call('UNLINK', key) end
end
`;

/**
 * KEYS index; ARGV session key, note, idle, absolute, max or nothing, policy, key whose place it takes or
 * nothing. Answers 0 or 7, keys to end.
 */
export const LINK: Script = script(
  INDEX,
  `
local key, session, t = KEYS[1], ARGV[1], now()
local function placeOf(name)
  local raw = name ~= '' and redis.call('HGET', key, name)
  return raw and #raw >= 13 and select(2, struct.unpack('>I7I6', raw)) or nil
end
local own, evict = placeOf(session) or placeOf(ARGV[7]), {}
if ARGV[5] ~= '' then
  local others, places, last = {}, 0, nil
  for _, entry in ipairs(entries(key)) do
    if entry[1] ~= session and entry[3] ~= own then
      if entry[3] ~= last then places, last = places + 1, entry[3] end
      others[#others + 1] = {entry[1], places}
    end
  end
  for _, other in ipairs(others) do
    if other[2] <= places + 1 - ARGV[5] then evict[#evict + 1] = other[1] end
  end
  if ARGV[6] == 'reject' and #evict > 0 then return {7, {}} end
end
local left = tonumber(ARGV[3])
if ARGV[4] ~= '' then left = math.min(left, tonumber(ARGV[4])) end
if left <= 0 then
  hdel(key, {session})
  return {0, evict}
end
local meta = redis.call('HGET', key, '')
local place, prune, latest = 0, 16, 0
if meta and #meta == 17 then place, prune, latest = struct.unpack('>I6I4I7', meta) end
if not own then
  place = place + 1
  own = place
end
if redis.call('HLEN', key) > prune then
  local alive, dead, all = {}, {}, redis.call('HKEYS', key)
  for _, entry in ipairs(entries(key)) do alive[entry[1]] = true end
  for _, name in ipairs(all) do
    if name ~= '' and not alive[name] then dead[#dead + 1] = name end
  end
  prune = math.max(16, 2 * (#all - #dead))
  hdel(key, dead)
end
latest = math.max(latest, t + left)
redis.call('HSET', key, session, struct.pack('>I7I6', t + left, own) .. ARGV[2],
  '', struct.pack('>I6I4I7', place, prune, latest))
redis.call('PEXPIRE', key, latest - t)
return {0, evict}
`,
);

/** KEYS index; ARGV session key. */
export const UNLINK: Script = script(INDEX, "hdel(KEYS[1], ARGV) return {0}");

/** KEYS index. Answers 0 and key, note, … */
export const LIST: Script = readingScript(
  INDEX,
  `
local out = {}
for _, entry in ipairs(entries(KEYS[1])) do
  out[#out + 1] = entry[1]
  out[#out + 1] = entry[2]
end
return {0, out}
`,
);
