-- page reads what follows the last entry of a feed that a mirror has applied, of
-- which cursor is the id, both it and fields empty to read from the start. That
-- entry is read again and must be the same byte for byte: so what is read
-- follows on it without a gap. It returns end, more (the feed goes on beyond
-- room entries) or broken (the entry is not there); id and fields of the last
-- entry read; the entries as text; and their number.
local function page(feed, cursor, fields, room)
  local count = math.max(room, 1) + 1
  local entries = redis.call('XRANGE', feed, cursor == '' and '-' or cursor, '+', 'COUNT', count)
  local first, lines = 1, {}
  if cursor ~= '' then
    if not entries[1] or entries[1][1] ~= cursor or table.concat(entries[1][2], ' ') ~= fields then
      return {'broken', '', '', ''}, 0
    end
    first = 2
  end
  for j = first, #entries do
    local e = entries[j][2]
    lines[#lines + 1] = (e[4] or '') .. ' ' .. (e[6] or '') .. ' ' .. (e[8] or '') -- not one of ours: refused there
  end
  local last = entries[#entries]
  return {
    #entries < count and 'end' or 'more',
    last and last[1] or '', last and table.concat(last[2], ' ') or '', table.concat(lines, '\n'),
  }, #lines
end
