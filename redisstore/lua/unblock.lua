-- Lets a user log in again. Invariant: a second run, after an answer that was
-- lost, does not undo a block that has come in between, if the first has undone
-- one.
-- KEYS blocked, done
-- ARGV now
-- Returns done
local now = clock(ARGV[1])
if redis.call('EXISTS', KEYS[2]) == 0 and blocked(KEYS[1], now) then
  redis.call('RPUSH', KEYS[2], 'done')
  expire(KEYS[2], now + MEMORY, now)
  redis.call('DEL', KEYS[1])
end
return 'done'
