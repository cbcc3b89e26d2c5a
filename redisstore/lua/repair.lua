-- Denies again what a mirror still knows and the server may have lost. What the
-- server does know is left alone, so that any number of mirrors may do it: a
-- mirror rounds times up to the second, so a second more is nothing new.
-- KEYS feed, then the deny key of each denial
-- ARGV now, nonce, then of each denial session, what (see standing in lib.lua), until when
local now = clock(ARGV[1])
for i = 2, #KEYS do
  local sid, what, till = ARGV[3 * i - 3], ARGV[3 * i - 2], tonumber(ARGV[3 * i - 1])
  if standing(KEYS[i], what) <= till - 1000 then
    deny(KEYS[i], KEYS[1], sid, what, till - MARGIN, ARGV[2], now)
  end
end
return #KEYS - 1
