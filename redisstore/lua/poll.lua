-- Reads what has come onto the feeds since a mirror last read them. Invariant:
-- what is read follows on the last entry the mirror has applied, as page in
-- feed.lua says; and only a master that may write answers, because the poll key
-- is written first.
-- KEYS feed and poll of each shard
-- ARGV the test's time or nothing, number of entries at most, then of each shard
--      the id of the last entry applied and its fields, both empty to read from
--      the start
-- Returns the time in ms, by which the entries expire; then of each shard: end,
--         more (the feed goes on) or broken (the last entry applied is not there);
--         id and fields of the last entry read; the entries as text
local time = redis.call('TIME') -- as clock in lib.lua, which a script that runs so often does without
local now = ARGV[1] ~= '' and tonumber(ARGV[1]) or time[1] * 1000 + math.floor(time[2] / 1000)
local room, answer = tonumber(ARGV[2]), {now}
for i = 1, #KEYS / 2 do
  local feed, cursor, fields = KEYS[2 * i - 1], ARGV[2 * i + 1], ARGV[2 * i + 2]
  redis.call('SET', KEYS[2 * i], 'polled', 'PX', 60000)
  local read, n = page(feed, cursor, fields, room)
  answer[i + 1], room = read, room - n
end
return answer
