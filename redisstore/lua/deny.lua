-- Blacklists one generation of a session. Invariant: the denial outlives every
-- access token of that generation.
-- KEYS session, deny, feed
-- ARGV now, sid, operation, generation, expiry of the access token
local now = clock(ARGV[1])
local s = load(KEYS[1], now)
deny(KEYS[2], KEYS[3], ARGV[2], ARGV[4], math.max(tonumber(ARGV[5]), s and s.aend or 0), ARGV[3], now)
return 'denied'
