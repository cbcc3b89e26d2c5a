-- Records how the data is laid out, once, and returns what is recorded.
-- KEYS meta
-- ARGV layout version, number of shards
if redis.call('EXISTS', KEYS[1]) == 0 then
  redis.call('HSET', KEYS[1], 'layout', ARGV[1], 'shards', ARGV[2])
end
-- A replica must not answer checks: a write that changes nothing finds it out.
-- A master that may not write just now (MISCONF, NOREPLICAS) can answer them.
local written = redis.pcall('PERSIST', KEYS[1])
if type(written) == 'table' and written.err and string.find(written.err, 'READONLY', 1, true) then return written end
return redis.call('HMGET', KEYS[1], 'layout', 'shards')
