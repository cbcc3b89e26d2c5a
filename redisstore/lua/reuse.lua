-- The end of rotate.lua, behind lib.lua: an earlier token was presented again.
local s = load(KEYS[1], now, string.sub(ARGV[2], 1, 11))
kill(s, KEYS[2], KEYS[4], KEYS[5], ARGV[3], ARGV[4], now)
return {'reuse', 0, 0, 0, 0, distance, age, s.gone}
