import { CLOCK, JUDGE, LIVE, WRITE } from "./record.ts";
import { readingScript, type Script, script } from "./script.ts";
import { READ_RECORD } from "./session-scripts.ts";

/** Make a live record of another kind, keeping all else. */
const TURN = `
local function turn(key, from, to)
  local h = redis.pcall('HGET', key, '')
  if type(h) ~= 'string' or judge(h) ~= from then return false end
  local turned = redis.pcall('HSET', key, '', string.sub(h, 1, 2) .. to .. string.sub(h, 4))
  return type(turned) ~= 'table'
end
`;

/**
 * KEYS key. Freeze a live session and read it: it reads on, and refuses every write, so that what is read is what it
 * stays. A server that takes no writes now (at maxmemory, a replica) only reads it. Answers as `READ`.
 */
export const FREEZE: Script = script(CLOCK, JUDGE, TURN, "turn(KEYS[1], 'L', 'F')", READ_RECORD);

/** KEYS key. Answers 1 while it is frozen. */
export const IS_FROZEN: Script = readingScript(
  CLOCK,
  JUDGE,
  LIVE,
  "local h = live(KEYS[1]) return (h and judge(h) == 'F') and 1 or 0",
);

/** KEYS key. Make a frozen session live again. Answers 1 when it was frozen. */
export const THAW: Script = script(CLOCK, JUDGE, TURN, "return turn(KEYS[1], 'F', 'L') and 1 or 0");

/** KEYS key; ARGV ms. Put in the place of a frozen session, for so long, that it was given back. */
export const GIVE: Script = script(
  CLOCK,
  JUDGE,
  LIVE,
  WRITE,
  `
local h = live(KEYS[1])
if not h or judge(h) ~= 'F' then return 0 end
redis.call('UNLINK', KEYS[1])
redis.call('HSET', KEYS[1], '', header('G', 0, ''))
redis.call('PEXPIRE', KEYS[1], ARGV[1])
return 1
`,
);
