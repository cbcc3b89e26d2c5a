-- Blacklists one generation of a session. Invariant: the denial outlives every
-- access token of that generation.
-- KEYS session, deny, feed
-- ARGV now, subject tag, sid, operation, generation, expiry of the access token
-- Returns until when it is denied, and 1 if that is news
local now, sub = clock(ARGV[1]), ARGV[2]
local session, deny_key, feed = unpack(KEYS)
local s = load(session, now, sub)
local till, news = deny(deny_key, feed, ARGV[3], ARGV[5], math.max(tonumber(ARGV[6]), s and s.access_end or 0), ARGV[4], now)
return {till, news and 1 or 0}
