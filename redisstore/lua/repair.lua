-- Denies again what a mirror still knows and the server may have lost. What the
-- server does know is left alone, so that any number of mirrors may do it.
-- KEYS feed, then the deny key of each denial
-- ARGV now, nonce, then of each denial session, generation or *, until when
local now = clock(ARGV[1])
for i = 2, #KEYS do
  local sid, what, till = ARGV[3 * i - 3], ARGV[3 * i - 2], tonumber(ARGV[3 * i - 1])
  deny(KEYS[i], KEYS[1], sid, what, till - MARGIN, ARGV[2], now)
end
return #KEYS - 1
