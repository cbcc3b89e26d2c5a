-- Moves a session to its next generation: the rules of core.Outcome, in their
-- order. Invariant: one rotation a generation, the window opens at the rotation
-- and never moves, and what proves theft kills in the same step.
-- KEYS session, user, blocked, deny, feed
-- ARGV now, subject tag, sid, operation, attempt, seed hash, generation, access
--      TTL, grace (-1: none)
-- Returns outcome, generation, issued at, idle end, absolute end, distance, age,
--         until when the session is denied after a reuse
local now, sub, sid, op, attempt, seed = clock(ARGV[1]), ARGV[2], ARGV[3], ARGV[4], ARGV[5], ARGV[6]
local gen, ttl, grace = tonumber(ARGV[7]), tonumber(ARGV[8]), tonumber(ARGV[9])
local session, user, block_key, deny_key, feed = unpack(KEYS)

local s = load(session, now, sub)
if not s then return {'missing'} end
if s.seed ~= seed then return {'forged'} end
local distance, age = s.gen - gen, now - s.rotated
local function refuse(outcome) return {outcome, 0, 0, 0, 0, distance, age, s.gone or 0} end
if s.gone and s.killed_by == op then return refuse('reuse') end -- the driver ran the killing call again
if s.gone then return refuse('revoked') end
if now >= s.ends then return refuse('expired') end
if blocked(block_key, now) then return refuse('blocked') end

local outcome
if distance == 0 then outcome = 'rotated'
elseif distance == 1 and s.try == attempt then outcome = 'same_attempt'
elseif distance == 1 and math.abs(age) <= grace then outcome = 'replayed'
elseif distance < 0 then outcome = 'recovered'
else
  kill(s, user, deny_key, feed, sid, op, now)
  return refuse('reuse')
end

local issued, covered = s.rotated, s.access_end
local moves = outcome == 'rotated' or outcome == 'recovered'
if moves then
  issued, s.rotated, s.gen = now, now, gen + 1
elseif now >= math.floor((issued + ttl) / 1000) * 1000 then
  issued = now -- the access token of the rotation has expired: date it anew
end
cover(s, issued, ttl)
measure(s)
if moves then
  redis.call('HSET', s.key, 'gen', int(s.gen), 'try', attempt, 'rot', int(s.rotated), 'aend', int(s.access_end))
  expire(s.key, s.retained, now)
  redis.call('ZADD', user, int(now), sid)
  keep(user, s.retained, now)
elseif s.access_end > covered then
  redis.call('HSET', s.key, 'aend', int(s.access_end))
  expire(s.key, s.retained, now)
  keep(user, s.retained, now) -- or a block would not find the session
end
return {outcome, s.gen, issued, s.idle_end, s.session_end, distance, age, 0}
