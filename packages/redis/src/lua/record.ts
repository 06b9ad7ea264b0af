/**
 * The record of a session: one hash under its key. Each attribute is a field of its name, and the field of
 * the empty name is the header (attribute names are never empty). A hash stays a listpack while no value is
 * longer than 64 bytes, hence a binary header:
 *
 *     byte 1     format version
 *     byte 2     255 - version, so that damage is not taken for a newer format
 *     byte 3     L live, M moved by a rename, T tombstone, F frozen, G given back (lua/give-back-scripts.ts)
 *     4-9        created, ms since 1970 by the server's clock, big endian
 *     L F 10, 11-14  how many writers are remembered, how many writes had a token (both absent: none)
 *     M 10-15, 16- end of the grace, the key where the session lives now
 *
 * A field that begins with byte 255 (never a byte of UTF-8) remembers one writer's tokens. That byte alone: in
 * a record that moved to another slot, the call that moved it.
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

/** The format this release writes, and the newest that it reads. */
const FORMAT_VERSION = 1;

/** Judge a header. In parts, since a script makes its functions anew in each run. */
export const JUDGE: string = `
local function now()
  local t = redis.call('TIME')
  return t[1] * 1000 + math.floor(t[2] / 1000)
end
local function judge(h)
  local version, check, kind = string.byte(h, 1, 3)
  if not kind or version == 0 or version + check ~= 255 then return nil, {4} end
  if version > ${FORMAT_VERSION} then return nil, {5, version} end
  local size = #h
  if kind == 76 and (size == 9 or size == 14) then return 'L' end
  if kind == 84 and size == 9 then return 'T', {1} end
  if kind == 70 and (size == 9 or size == 14) then return 'F', {1} end
  if kind == 71 and size == 9 then return 'G', {1, 'G'} end
  if kind == 77 and size > 15 then
    if struct.unpack('>I6', h, 10) > now() then return 'M', {2, string.sub(h, 16)} end
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
local function created(h) return (struct.unpack('>I6', h, 4)) end
local function lifetime(created, idle, absolute)
  local left = tonumber(idle)
  if absolute ~= '' then left = math.min(left, created + absolute - now()) end
  return left
end
local function expire(key, left)
  if left > 0 then redis.call('PEXPIRE', key, left) else redis.call('UNLINK', key) end
end
`;

/** Making records and tombstones. */
export const WRITE: string = `
local function header(kind, created)
  return '\\${FORMAT_VERSION}\\${255 - FORMAT_VERSION}' .. kind .. struct.pack('>I6', created)
end
local function bury(key, ms)
  redis.call('UNLINK', key)
  if ms > 0 then
    redis.call('HSET', key, '', header('T', 0))
    redis.call('PEXPIRE', key, ms)
  end
end
local function hset(key, from, to)
  for i = from, to, 4000 do
    redis.call('HSET', key, unpack(ARGV, i, math.min(i + 3999, to)))
  end
end
`;
