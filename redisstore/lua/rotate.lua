-- Moves a session to its next generation: the rules of core.Outcome, in their
-- order. Invariant: one rotation a generation, the window opens at the rotation
-- and never moves, and what proves theft kills in the same step.
-- KEYS session, user, blocked, deny, feed
-- ARGV now, subject tag, sid, operation, attempt, seed hash, generation, access TTL, grace (-1: none)
-- Returns outcome, generation, issued at, idle end, absolute end, distance, age,
--         until when the session is denied after a reuse
local now, sub, sid, op, attempt, seed = clock(ARGV[1]), ARGV[2], ARGV[3], ARGV[4], ARGV[5], ARGV[6]
local gen, ttl, grace = tonumber(ARGV[7]), tonumber(ARGV[8]), tonumber(ARGV[9])

local s = load(KEYS[1], now, sub)
if not s then return {'missing'} end
if s.seed ~= seed then return {'forged'} end
local distance, age = s.gen - gen, now - s.rot
local function refuse(outcome) return {outcome, 0, 0, 0, 0, distance, age, s.gone or 0} end
if s.gone and s.by == op then return refuse('reuse') end -- the driver ran the killing call again
if s.gone then return refuse('revoked') end
if now >= s.ends then return refuse('expired') end
if blocked(KEYS[3], now) then return refuse('blocked') end

local outcome
if distance == 0 then outcome = 'rotated'
elseif distance == 1 and s.try == attempt then outcome = 'same_attempt'
elseif distance == 1 and grace >= 0 and age <= grace then outcome = 'replayed'
elseif distance < 0 then outcome = 'recovered'
else
  kill(s, KEYS[2], KEYS[4], KEYS[5], sid, op, now)
  return refuse('reuse')
end

local issued, aend = s.rot, s.aend
local moves = outcome == 'rotated' or outcome == 'recovered'
if moves then
  issued, s.rot, s.gen = now, now, gen + 1
elseif now >= math.floor((issued + ttl) / 1000) * 1000 then
  issued = now -- the access token of the rotation has expired: date it anew
end
s.aend = math.max(aend, s.last > 0 and math.min(issued + ttl, s.last) or issued + ttl)
measure(s)
if moves then
  redis.call('HSET', s.key, 'gen', int(s.gen), 'try', attempt, 'rot', int(s.rot), 'aend', int(s.aend))
  expire(s.key, s.retained, now)
  redis.call('ZADD', KEYS[2], int(now), sid)
  keep(KEYS[2], s.retained, now)
elseif s.aend > aend then
  redis.call('HSET', s.key, 'aend', int(s.aend))
  expire(s.key, s.retained, now)
end
return {outcome, s.gen, issued, s.idle_end, s.last, distance, age, 0}
