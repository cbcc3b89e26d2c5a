-- Starts a session. Invariant: never more than max live sessions a user, and
-- none for a blocked one; a second run answers as the first.
-- KEYS session (before the first run there is none), user, blocked, feed, evicted
-- ARGV now, subject tag, sid, seed hash, idle TTL, session TTL (0: none), access TTL, max,
--      reject or evict, device name, user agent, address, shard
-- Returns outcome, created, idle end, absolute end, and of each session evicted
--         its id and until when it is denied
local now, sub, sid = clock(ARGV[1]), ARGV[2], ARGV[3]
local user, feed, evicted = KEYS[2], KEYS[4], KEYS[5]

local function created(s)
  return {'created', s.created, s.idle_end, s.session_end, unpack(redis.call('LRANGE', evicted, 0, -1))}
end
local s = load(KEYS[1], now, sub)
if s then return created(s) end
if blocked(KEYS[3], now) then return {'blocked'} end

local max, shard, dead = tonumber(ARGV[8]), ARGV[13], {}
if redis.call('ZCARD', user) >= max then
  local standing = {} -- in the order of the last reissue
  for _, id in ipairs(redis.call('ZRANGE', user, 0, -1)) do
    local other = load(session_of(shard, id), now, sub)
    if not other then dead[#dead + 1] = id
    elseif live(other, now) then standing[#standing + 1] = {id, other} end
  end
  local surplus = #standing - max + 1
  if surplus > 0 and ARGV[9] == 'reject' then return {'limit'} end
  for i = 1, surplus do
    local id, other = unpack(standing[i])
    kill(other, user, deny_of(shard, id), feed, id, sid, now)
    redis.call('RPUSH', evicted, id, int(other.gone))
  end
  if surplus > 0 then expire(evicted, now + MEMORY, now) end
end

local idle, whole = tonumber(ARGV[5]), tonumber(ARGV[6])
s = {key = KEYS[1], created = now, rotated = now, idle = idle, session_end = whole > 0 and now + whole or 0}
cover(s, now, tonumber(ARGV[7]))
measure(s)
redis.call('HSET', s.key, 'sub', sub, 'gen', 0, 'seed', ARGV[4], 'made', int(now), 'rot', int(now),
  'idle', int(idle), 'end', int(s.session_end), 'aend', int(s.access_end))
for i, field in ipairs({'name', 'ua', 'ip'}) do
  if ARGV[9 + i] ~= '' then redis.call('HSET', s.key, field, ARGV[9 + i]) end
end
expire(s.key, s.retained, now)
redis.call('ZADD', user, int(now), sid)
for _, id in ipairs(dead) do redis.call('ZREM', user, id) end
keep(user, s.retained, now)
return created(s)
