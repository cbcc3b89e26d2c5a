-- The scripts begin with this text, but for layout, poll and rights. A script runs as a whole or, if its
-- first write is refused, not at all, so each begins its writes with one that
-- an overfull or failing server refuses (HSET, RPUSH), never with a deletion.

-- How long a denial outlives the last access token: core.DenialMargin.
local MARGIN = 120000

-- How long the answer to an operation is kept for its second run.
local MEMORY = 60000

-- clock returns the time in ms: the test's if there is one, else the server's.
local function clock(test)
  if test ~= '' then return tonumber(test) end
  local t = redis.call('TIME')
  return t[1] * 1000 + math.floor(t[2] / 1000)
end

-- int writes a whole number without an exponent.
local function int(n) return string.format('%.0f', n) end

-- expire lets a key go at a time; keep does so but never shortens its life.
local function expire(key, at, now) redis.call('PEXPIRE', key, int(math.max(1, at - now))) end
local function keep(key, at, now)
  if redis.call('PTTL', key) < at - now then expire(key, at, now) end
end

-- measure sets what follows from a session's times: ends, the sooner of the
-- idle and the absolute end, and retained, from when on it counts as missing.
local function measure(s)
  s.idle_end = s.idle > 0 and s.rotated + s.idle or 0
  s.ends = math.min(s.idle_end > 0 and s.idle_end or math.huge, s.session_end > 0 and s.session_end or math.huge)
  s.retained = s.gone or math.max(s.ends, s.access_end) + MARGIN
end

-- cover notes that an access token issued at a time lives for ttl, or until the
-- absolute end, so that a later denial outlives it.
local function cover(s, issued, ttl)
  local till = s.session_end > 0 and math.min(issued + ttl, s.session_end) or issued + ttl
  s.access_end = math.max(s.access_end or 0, till)
end

-- load returns a session or a tombstone, nil if it is missing or another
-- user's. The hash has short names, which each session pays for: sub, a tag of
-- the subject; gen; seed, the hash; try, the attempt of the last reissue; made
-- and rot, the times of the login and of the last reissue; idle, how long it may
-- go without one; end, the absolute end; aend, when its last access token
-- expires; by and gone, of a tombstone, the operation that killed it and when it
-- may go.
local function load(key, now, sub)
  local v = redis.call('HMGET', key, 'gen', 'seed', 'try', 'made', 'rot', 'idle', 'end', 'aend', 'by', 'gone', 'sub')
  if not v[1] or v[11] ~= sub then return nil end
  local s = {
    key = key, gen = tonumber(v[1]), seed = v[2], try = v[3], created = tonumber(v[4]), rotated = tonumber(v[5]),
    idle = tonumber(v[6]), session_end = tonumber(v[7]), access_end = tonumber(v[8]), killed_by = v[9], gone = v[10] and tonumber(v[10]),
  }
  measure(s)
  if now >= s.retained then return nil end
  return s
end

local function live(s, now) return not s.gone and now < s.ends end

-- passed tells whether the time of a feed entry has passed. One without a time,
-- which no script of ours has written, stops no revocation.
local function passed(entry, now) return (tonumber(entry[2][8]) or 0) <= now end

-- deny puts one generation of a session, or all ('*'), on the blacklist until
-- MARGIN after last, never for a shorter time than before, and on the feed, with
-- the first 11 characters of the nonce (55 random bits or more), enough to tell
-- the entry from any that was lost. A feed entry leaves once its own time has
-- passed, never because of its age.
-- Returns until when.
local function deny(key, feed, sid, what, last, nonce, now)
  local till = last + MARGIN
  if till <= now or till <= tonumber(redis.call('HGET', key, what) or 0) then return till end
  redis.call('HSET', key, what, int(till))
  if what ~= '*' and redis.call('HLEN', key) > 16 then -- of a session that lives long
    local all = redis.call('HGETALL', key)
    for i = 1, #all, 2 do
      if tonumber(all[i + 1]) <= now then redis.call('HDEL', key, all[i]) end
    end
  end
  keep(key, till, now)
  redis.call('XADD', feed, '*', 'n', string.sub(nonce, 1, 11), 's', sid, 'g', what, 'x', int(till))
  local front = redis.call('XRANGE', feed, '-', '+', 'COUNT', 1)
  if passed(front[1], now) then
    front = redis.call('XRANGE', feed, '-', '+', 'COUNT', 17)
    local n = 0
    while n < 16 and front[n + 2] and passed(front[n + 1], now) do n = n + 1 end
    if n > 0 then redis.call('XTRIM', feed, 'MINID', front[n + 1][1]) end
  end
  keep(feed, till, now)
  return till
end

-- kill ends a session and blacklists its access tokens in the same step, which
-- is what makes it impossible to race. Until s.gone all its tokens are denied.
local function kill(s, user, deny_key, feed, sid, op, now)
  s.killed_by, s.gone = op, math.max(s.access_end, now) + MARGIN
  redis.call('HSET', s.key, 'by', op, 'gone', int(s.gone))
  expire(s.key, s.gone, now)
  redis.call('ZREM', user, sid)
  deny(deny_key, feed, sid, '*', s.access_end, op, now)
end

-- blocked tells whether the user is: a value of 0 is for ever.
local function blocked(key, now)
  local till = redis.call('GET', key)
  return till and (till == '0' or now < tonumber(till))
end

-- session_of and deny_of name the keys of a session that a script has found by
-- itself. No caller could declare them: while a user logs in without pause, each
-- look finds others. They are for a script that has declared a key which does
-- not exist, beside another: in a slot that is being migrated a key that has
-- moved can look absent, but there Redis does not run such a script (TRYAGAIN).
local function session_of(shard, sid) return shard .. 'session:' .. sid end
local function deny_of(shard, sid) return shard .. 'deny:' .. sid end
