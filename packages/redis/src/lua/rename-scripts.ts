import { CHANGE } from "./change.ts";
import { JUDGE, LIVE, WRITE } from "./record.ts";
import { type Script, script } from "./script.ts";

const MARK = `
local function move(key, h, to, grace, tombstone)
  local moved = header('M', created(h)) .. struct.pack('>I6', now() + grace) .. to
  redis.call('HSET', key, '', moved)
  redis.call('PEXPIRE', key, grace + tombstone)
end
`;

/** KEYS from, to (one slot); ARGV idle, absolute, grace, tombstone, name of to, change. */
export const RENAME: Script = script(
  JUDGE,
  LIVE,
  WRITE,
  CHANGE,
  MARK,
  `
local from, to = KEYS[1], KEYS[2]
local h, refusal = live(from)
if refusal then return refusal end
local l = layout(6)
local added = sums(from, l)
if not added then return {3, values(from, l)} end
if redis.call('EXISTS', to) == 1 then
  bury(from, tonumber(ARGV[4]))
  return {1}
end
redis.call('COPY', from, to)
local grace, tombstone = tonumber(ARGV[3]), tonumber(ARGV[4])
if grace > 0 then move(from, h, ARGV[5], grace, tombstone) else bury(from, tombstone) end
apply(to, l, added)
expire(to, lifetime(created(h), ARGV[1], ARGV[2]))
return {0}
`,
);

/** The header of a live session that a move wrote over: what the record remembers tells it. */
const UNMARK = `
local function unmark(h, all)
  local writers, stamp = 0, 0
  for i = 1, #all, 2 do
    if string.byte(all[i]) == 255 and all[i] ~= CALL then
      writers = writers + 1
      stamp = math.max(stamp, (struct.unpack('>I4', all[i + 1])))
    end
  end
  local live = header('L', created(h))
  return writers == 0 and live or live .. struct.pack('>BI4', math.min(writers, 16), stamp)
end
`;

/**
 * The first half of a rename across slots. KEYS from; ARGV idle, absolute, grace, tombstone, name of to, name
 * of this call, change. Answers 0, the sums, and the attributes as they were; header and tokens, which are no
 * UTF-8, in hexadecimal behind an empty name. The field that is byte 255 alone keeps the name of the call: a
 * client that resends it, the reply lost, gets the same answer again, without a grace, too.
 */
export const LEAVE: Script = script(
  JUDGE,
  LIVE,
  WRITE,
  CHANGE,
  MARK,
  "local CALL = '\\255'",
  UNMARK,
  `
local from = KEYS[1]
local h, refusal = live(from)
local resent = h and refusal and refusal[1] <= 2 and redis.call('HGET', from, CALL) == ARGV[6]
if refusal and not resent then return refusal end
local l = layout(7)
local added = sums(from, l)
if not added then return {3, values(from, l)} end
local function hex(bytes)
  return (string.gsub(bytes, '.', function(b) return string.format('%02x', string.byte(b)) end))
end
local attributes, marks = {}, {}
local all = redis.call('HGETALL', from)
for i = 1, #all, 2 do
  if resent and all[i] == '' then all[i + 1] = unmark(h, all) end
  local first = string.byte(all[i])
  local into = (not first or first == 255) and marks or attributes
  if all[i] ~= CALL then
    into[#into + 1] = into == marks and hex(all[i]) or all[i]
    into[#into + 1] = into == marks and hex(all[i + 1]) or all[i + 1]
  end
end
if not resent then
  redis.call('HSET', from, CALL, ARGV[6])
  move(from, h, ARGV[5], math.max(0, tonumber(ARGV[3])), tonumber(ARGV[4]))
end
return {0, added, attributes, marks}
`,
);

/** The second half. KEYS to; ARGV idle, absolute, how many marks, name, value of each mark, name, value, … */
export const ARRIVE: Script = script(
  JUDGE,
  LIVE,
  WRITE,
  `
local to = KEYS[1]
if redis.call('EXISTS', to) == 1 then return {6} end
local function bytes(hex)
  return (string.gsub(hex, '..', function(b) return string.char(tonumber(b, 16)) end))
end
local marks, h = {}, nil
local rest = 4 + ARGV[3] * 2
for i = 4, rest - 1, 2 do
  marks[#marks + 1] = bytes(ARGV[i])
  marks[#marks + 1] = bytes(ARGV[i + 1])
  if ARGV[i] == '' then h = marks[#marks] end
end
local left = lifetime(created(h), ARGV[1], ARGV[2])
if left <= 0 then return {0} end
redis.call('HSET', to, unpack(marks))
hset(to, rest, #ARGV)
redis.call('PEXPIRE', to, left)
return {0}
`,
);
