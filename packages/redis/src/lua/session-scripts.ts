import { CHANGE } from "./change.ts";
import { JUDGE, LIVE, WRITE } from "./record.ts";
import { readingScript, type Script, script } from "./script.ts";
import { TOKENS } from "./tokens.ts";

/**
 * KEYS key. Answers 0, ms left, ms of age, moved to or nothing, name, value, … (an empty name is no attribute), and F
 * when it is frozen; or 1, and G when it was given back.
 */
export const READ_RECORD = `
local key, byte = KEYS[1], string.byte
local all = redis.pcall('HGETALL', key)
if all.err then return wrongtype(all) end
local h
for i = 1, #all, 2 do
  local first = byte(all[i])
  if not first then
    h = all[i + 1]
    all[i + 1] = ''
  elseif first == 255 then
    all[i], all[i + 1] = '', ''
  end
end
if not h then return {#all == 0 and 1 or 4} end
local kind, refusal = judge(h)
if not kind or (kind ~= 'F' and refusal and refusal[1] ~= 2) then return refusal end
local t, born = now(), struct.unpack('>I6', h, 4)
if kind == 'L' then return {0, redis.call('PTTL', key), t - born, '', all} end
if kind == 'F' then return {0, redis.call('PTTL', key), t - born, '', all, 'F'} end
return {0, struct.unpack('>I6', h, 10) - t, t - born, refusal[2], all}
`;

export const READ: Script = readingScript(JUDGE, READ_RECORD);

/** KEYS key; ARGV idle, absolute, name, value, … What was given back may be adopted again. */
export const CREATE: Script = script(
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
local left = lifetime(t, ARGV[1], ARGV[2])
if left <= 0 then return {0} end
redis.call('HSET', key, '', header('L', t))
hset(key, 3, #ARGV)
redis.call('PEXPIRE', key, left)
return {0}
`,
);

const CHANGE_RECORD = `
local key = KEYS[1]
local h, refusal = live(key)
if refusal then return refusal end
local l = layout(5)
local more, crowded = {}, false
if ARGV[3] ~= '' then
  local new
  new, crowded = remember(key, h, ARGV[3], tonumber(ARGV[4]), more)
  if not new then
    local found = {}
    for i = l.add, l.expect - 1, 2 do
      local value = redis.call('HGET', key, ARGV[i])
      if value then found[#found + 1] = ARGV[i] found[#found + 1] = value end
    end
    return {0, found}
  end
end
local added = sums(key, l)
if not added then return {3, values(key, l)} end
for i = 1, #added do more[#more + 1] = added[i] end
apply(key, l, more)
if crowded then forget(key) end
expire(key, lifetime(created(h), ARGV[1], ARGV[2]))
return {0, added}`;

/** KEYS key; ARGV idle, absolute, nothing, nothing, change. Answers 0 or 3 and name, value, … now. */
export const UPDATE: Script = script(JUDGE, LIVE, WRITE, CHANGE, CHANGE_RECORD);

/** As {@link UPDATE}, once for each writer (ARGV 3) and sequence (4). */
export const UPDATE_ONCE: Script = script(JUDGE, LIVE, WRITE, CHANGE, TOKENS, CHANGE_RECORD);

/** KEYS key; ARGV idle, absolute. */
export const TOUCH: Script = script(
  JUDGE,
  LIVE,
  `
local h, refusal = live(KEYS[1])
if refusal then return refusal end
expire(KEYS[1], lifetime(created(h), ARGV[1], ARGV[2]))
return {0}
`,
);

/** KEYS key. Answers 0 when it is a live session, be it frozen. */
export const PROBE: Script = readingScript(
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
