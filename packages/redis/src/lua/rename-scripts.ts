import { CHANGE } from "./change.ts";
import { CLOCK, JUDGE, LIVE, WRITE } from "./record.ts";
import { type Script, script } from "./script.ts";

/** A record that was moved begins to live. */
const ARRIVAL = `
local function arrive(to, h, idle, absolute)
  local t = now()
  local left = lifetime(t, created(h), idle, absolute)
  if left > 0 then
    redis.call('HSET', to, '', ends(h, t + left))
    redis.call('PEXPIRE', to, left)
  else
    redis.call('UNLINK', to)
  end
end
`;

const MARK = `
local function move(key, h, to, grace, tombstone)
  local moved = header('M', created(h), digits(now() + grace) .. to)
  redis.call('HSET', key, '', moved)
  redis.call('PEXPIRE', key, grace + tombstone)
end
`;

/** KEYS from, to (one slot); ARGV idle, absolute, grace, tombstone, name of to, change. */
export const RENAME: Script = script(
  CLOCK,
  JUDGE,
  LIVE,
  WRITE,
  CHANGE,
  MARK,
  ARRIVAL,
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
arrive(to, h, ARGV[1], ARGV[2])
return {0}
`,
);

/** The header of a live session that a move wrote over: what the record remembers tells it. */
const UNMARK = `
local function unmark(h, all)
  local writers, stamp = 0, 0
  for i = 1, #all, 2 do
    if string.byte(all[i]) == 1 and all[i] ~= CALL then
      writers = writers + 1
      stamp = math.max(stamp, tonumber(string.sub(all[i + 1], 1, 10)) or 0)
    end
  end
  local marks = writers == 0 and '' or string.format('%02d%010.0f', math.min(writers, 16), stamp)
  return header('L', created(h), digits(0) .. marks)
end
`;

/**
 * The first half of a rename across slots. KEYS from; ARGV idle, absolute, grace, tombstone, name of to, name
 * of this call, change. Answers 0, the sums, and the live record as it was. The field that is U+0001 alone keeps the name
 * of the call: a client that resends it, the reply lost, gets the same answer again, without a grace, too.
 */
export const LEAVE: Script = script(
  CLOCK,
  JUDGE,
  LIVE,
  WRITE,
  CHANGE,
  MARK,
  "local CALL = '\\1'",
  UNMARK,
  `
local from = KEYS[1]
local h, refusal = live(from)
local resent = h and refusal and refusal[1] <= 2 and redis.call('HGET', from, CALL) == ARGV[6]
if refusal and not resent then return refusal end
local l = layout(7)
local added = sums(from, l)
if not added then return {3, values(from, l)} end
local all, record = redis.call('HGETALL', from), {}
for i = 1, #all, 2 do
  if all[i] == '' and resent then all[i + 1] = unmark(h, all) end
  if all[i] ~= CALL then
    record[#record + 1] = all[i]
    record[#record + 1] = all[i + 1]
  end
end
if not resent then
  redis.call('HSET', from, CALL, ARGV[6])
  move(from, h, ARGV[5], math.max(0, tonumber(ARGV[3])), tonumber(ARGV[4]))
end
return {0, added, record}
`,
);

/** The second half. KEYS to; ARGV idle, absolute, header, name, value, … */
export const ARRIVE: Script = script(
  CLOCK,
  JUDGE,
  LIVE,
  WRITE,
  ARRIVAL,
  `
local to = KEYS[1]
if redis.call('EXISTS', to) == 1 then return {6} end
hset(to, 4, #ARGV)
arrive(to, ARGV[3], ARGV[1], ARGV[2])
return {0}
`,
);
