-- Lists a user's live sessions as they are at one moment, the most recently
-- reissued first. Writes nothing.
-- KEYS user, none (a key that never exists)
-- ARGV now, subject tag, shard
local now, sub, shard = clock(ARGV[1]), ARGV[2], ARGV[3]
local list = {'sessions'}
for _, id in ipairs(redis.call('ZREVRANGE', KEYS[1], 0, -1)) do
  local s = load(session_of(shard, id), now, sub)
  if s and live(s, now) then
    local label = redis.call('HMGET', s.key, 'name', 'ua', 'ip')
    list[#list + 1] = {id, s.gen, s.created, s.rotated, s.ends, label[1] or '', label[2] or '', label[3] or ''}
  end
end
return list
