-- Records how the data is laid out, once, and returns what is recorded.
-- KEYS meta
-- ARGV layout version, number of shards
if redis.call('EXISTS', KEYS[1]) == 0 then
  redis.call('HSET', KEYS[1], 'layout', ARGV[1], 'shards', ARGV[2])
end
return redis.call('HMGET', KEYS[1], 'layout', 'shards')
