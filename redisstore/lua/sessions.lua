-- Lists a user's live sessions as they are at one moment, the most recently
-- reissued first. Writes nothing.
-- KEYS user, then session and deny of the sessions
-- ARGV now, subject tag, ids of the sessions
local now, sub = clock(ARGV[1]), ARGV[2]
local sids, sessions = redis.call('ZREVRANGE', KEYS[1], 0, -1), declared(2, 3)
local wanting = undeclared(sessions, sids, '')
if wanting then return wanting end
local list = {'sessions'}
for _, id in ipairs(sids) do
  local s = load(sessions[id][1], now, sub)
  if s and live(s, now) then
    local label = redis.call('HMGET', s.key, 'name', 'ua', 'ip')
    list[#list + 1] = {id, s.gen, s.created, s.rotated, s.ends, label[1] or '', label[2] or '', label[3] or ''}
  end
end
return list
