/**
 * What must happen in Redis in one step, as Lua. Stream ids compare as pairs of numbers; both parts are below 2^53. `last` is the id of the
 * newest entry, or where the snapshot ends when the stream is empty behind it.
 */
const IDS = `
local function after(one, other)
  local a, b = string.match(one, '^(%d+)-(%d+)$')
  local c, d = string.match(other, '^(%d+)-(%d+)$')
  if not a then return false end
  if not c then return true end
  a, b, c, d = tonumber(a), tonumber(b), tonumber(c), tonumber(d)
  return a > c or (a == c and b > d)
end
local function last(stream)
  local newest = redis.call('XREVRANGE', stream, '+', '-', 'COUNT', 1)
  return newest[1] and newest[1][1] or '0-0'
end
local function token(held)
  return held and string.match(held, '^(%d+):') or ''
end
`;

/**
 * KEYS stream, fences, lease. ARGV news, channel, token (empty without a lease), signature key. Adds news to the stream and tells it, unless the
 * token was superseded; gives the lease back with it. Returns ['told', id before, id] or ['superseded', token].
 */
export const TELL = `${IDS}
if ARGV[3] ~= '' then
  local fence = redis.call('HGET', KEYS[2], ARGV[4])
  if fence and tonumber(fence) > tonumber(ARGV[3]) then return {'superseded', fence} end
end
local before = last(KEYS[1])
local id = redis.call('XADD', KEYS[1], '*', 'news', ARGV[1])
local freed = ''
if ARGV[3] ~= '' and token(redis.call('GET', KEYS[3])) == ARGV[3] then
  redis.call('DEL', KEYS[3])
  freed = ARGV[4]
end
redis.call('PUBLISH', ARGV[2], before .. '\\n' .. id .. '\\n' .. freed .. '\\n' .. ARGV[1])
return {'told', before, id}
`;

/**
 * KEYS stream, fences, lease, note. ARGV name of the request, milliseconds, signature key, values of the attempt (empty: none is named), factor. A note
 * that the attempt was in vain is the answer, unless the values have grown by the factor. The same request asked twice gets the same lease. A lease
 * without an end is none of ours, and would never go. Returns ['granted', token, id of the newest entry], ['vain', why, id of the newest entry] or ['held'].
 */
export const CLAIM = `${IDS}
if ARGV[4] ~= '' then
  local note = redis.call('HMGET', KEYS[4], 'values', 'why')
  if note[1] and note[2] and tonumber(ARGV[4]) < math.max(1, tonumber(note[1])) * tonumber(ARGV[5]) then return {'vain', note[2], last(KEYS[1])} end
end
local held = redis.call('GET', KEYS[3])
if held and redis.call('PTTL', KEYS[3]) >= 0 then
  if held == token(held) .. ':' .. ARGV[1] then return {'granted', token(held), last(KEYS[1])} end
  return {'held'}
end
local granted = redis.call('HINCRBY', KEYS[2], ARGV[3], 1)
redis.call('SET', KEYS[3], granted .. ':' .. ARGV[1], 'PX', ARGV[2])
return {'granted', tostring(granted), last(KEYS[1])}
`;

/**
 * KEYS lease, fences, note. ARGV token, signature key, channel, values of an attempt in vain (empty: none), why, milliseconds. Notes the attempt, unless
 * the token was superseded; gives the lease back, if it is still held, and tells so.
 */
export const RELEASE = `${IDS}
if ARGV[4] ~= '' and redis.call('HGET', KEYS[2], ARGV[2]) == ARGV[1] then
  redis.call('DEL', KEYS[3])
  redis.call('HSET', KEYS[3], 'values', ARGV[4], 'why', ARGV[5])
  redis.call('PEXPIRE', KEYS[3], ARGV[6])
end
if token(redis.call('GET', KEYS[1])) ~= ARGV[1] then return 0 end
redis.call('DEL', KEYS[1])
redis.call('PUBLISH', ARGV[3], '\\n\\n' .. ARGV[2] .. '\\n')
return 1
`;

/**
 * KEYS stream, snapshot. ARGV id after which to read, entries at most. Returns [where the snapshot ends, its text, entries, id of the newest entry]; the first
 * two are empty unless the snapshot covers more than was read, and then the entries are those after it.
 */
export const READ = `${IDS}
local from, text = ARGV[1], ''
local ends = redis.call('HGET', KEYS[2], 'ends')
local newest = last(KEYS[1])
if ends and after(ends, newest) then newest = ends end
if ends and after(ends, from) then
  from = ends
  text = redis.call('HGET', KEYS[2], 'knowledge') or ''
else
  ends = ''
end
return {ends, text, redis.call('XRANGE', KEYS[1], '(' .. from, '+', 'COUNT', ARGV[2]), newest}
`;

/** KEYS stream, snapshot. ARGV where it ends, its text. Replaces an older snapshot, and drops the entries that it covers. Returns how many. */
export const COMPACT = `${IDS}
local ends = redis.call('HGET', KEYS[2], 'ends')
if (ends and not after(ARGV[1], ends)) or after(ARGV[1], last(KEYS[1])) then return 0 end
redis.call('HSET', KEYS[2], 'ends', ARGV[1], 'knowledge', ARGV[2])
return redis.call('XTRIM', KEYS[1], 'MINID', '=', ARGV[1])
`;
