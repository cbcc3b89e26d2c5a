-- Blacklists one generation of a session. Invariant: the denial outlives every
-- access token of that generation.
-- KEYS session, deny, feed
-- ARGV now, subject tag, sid, operation, generation, expiry of the access token
-- Returns until when it is denied
local now, sub = clock(ARGV[1]), ARGV[2]
local s = load(KEYS[1], now, sub)
return deny(KEYS[2], KEYS[3], ARGV[3], ARGV[5], math.max(tonumber(ARGV[6]), s and s.aend or 0), ARGV[4], now)
