/**
 * The record of a session: one hash under its key. Each attribute is a field of its name, and the field of
 * the empty name is the header (attribute names are never empty). All of it is text, so that a plain `HGETALL` reads
 * it whatever a client makes of bytes:
 *
 *     A          format version, of the letters from A on
 *     }          190 - that byte, so that damage is not taken for a newer format
 *     L M T F G  live, moved by a rename, tombstone, frozen, given back (lua/give-back-scripts.ts)
 *     13 digits  created, ms since 1970 by the server's clock
 *     L F: 13 digits     end of its lifetime
 *        2, 10 digits    how many writers are remembered, how many writes had a token (both absent: none)
 *     M: 13 digits       end of the grace, and the key where the session lives now
 *
 * A field that begins with U+0001 remembers one writer's tokens. That character alone: in a record that moved to
 * another slot, the call that moved it. An attribute whose name begins with it, or with U+0000, has U+0000 put before its
 * name.
 * Replies: an array whose first number is one of {@link REPLY}.
 */
export const REPLY = {
  ok: 0,
  gone: 1,
  moved: 2,
  conflict: 3,
  damaged: 4,
  newer: 5,
  taken: 6,
  limit: 7,
} as const;

/** The server's time, and lifetimes by it. In parts, since a script makes its functions anew in each run. */
export const CLOCK: string = `
local function now()
  local t = redis.call('TIME')
  return t[1] * 1000 + math.floor(t[2] / 1000)
end
local function lifetime(t, created, idle, absolute)
  local left = tonumber(idle)
  if absolute ~= '' then left = math.min(left, created + absolute - t) end
  return left
end
local function digits(n) return string.format('%013.0f', n) end
`;

/** Judge a header: `L`, or the reply to give. */
export const JUDGE: string = `
local function judge(h)
  local version, check, kind = string.byte(h, 1, 3)
  if not kind or version < 65 or version + check ~= 190 then return nil, {4} end
  if version > 65 then return nil, {5, version - 64} end
  local size = #h
  local from, to = string.find(h, '^%d+', 4)
  if kind == 76 and (size == 29 or size == 41) and to == size then return 'L' end
  if kind == 84 and size == 16 and to == 16 then return 'T', {1} end
  if kind == 70 and (size == 29 or size == 41) and to == size then return 'F', {1} end
  if kind == 71 and size == 16 and to == 16 then return 'G', {1, 'G'} end
  if kind == 77 and size > 29 and to and to >= 29 then
    if tonumber(string.sub(h, 17, 29)) > now() then return 'M', {2, string.sub(h, 30)} end
    return 'M', {1}
  end
  return nil, {4}
end
local function wrongtype(failure)
  if string.find(failure.err, 'WRONGTYPE', 1, true) then return {4} end
  return failure
end
`;

/** The header of a live session, or nothing and the reply to give; and moving its deadline. */
export const LIVE: string = `
local function live(key)
  local h = redis.pcall('HGET', key, '')
  if type(h) == 'table' then return nil, wrongtype(h) end
  if not h then return nil, {redis.call('EXISTS', key) == 0 and 1 or 4} end
  local kind, refusal = judge(h)
  return h, refusal
end
local function created(h) return tonumber(string.sub(h, 4, 16)) end
local function ends(h, deadline) return string.sub(h, 1, 16) .. digits(deadline) .. string.sub(h, 30) end
`;

/** Making records and tombstones. */
export const WRITE: string = `
local function header(kind, created, rest) return 'A}' .. kind .. digits(created) .. rest end
local function bury(key, ms)
  redis.call('UNLINK', key)
  if ms > 0 then
    redis.call('HSET', key, '', header('T', 0, ''))
    redis.call('PEXPIRE', key, ms)
  end
end
local function hset(key, from, to)
  for i = from, to, 4000 do
    redis.call('HSET', key, unpack(ARGV, i, math.min(i + 3999, to)))
  end
end
`;
