// Package redisstore keeps Ratchet's sessions and blacklist in Redis: a
// [driver.Store] on go-redis for a single server, Sentinel and Cluster alike.
//
// [New] takes the application's own client, which stays the application's, and
// returns a [Store] for core.Config. That is all most applications need.
//
// # Requirements
//
// Redis 6.2 or newer, or Valkey. The eviction policy must be noeviction: any
// other may drop entries of the blacklist when memory runs short. Without
// persistence a restart logs everybody out and forgets the blacklist.
//
// # Permissions
//
// A user of Redis's ACL needs the keys <prefix>*, with a mirror the channel
// <prefix>nudge, and these commands, which the scripts call too:
//
//	+del +eval +evalsha +exists +get +hdel +hget +hgetall +hlen +hmget
//	+hset +lrange +persist +pexpire +ping +pttl +publish +rpush +set
//	+subscribe +time +xadd +xrange +xtrim +zadd +zcount +zrange
//	+zrangebyscore +zrem
//
// On a cluster the client needs these as well:
//
//	+asking +cluster|slots +command
//
// What go-redis sends beyond them when it connects (CLIENT SETINFO) may be
// refused. [Store.Check] looks further with +info and +config|get, on a cluster
// with +cluster|info as well, and with a Sentinel client with +client|info. It
// works without them and says what it could not look at.
//
// # Time limits
//
// No command holds its caller for more than about 3 seconds, and the check of
// an access token for no more than 2, whatever the client's own time-outs and
// number of retries. A client with
// ContextTimeoutEnabled gives up its connection then; on one without, the
// abandoned command ends by the client's own time-outs in the background.
//
// # Mirror
//
// With Options.Mirror each process keeps a copy of the blacklist, and an access
// check costs no round trip. A revocation is then refused everywhere within
// Staleness of its acknowledgement, whatever stalls: a copy that cannot vouch
// for its age is not used, and the check asks the server. The protocol and its
// proof are in docs/mirror.md.
//
// # Layout
//
// All keys of one user begin with <prefix>{<shard>} and so are on one slot:
// each operation is one script on one slot, but for a list, which reads the index
// and then the records, 50 at a time, and a login at the limit, which does so
// between two runs of its script. Values can be read in redis-cli.
//
//	session:<sid>      hash    tag of the subject and seed hash; generation, times; device
//	user:<subject>     zset    the user's sessions that can be revoked, see create.lua
//	blocked:<subject>  string  until when, 0 forever
//	fresh:<subject>    string  when the claims were last refreshed, for three minutes
//	deny:<sid>         hash    * or a generation, until when; upto, the generation up to which, and until when
//	feed               stream  the blacklist in the order it was written
//	poll               string  proves to a mirror that the server may write
//	done:<operation>   list    the answer to a change, kept a minute
//
// <prefix>meta records the layout's version and the number of shards. It and a
// block forever have no TTL, everything else has.
package redisstore
