-- Moves a session to its next generation: the rules of driver.Outcome, in their
-- order. Invariant: one rotation a generation, the window opens at the rotation
-- and never moves, and what proves theft kills in the same step (reuse.lua).
-- KEYS session, user, blocked, deny, feed
-- ARGV now, subject tag and seed hash as in the record, sid, operation, attempt,
--      generation, access TTL, grace (-1: none), address
-- Returns outcome, generation, issued at, idle end, absolute end, distance, age,
--         until when the session is denied after a reuse; and if it issues, the
--         time since its claims were refreshed, -1 if never
local now, attempt, gen, ttl = clock(ARGV[1]), ARGV[5], tonumber(ARGV[6]), tonumber(ARGV[7])

local v = redis.call('HMGET', KEYS[1], 'id', 'st', 'try', 'gone', 'ip', 'last', 'fresh')
if not v[1] or v[1] ~= ARGV[2] and string.sub(v[1], 1, 11) ~= string.sub(ARGV[2], 1, 11) then return {'missing'} end
local made, current, since, life, fixed, idle, lasts = string.match(v[2], STATE)
current, idle, lasts = tonumber(current), tonumber(idle), tonumber(lasts)
local rotated, whole, gone = made + since, lasts > 0 and made + lasts or 0, v[4] and tonumber(v[4])
local ends, last = ends_at(rotated, idle, whole), rotated + life
if now >= (gone or math.max(ends, last) + MARGIN) then return {'missing'} end
if v[1] ~= ARGV[2] then return {'forged'} end

local distance, age, outcome, moves = current - gen, now - rotated, nil, false
if gone and redis.call('HGET', KEYS[1], 'by') == ARGV[4] then outcome = 'reuse' -- the driver ran the killing call again
elseif gone then outcome = 'revoked'
elseif now >= ends then outcome = 'expired'
elseif blocked(KEYS[3], now) then outcome = 'blocked'
end
if outcome then return {outcome, 0, 0, 0, 0, distance, age, gone or 0} end

if distance == 0 then outcome, moves = 'rotated', true
elseif distance == 1 and v[3] == attempt then outcome = 'same_attempt'
elseif distance == 1 and math.abs(age) <= tonumber(ARGV[8]) then outcome = 'replayed'
elseif distance < 0 then outcome, moves = 'recovered', true
end
if outcome then
  local issued, before, access_end = rotated, lapse(ends, last, idle, whole), nil
  if moves then
    issued, rotated, current = now, now, gen + 1
  elseif now >= math.floor((issued + ttl) / 1000) * 1000 then
    issued = now -- the access token of the rotation has expired: date it anew
  end
  access_end = cover(last, issued, ttl, whole)
  if moves or access_end > last then
    local number = current < 1e14 and current or string.format('%.0f', current) -- no exponent
    redis.call('HSET', KEYS[1], 'try', moves and attempt or v[3] or '',
      'st', made .. ' ' .. number .. ' ' .. rotated - made .. ' ' .. access_end - rotated .. ' ' .. fixed)
    if moves and ARGV[9] ~= '' and ARGV[9] ~= (v[6] or v[5]) then redis.call('HSET', KEYS[1], 'last', ARGV[9]) end
    local sooner = ends
    ends = ends_at(rotated, idle, whole)
    local after = lapse(ends, access_end, idle, whole)
    if after ~= before or ends < sooner then
      expire(KEYS[1], after, now)
      redis.call('ZADD', KEYS[2], ends, ARGV[3])
      keep(KEYS[2], after, now) -- or a block would not find the session
    end
  end
  return {outcome, current, issued, idle > 0 and rotated + idle or 0, whole, distance, age, 0, v[7] and math.max(0, now - v[7]) or -1}
end
