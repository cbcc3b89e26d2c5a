-- Denies the access tokens that a user's sessions have by now, and lets the
-- sessions live. Invariant: the tokens of a reissue are either before it, and
-- denied, or the reissue is told of it; a second run answers as the first and
-- touches nothing that came in between. And the caller's mirror learns what the
-- feed held before, or that it has not: tokens of sessions that were ended are good
-- no more than those of the others.
-- KEYS user, feed, fresh, done (before the first run there is none)
-- ARGV now, subject tag, operation, shard, and as in end_all.lua: number of entries
--      at most that the mirror reads, id and fields of the last one it has applied
-- Returns the page, and done followed by each session: its id, its generation, and
--         until when that and all before are denied, and 1 if that is news
local now, sub, op, shard = clock(ARGV[1]), ARGV[2], ARGV[3], ARGV[4]
local user, feed, fresh, done = unpack(KEYS)
local read = {'end', '', '', ''}
if ARGV[5] ~= '0' then read = page(feed, ARGV[6], ARGV[7], tonumber(ARGV[5])) end
local first = redis.call('LRANGE', done, 0, -1)
if first[1] then return {read, first} end

local answer, found = {'done'}, {}
for _, id in ipairs(redis.call('ZRANGE', user, 0, -1)) do
  local s = load(session_of(shard, id), now, sub)
  if s and not s.gone then -- or past its end, with an access token that is not
    found[#found + 1] = {id, s}
    local till = s.access_end + MARGIN
    local news = till > now and till > standing(deny_of(shard, id), '<' .. int(s.gen))
    for _, part in ipairs({id, int(s.gen), int(till), news and '1' or '0'}) do answer[#answer + 1] = part end
  end
end
for i = 1, #answer, 6000 do -- unpack takes 8000 at most
  redis.call('RPUSH', done, unpack(answer, i, math.min(i + 5999, #answer)))
end
expire(done, now + MEMORY, now)
redis.call('SET', fresh, int(now), 'PX', REFRESH) -- for a login that is under way
for _, f in ipairs(found) do
  local id, s = unpack(f)
  redis.call('HSET', s.key, 'fresh', int(now))
  deny(deny_of(shard, id), feed, id, '<' .. int(s.gen), s.access_end, op, now)
end
return {read, answer}
