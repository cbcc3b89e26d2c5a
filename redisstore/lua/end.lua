-- Kills one session. Invariant: once it has answered, the session's refresh
-- token is dead and its access tokens are on the blacklist, whether or not its
-- record is still there.
-- KEYS session, user, deny, feed
-- ARGV now, subject tag, sid, operation, seed hash or nothing, 1 if only a live session of
--      the user, access TTL, expiry of the access token shown, generation of
--      the token shown
-- Returns outcome, until when the session is denied, 0 if it is not, and 1 if
--         that is news to the mirrors. What was denied before is told as well:
--         the caller may be the first to hear of it in its process.
local now, sub, sid, op, seed, only_live = clock(ARGV[1]), ARGV[2], ARGV[3], ARGV[4], ARGV[5], ARGV[6] == '1'
local session, user, deny_key, feed = unpack(KEYS)
local ttl, expiry, gen = tonumber(ARGV[7]), tonumber(ARGV[8]), tonumber(ARGV[9])

local function standing() return tonumber(redis.call('HGET', deny_key, '*') or 0) end
local s = load(session, now, sub)
if s and seed ~= '' and s.seed ~= seed then return {'forged', 0, 0} end
if s and s.gone and s.killed_by == op then return {'ended', s.gone, 1} end
if only_live and not (s and live(s, now)) then return {'missing', standing(), 0} end
if not s then
  local owner = redis.call('HGET', session, 'id')
  if owner and string.sub(owner, 1, #sub) ~= sub then return {'missing', 0, 0} end
  local step = math.max(ttl, 1000) -- a denial a step, however often it is asked for
  local till, news = deny(deny_key, feed, sid, '*', math.max(math.ceil((now + ttl) / step) * step, expiry), op, now)
  return {'missing', till, news and 1 or 0}
end
if gen > s.gen then -- writes were lost, and with them when the last access token expires
  local issued = s.gone and s.gone - MARGIN or now -- none was issued after the kill
  s.access_end = math.max(cover(s.access_end, issued, ttl, s.session_end), expiry)
end
if s.gone then
  if gen <= s.gen then return {'earlier', math.max(s.gone, standing()), 0} end
  local till, news = deny(deny_key, feed, sid, '*', s.access_end, op, now)
  return {'earlier', till, news and 1 or 0}
end
local news = kill(s, user, deny_key, feed, sid, op, now)
return {'ended', s.gone, news and 1 or 0}
