-- Returns the time of the server that has a key, in ms.
-- KEYS any key of the shard
-- ARGV the test's time or nothing
return clock(ARGV[1])
