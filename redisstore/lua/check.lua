-- Tells whether an access token has been revoked, by the session's record as
-- well as by the blacklist. Writes nothing.
-- KEYS session, deny
-- ARGV now, subject tag, generation
local now, sub = clock(ARGV[1]), ARGV[2]
local session, deny_key = unpack(KEYS)
local s = load(session, now, sub)
if not s or not live(s, now) then return 1 end
local denied = redis.call('HMGET', deny_key, '*', ARGV[3], 'upto')
local upto = denied[3] and tonumber(string.match(denied[3], '^%d+')) or -1
return (denied[1] or denied[2] or tonumber(ARGV[3]) <= upto) and 1 or 0
