-- Reads what has come onto the feeds since a mirror last read them. Invariant:
-- what is read follows on the last entry the mirror has applied without a gap,
-- because that entry is read again and must be the same byte for byte; and only
-- a master that may write answers, because the poll key is written first.
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
  local count = math.max(room, 1) + 1
  local entries = redis.call('XRANGE', feed, cursor == '' and '-' or cursor, '+', 'COUNT', count)
  local first, lines = 1, {}
  if cursor ~= '' then
    if not entries[1] or entries[1][1] ~= cursor or table.concat(entries[1][2], ' ') ~= fields then
      entries, first = nil, nil
    else
      first = 2
    end
  end
  if not entries then
    answer[i + 1] = {'broken', '', '', ''}
  else
    for j = first, #entries do
      local e = entries[j][2]
      lines[#lines + 1] = (e[4] or '') .. ' ' .. (e[6] or '') .. ' ' .. (e[8] or '') -- not one of ours: refused there
    end
    local last = entries[#entries]
    answer[i + 1] = {
      #entries < count and 'end' or 'more',
      last and last[1] or '', last and table.concat(last[2], ' ') or '', table.concat(lines, '\n'),
    }
    room = room - #lines
  end
end
return answer
