import { CHANGE } from "./change.ts";
import { CLOCK, JUDGE, LIVE, WRITE } from "./record.ts";
import { readingScript, type Script, script } from "./script.ts";
import { OTHER_TOKENS, TOKENS } from "./tokens.ts";

/** KEYS key. Answers 0, the server's time in seconds and microseconds, and what `HGETALL` answers. */
export const READ_RECORD = `
local all = redis.pcall('HGETALL', KEYS[1])
if all.err then return string.find(all.err, 'WRONGTYPE', 1, true) and {4} or all end
local t = redis.call('TIME')
return {0, t[1], t[2], all}
`;

export const READ: Script = readingScript(READ_RECORD);

/** KEYS key; ARGV idle, absolute, name, value, … What was given back may be adopted again. */
export const CREATE: Script = script(
  CLOCK,
  JUDGE,
  LIVE,
  WRITE,
  `
local key = KEYS[1]
if redis.call('EXISTS', key) == 1 then
  local h = redis.pcall('HGET', key, '')
  local kind = type(h) == 'string' and judge(h)
  if kind ~= 'G' then return {(kind == 'T' or kind == 'M') and 1 or 6} end
  redis.call('UNLINK', key)
end
local t = now()
local left = lifetime(t, t, ARGV[1], ARGV[2])
if left <= 0 then return {0} end
redis.call('HSET', key, '', header('L', t, digits(t + left)))
hset(key, 3, #ARGV)
redis.call('PEXPIRE', key, left)
return {0}
`,
);

/**
 * What nearly every write is, told before the functions for all others are made: values to set, in a live session, by a
 * writer whose newest write this is.
 */
const SET_NEWEST = `
if ARGV[6] == '0' and ARGV[7] == '0' and #ARGV == 7 + 2 * ARGV[5] and #ARGV < 4000 then
  local key, field = KEYS[1], '\\1' .. ARGV[3]
  local found = redis.pcall('HMGET', key, '', field)
  local h, raw = found[1], found[2]
  if h and raw and #h == 41 and string.sub(h, 1, 3) == 'A}L' and not string.find(h, '%D', 4) then
    local known, t = newest(raw, ARGV[4]), now()
    local left = lifetime(t, string.sub(h, 4, 16), ARGV[1], ARGV[2])
    if known and left > 0 then
      local stamp = string.format('%010.0f', string.sub(h, 32) + 1)
      local new = string.sub(h, 1, 16) .. digits(t + left) .. string.sub(h, 30, 31) .. stamp
      redis.call('HSET', key, '', new, field, stamp .. known, unpack(ARGV, 8))
      redis.call('PEXPIRE', key, left)
      return {0}
    end
  end
end
`;

const CHANGE_RECORD = `
local key = KEYS[1]
local h, refusal = live(key)
if refusal then return refusal end
local l = layout(5)
local more, crowded = {}, false
if ARGV[3] ~= '' then
  local new
  new, crowded = remember(key, h, ARGV[3], ARGV[4], more)
  if not new then
    local found = {}
    for i = l.add, l.expect - 1, 2 do
      local value = redis.call('HGET', key, ARGV[i])
      if value then found[#found + 1] = ARGV[i] found[#found + 1] = value end
    end
    return {0, found}
  end
  h = new
end
local added = sums(key, l)
if not added then return {3, values(key, l)} end
local t = now()
local left = lifetime(t, created(h), ARGV[1], ARGV[2])
if left <= 0 then
  redis.call('UNLINK', key)
  return {0, added}
end
for i = 1, #added do more[#more + 1] = added[i] end
more[#more + 1] = ''
more[#more + 1] = ends(h, t + left)
apply(key, l, more)
if crowded then forget(key) end
redis.call('PEXPIRE', key, left)
return {0, added}`;

/** KEYS key; ARGV idle, absolute, nothing, nothing, change. Answers 0 or 3 and name, value, … now. */
export const UPDATE: Script = script(CLOCK, JUDGE, LIVE, WRITE, CHANGE, CHANGE_RECORD);

/** As {@link UPDATE}, once for each writer (ARGV 3) and sequence (4, of 16 digits). */
export const UPDATE_ONCE: Script = script(
  CLOCK,
  TOKENS,
  SET_NEWEST,
  JUDGE,
  LIVE,
  WRITE,
  CHANGE,
  OTHER_TOKENS,
  CHANGE_RECORD,
);

/**
 * KEYS key; ARGV idle, absolute. The deadline is moved before the header is written: a script that has written may go
 * on when the server is at maxmemory.
 */
export const TOUCH: Script = script(
  CLOCK,
  JUDGE,
  LIVE,
  `
local key = KEYS[1]
local h, refusal = live(key)
if refusal then return refusal end
local t = now()
local left = lifetime(t, created(h), ARGV[1], ARGV[2])
if left > 0 then
  redis.call('PEXPIRE', key, left)
  redis.call('HSET', key, '', ends(h, t + left))
else
  redis.call('UNLINK', key)
end
return {0}
`,
);

/** KEYS key. Answers 0 when it is a live session, be it frozen. */
export const PROBE: Script = readingScript(
  CLOCK,
  JUDGE,
  LIVE,
  `
local h, refusal = live(KEYS[1])
if h and refusal and judge(h) == 'F' then return {0} end
return refusal or {0}
`,
);

/**
 * KEYS key; ARGV ms of tombstone. Answers 0 or 1, and 1 if it was a live session; or 2, moved to. The record is unlinked before the tombstone is written: a script that has
 * written may go on when the server is at maxmemory, so that a logout works then too.
 */
export const DESTROY: Script = script(
  CLOCK,
  JUDGE,
  WRITE,
  `
local key = KEYS[1]
local h = redis.pcall('HGET', key, '')
if type(h) == 'table' and wrongtype(h) == h then return h end
local kind, answer
if type(h) == 'string' then kind, answer = judge(h) end
if kind == 'T' or kind == 'M' then
  local stands = redis.call('PTTL', key)
  if kind == 'M' or stands < tonumber(ARGV[1]) then bury(key, math.max(stands, tonumber(ARGV[1]))) end
  return answer
end
local existed = h or redis.call('EXISTS', key) == 1
bury(key, tonumber(ARGV[1]))
return {(existed and kind ~= 'G') and 0 or 1, (kind == 'L' or kind == 'F') and 1 or 0}
`,
);
