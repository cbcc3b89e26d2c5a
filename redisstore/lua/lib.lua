-- The scripts but rotate, layout, poll and rights go on with this text after
-- record.lua; rotate has it at its end. A script runs as a whole or, if its
-- first write is refused, not at all, so each begins its writes with one that
-- an overfull or failing server refuses (HSET, RPUSH), never with a deletion
-- that anything else depends on.

-- How long the answer to an operation is kept for its second run.
local MEMORY = 60000

-- How long a login is told of a refresh of the claims: driver.RefreshMemory.
local REFRESH = 180000

-- int writes a whole number without an exponent.
local function int(n) return string.format('%.0f', n) end

-- load returns a session or a tombstone, nil if it is missing or another
-- user's, and whether it is the user's and beyond its retention. The hash has short
-- names, which each session pays for: fresh, when its claims were last refreshed; id, the tag of the subject and the seed
-- hash; st, see STATE; try, the attempt of the last reissue; by and gone, of a tombstone, the operation that killed it
-- and when it may go; name, ua and ip, the device; last, the address of
-- the last reissue, once it was not ip.
local function load(key, now, sub)
  local v = redis.call('HMGET', key, 'id', 'st', 'by', 'gone')
  if not v[1] or string.sub(v[1], 1, #sub) ~= sub then return nil end
  local made, gen, since, life, _, idle, lasts = string.match(v[2], STATE)
  local s = {
    key = key, gen = tonumber(gen), seed = string.sub(v[1], #sub + 1), created = tonumber(made), rotated = made + since,
    idle = tonumber(idle), session_end = tonumber(lasts) > 0 and made + lasts or 0, access_end = made + since + life,
    killed_by = v[3], gone = v[4] and tonumber(v[4]),
  }
  s.ends = ends_at(s.rotated, s.idle, s.session_end)
  s.retained = s.gone or math.max(s.ends, s.access_end) + MARGIN
  if now >= s.retained then return nil, true end
  return s
end

local function live(s, now) return not s.gone and now < s.ends end

-- passed tells whether the time of a feed entry has passed. One without a time,
-- which no script of ours has written, stops no revocation.
local function passed(entry, now) return (tonumber(entry[2][8]) or 0) <= now end

-- standing returns until when a denial stands, 0 if it does not. What is denied is
-- a generation, all ('*'), or all up to one ('<7'): these share the field upto, the
-- highest of them and until when.
local function standing(key, what)
  if string.sub(what, 1, 1) ~= '<' then return tonumber(redis.call('HGET', key, what) or 0) end
  local gen, till = string.match(redis.call('HGET', key, 'upto') or '', '^(%d+) (%d+)$')
  return gen and tonumber(gen) >= tonumber(string.sub(what, 2)) and tonumber(till) or 0
end

-- deny puts one generation of a session, all, or all up to one, on the blacklist
-- until MARGIN after last, never for a shorter time than before, and on the feed, with
-- the first 11 characters of the nonce (55 random bits or more), enough to tell
-- the entry from any that was lost. A feed entry leaves once its own time has
-- passed, never because of its age.
-- Returns until when, and whether that is news, so that it is on the feed since.
local function deny(key, feed, sid, what, last, nonce, now)
  local till = last + MARGIN
  if till <= now or till <= standing(key, what) then return till end
  if string.sub(what, 1, 1) == '<' then -- one that stands for longer, or for more, must not get less
    local gen, other = string.match(redis.call('HGET', key, 'upto') or '0 0', '^(%d+) (%d+)$')
    redis.call('HSET', key, 'upto', int(math.max(gen, tonumber(string.sub(what, 2)))) .. ' ' .. int(math.max(other, till)))
  else
    redis.call('HSET', key, what, int(till))
  end
  if what ~= '*' and redis.call('HLEN', key) > 16 then -- of a session that lives long
    local all = redis.call('HGETALL', key)
    for i = 1, #all, 2 do
      if tonumber(string.match(all[i + 1], '%d+$')) <= now then redis.call('HDEL', key, all[i]) end
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
  return till, true
end

-- kill ends a session and blacklists its access tokens in the same step, which
-- is what makes it impossible to race. Until s.gone all its tokens are denied.
-- Returns whether there was any to deny.
local function kill(s, user, deny_key, feed, sid, op, now)
  s.killed_by, s.gone = op, math.max(s.access_end, now) + MARGIN
  redis.call('HSET', s.key, 'by', op, 'gone', int(s.gone))
  expire(s.key, s.gone, now)
  redis.call('ZREM', user, sid)
  local _, news = deny(deny_key, feed, sid, '*', s.access_end, op, now)
  return news
end

-- session_of and deny_of name the keys of a session that a script has found by
-- itself. No caller could declare them: while a user logs in without pause, each
-- look finds others. They are for a script that has declared a key which does
-- not exist, beside another: in a slot that is being migrated a key that has
-- moved can look absent, but there Redis does not run such a script (TRYAGAIN).
local function session_of(shard, sid) return shard .. 'session:' .. sid end
local function deny_of(shard, sid) return shard .. 'deny:' .. sid end
