-- Kills all of a user's sessions but some, and blocks the user if told to.
-- Invariant: a login is either before it, and dead, or after it; a second run
-- answers as the first and touches nothing that came in between, unless the first
-- has changed nothing: then it is as if that had not been. And the caller's mirror
-- learns what the feed held before, or that it has not: sessions of the user that
-- have ended earlier are on it.
-- KEYS user, feed, blocked, done (before the first change there is none)
-- ARGV now, subject tag, operation, nothing or until when to block (0: forever),
--      shard, number of entries at most that the mirror reads, 0 without one, id
--      and fields of the last one it has applied, ids to keep
-- Returns the page, and done followed by each session killed: its id, until when it
--         is denied, and 1 if it was live
local now, sub, op, till, shard = clock(ARGV[1]), ARGV[2], ARGV[3], ARGV[4], ARGV[5]
local user, feed, done = KEYS[1], KEYS[2], KEYS[4]

local read = {'end', '', '', ''}
if ARGV[6] ~= '0' then read = page(feed, ARGV[7], ARGV[8], tonumber(ARGV[6])) end
local first = redis.call('LRANGE', done, 0, -1)
if first[1] then return {read, first} end
local keep_ids = {}
for i = 9, #ARGV do keep_ids[ARGV[i]] = true end
local sids = {}
for _, id in ipairs(redis.call('ZRANGE', user, 0, -1)) do
  if not keep_ids[id] then sids[#sids + 1] = id end
end

local answer, found = {'done'}, {}
for _, id in ipairs(sids) do
  local s = load(session_of(shard, id), now, sub)
  if s then
    found[id] = s
    answer[#answer + 1] = id
    answer[#answer + 1] = int(math.max(s.access_end, now) + MARGIN)
    answer[#answer + 1] = live(s, now) and '1' or '0'
  end
end
local blocks = till == '0' or till ~= '' and tonumber(till) > now
if blocks and redis.call('GET', KEYS[3]) == till then blocks = false end -- as it stands
if blocks or #answer > 1 then
  for i = 1, #answer, 6000 do -- unpack takes 8000 at most
    redis.call('RPUSH', done, unpack(answer, i, math.min(i + 5999, #answer)))
  end
  expire(done, now + MEMORY, now)
end
if blocks and till == '0' then
  redis.call('SET', KEYS[3], '0')
elseif blocks then
  redis.call('SET', KEYS[3], till, 'PX', int(till - now))
end
for _, id in ipairs(sids) do
  if found[id] then
    kill(found[id], user, deny_of(shard, id), feed, id, op, now)
  else
    redis.call('ZREM', user, id)
  end
end
return {read, answer}
