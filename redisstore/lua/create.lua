-- Starts a session. Invariant: never more than max live sessions a user, and
-- none for a blocked one; a second run answers as the first.
--
-- The index of a user's sessions holds each that can still be revoked. Its score
-- is above 0 for those that may live: a time at which the session has not ended
-- yet, at first its end, which reissues move. Once that time has passed, a
-- login looks, a few at a time: a session that lives gets its end anew, and one
-- that has ended is on the index under minus the end of its retention. So all
-- scores from minus now to now are to be looked at, and it is cheap to count.
-- KEYS session (before the first run there is none), user, blocked, feed, evicted, fresh
-- ARGV now, subject tag, sid, seed hash, idle TTL, session TTL (0: none), access TTL, max,
--      reject or evict, device name, user agent, address, shard; then, of the
--      sessions longest without a reissue, in their order, id and time of the last one
-- Returns outcome, created, idle end, absolute end, the time since the user's claims
--         were refreshed, -1 if that is long ago, and of each session evicted
--         its id and until when it is denied; the outcome is more if it must be run
--         again, and full if so with those sessions
local LOOKS, KILLS = 8, 2  -- in one run
local LINGERING = 100      -- sessions that have ended and can still be revoked, at most
local INSIDE = 16          -- so many sessions are put in order here
local now, sub, sid, shard = clock(ARGV[1]), ARGV[2], ARGV[3], ARGV[13]
local user, feed, evicted = KEYS[2], KEYS[4], KEYS[5]

local function created(s)
  local since = now - (redis.call('GET', KEYS[6]) or -math.huge)
  since = since >= REFRESH and -1 or math.max(0, since)
  return {'created', s.created, s.idle > 0 and s.rotated + s.idle or 0, s.session_end, since, unpack(redis.call('LRANGE', evicted, 0, -1))}
end
local s = load(KEYS[1], now, sub)
if s then return created(s) end
if blocked(KEYS[3], now) then return {'blocked'} end

-- settle looks at a session on the index, returns it if it lives, and else sees to
-- it that it does not count.
local lingering, kills = nil, 0
local function settle(id)
  local key = session_of(shard, id)
  local other, over = load(key, now, sub)
  if other and live(other, now) then return other end
  lingering = lingering or redis.call('ZCOUNT', user, '-inf', '(' .. -now)
  if not other or other.gone then
    redis.call('ZREM', user, id)
    if over then redis.call('DEL', key) end -- or a clock that is set back revives it
  elseif lingering < LINGERING then
    redis.call('ZADD', user, -other.retained, id)
    lingering = lingering + 1
  elseif kills < KILLS then
    kill(other, user, deny_of(shard, id), feed, id, sid, now)
    kills = kills + 1
  end
end
redis.call('ZADD', user, 'XX', 0, sid) -- changes nothing, and is refused where what follows must be
for _, id in ipairs(redis.call('ZRANGEBYSCORE', user, -now, now, 'LIMIT', 0, LOOKS)) do
  local other = settle(id)
  if other then redis.call('ZADD', user, other.ends, id) end
end

local standing, max = redis.call('ZCOUNT', user, '(0', '+inf'), tonumber(ARGV[8])
if standing >= max then
  if redis.call('ZCOUNT', user, '(0', now) > 0 then return {'more'} end
  local idlest, candidates = {}, {}
  if ARGV[14] then
    for i = 14, #ARGV, 2 do candidates[#candidates + 1] = {ARGV[i], tonumber(ARGV[i + 1])} end
  elseif standing <= INSIDE then
    for i, id in ipairs(redis.call('ZRANGEBYSCORE', user, '(0', '+inf')) do candidates[i] = {id} end
  else
    return {'full'}
  end
  for _, candidate in ipairs(candidates) do
    local id, rotated = unpack(candidate)
    if rotated and #idlest > standing - max then break end
    local other = settle(id)
    if other and (not rotated or rotated == other.rotated) then -- else it is no longer the next in their order
      other.id = id
      idlest[#idlest + 1] = other
    end
  end
  local surplus = redis.call('ZCOUNT', user, '(0', '+inf') - max + 1
  if surplus > 0 and ARGV[9] == 'reject' then return {'limit'} end
  if surplus > #idlest then return {'full'} end
  if not ARGV[14] then
    table.sort(idlest, function(a, b) return a.rotated < b.rotated or a.rotated == b.rotated and a.id < b.id end)
  end
  for i = 1, surplus do
    local other = idlest[i]
    kill(other, user, deny_of(shard, other.id), feed, other.id, sid, now)
    redis.call('RPUSH', evicted, other.id, int(other.gone))
  end
  if surplus > 0 then expire(evicted, now + MEMORY, now) end
end

local idle, lasts = tonumber(ARGV[5]), tonumber(ARGV[6])
local whole = lasts > 0 and now + lasts or 0
s = {created = now, rotated = now, idle = idle, session_end = whole}
local ends, access_end = ends_at(now, idle, whole), cover(0, now, tonumber(ARGV[7]), whole)
redis.call('HSET', KEYS[1], 'id', sub .. ARGV[4],
  'st', int(now) .. ' 0 0 ' .. int(access_end - now) .. ' ' .. int(idle) .. ' ' .. int(lasts))
for i, field in ipairs({'name', 'ua', 'ip'}) do
  if ARGV[9 + i] ~= '' then redis.call('HSET', KEYS[1], field, ARGV[9 + i]) end
end
local at = lapse(ends, access_end, idle, whole)
expire(KEYS[1], at, now)
redis.call('ZADD', user, ends, sid)
keep(user, at, now)
return created(s)
