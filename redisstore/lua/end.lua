-- Kills one session. Invariant: once it has answered, the session's refresh
-- token is dead and its access tokens are on the blacklist, whether or not its
-- record is still there.
-- KEYS session, user, deny, feed
-- ARGV now, sid, operation, seed hash or nothing, 1 if only a live session of
--      the user, access TTL, expiry of the access token shown
local now, sid, op, seed, only_live = clock(ARGV[1]), ARGV[2], ARGV[3], ARGV[4], ARGV[5] == '1'

local s = load(KEYS[1], now)
if s and seed ~= '' and s.seed ~= seed then return 'forged' end
if s and s.gone and s.by == op then return 'ended' end
if only_live and not (s and live(s, now) and redis.call('ZSCORE', KEYS[2], sid)) then return 'missing' end
if not s then
  deny(KEYS[3], KEYS[4], sid, '*', math.max(now + ARGV[6], tonumber(ARGV[7])), op, now)
  return 'missing'
end
if s.gone then return 'earlier' end
kill(s, KEYS[2], KEYS[3], KEYS[4], sid, op, now)
return 'ended'
