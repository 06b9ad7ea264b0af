import { type Script, script } from "./script.ts";

/** What a stored value begins with; a tombstone does not. */
export const VALUE_MARK = "=";

/** KEYS key; ARGV ms of tombstone. Answers 0 and the value, 1 unknown, 2 used. */
export const TAKE: Script = script(`
local value = redis.call('GET', KEYS[1])
if not value then return {1} end
if string.sub(value, 1, 1) ~= '=' then return {2} end
redis.call('UNLINK', KEYS[1])
if tonumber(ARGV[1]) > 0 then redis.call('SET', KEYS[1], '-', 'PX', ARGV[1]) end
return {0, string.sub(value, 2)}
`);
