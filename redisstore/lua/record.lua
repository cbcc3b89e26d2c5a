-- The scripts but layout, poll and rights begin with this text: what a session's
-- record says. A reissue needs no more than this, so here is nothing that costs it
-- much: few functions, and no tables.

-- How long a denial outlives the last access token: driver.DenialMargin.
local MARGIN = 120000

-- STATE reads the field st of a session, whole numbers in ms: its login, and its
-- generation; how long after the login the last reissue was, and for how long after
-- that the last access token lives; and what never changes: for how long the session
-- may go without a reissue (0: forever), and for how long it lasts from its login
-- (0: forever). They are one field, because a script pays for each, and at most 64
-- bytes, or Redis would give the whole record another form, twice as large.
local STATE = '^(%d+) (%d+) (-?%d+) (%d+) ((%d+) (%d+))$'

-- clock returns the time in ms: the test's if there is one, else the server's.
local function clock(test)
  if test ~= '' then return tonumber(test) end
  local t = redis.call('TIME')
  return t[1] * 1000 + math.floor(t[2] / 1000)
end

-- ends_at returns when a session ends: the sooner of the idle and the absolute end.
local function ends_at(rotated, idle, whole)
  local ends = idle > 0 and rotated + idle or math.huge
  return whole > 0 and whole < ends and whole or ends
end

-- cover returns when the last access token expires once another is issued that
-- lives for ttl, or until the absolute end, so that a later denial outlives it.
local function cover(last, issued, ttl, whole)
  local till = issued + ttl
  if whole > 0 and whole < till then till = whole end
  return till > last and till or last
end

-- lapse returns when the key of a session may go. That is coarse, an eighth of
-- the idle time later than the record is of use at most, so that few reissues
-- change it. Deadlines are judged by what is stored, never by a key's life.
local function lapse(ends, access_end, idle, whole)
  local at = math.max(ends, access_end) + MARGIN
  if idle == 0 then return at end
  local step = idle / 8
  at = (math.floor(at / step) + 1) * step
  return whole > 0 and math.min(at, whole + MARGIN) or at
end

-- expire lets a key go at a time; keep does so but never shortens its life.
local function expire(key, at, now) redis.call('PEXPIRE', key, math.max(1, math.ceil(at - now))) end
local function keep(key, at, now)
  if redis.call('PTTL', key) < at - now then expire(key, at, now) end
end

-- blocked tells whether the user is: a value of 0 is forever.
local function blocked(key, now)
  local till = redis.call('GET', key)
  return till and (till == '0' or now < tonumber(till))
end
