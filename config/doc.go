// Package config turns environment variables into a [core.Config], the
// options of every face, [redisstore.Options] and a Redis client, so that an
// operator tunes a program without touching its code.
//
// A program calls [FromEnv] with [os.Getenv], sets in Settings.Core what only
// code can say (LoadClaims, OnEvent, Logger), and hands its routes to
// [Settings.Run], which opens the store, serves with time limits and ends in
// good order. [Main] is all of that for a main function, as the example programs
// have it. A program that serves by itself uses [Settings.Listen] and
// [Settings.Open].
//
// # Variables
//
// What comes first is the default. An empty variable counts as not set.
// Durations are Go durations, such as 10m or 168h; switches are false or true,
// 0 or 1.
//
//	ADDR              the program's default; host:port to listen on
//	ACCESS_TTL        10m, 1s or more
//	IDLE_TTL          168h, 1s or more, or none
//	SESSION_TTL       720h, 1s or more, or none; not both none
//	REUSE_GRACE       30s, from 1ms to 2m; strict or 0 for none
//	LEEWAY            0, at most 1m
//	CACHE_SIZE        16777216 bytes of verified tokens, from 16384 to
//	                  68719476736; 0 for none
//	MAX_SESSIONS      100, from 1 to 1000
//	ON_LIMIT          evict, or reject
//	BIND_ACCESS_TOKEN false
//	REVOCATION        blacklist, or session
//	ON_STORE_FAILURE  closed, or open
//	ISSUER            ratchet-example; 256 bytes at most
//	AUDIENCE          api; several are separated by commas
//	SIGNING_ALG       HS256, EdDSA, ES256 or RS256
//	SIGNING_SECRET    random at each start; the HS256 key, 32 bytes or more
//	SIGNING_KEY_FILE  none; a PEM file with the other algorithms' private keys
//	REFRESH_SECRET    derived; the key of refresh tokens, 32 bytes or more
//	REDIS_URL         none, for the memory store; as go-redis parses it
//	REDIS_MODE        standalone, cluster or sentinel
//	REDIS_PREFIX      ratchet:; 64 bytes at most, without spaces and braces
//	REDIS_SHARDS      16, from 1 to 1024
//	MIRROR_STALENESS  0 for no mirror, or 100ms to 1m, such as 1s; not with
//	                  REVOCATION=session, which never asks the mirror
//	TRANSPORT         bearer, hybrid or cookie
//	SILENT_REISSUE    false; true needs TRANSPORT=cookie and a REUSE_GRACE other
//	                  than strict
//	COOKIE_SAME_SITE  strict with hybrid, lax with cookie; or none, for pages on
//	                  another site, which needs secure cookies
//	INSECURE_COOKIES  false; true is for plain http in development
//	TRUSTED_ORIGINS   none; several, such as https://app.example.com, are
//	                  separated by commas
//	COOKIE_DOMAIN     none; a parent domain, such as example.com, whose hosts all
//	                  share the cookies
//	COOKIE_PARTITIONED  false; true keeps the cookies apart for each site that
//	                  embeds a page, and needs secure cookies
//	LOGIN_PAGE        none; the path, such as /auth/form, to which a browser that
//	                  asks for a page without a good token is sent
//	CONFIG_FILE       none; a file with any of the above
//
// # Files
//
// The file that CONFIG_FILE names is one JSON object, with the variables' names
// in lower case, such as {"access_ttl": "5m", "max_sessions": 5}. Values are
// strings, numbers, true, false, and lists of strings where the variable has
// several. An unknown name is a fault. The environment goes first.
//
// Secrets may come in files of their own, as orchestrators hand them out:
//
//	SIGNING_SECRET_FILE  in place of SIGNING_SECRET
//	REFRESH_SECRET_FILE  in place of REFRESH_SECRET
//	REDIS_URL_FILE       in place of REDIS_URL
//
// # Keys
//
// Two processes with the same values accept each other's tokens: the bytes of
// a secret's text are the HMAC key itself, and the key ids that tokens carry
// are derived from the keys. Without REFRESH_SECRET the refresh keys are derived
// from SIGNING_SECRET or from the private keys.
//
// The files of keys may hold several, a secret a line or a PEM block each: the
// first signs, all verify. Public keys among them are ignored.
// [core.Authority.SetKeys] takes those of settings that were read again.
//
// # Redis
//
// The URL is parsed by redis.ParseURL, ParseClusterURL or ParseFailoverURL, as
// REDIS_MODE says. The last two take further nodes as addr parameters;
// sentinel needs the parameter master_name. What the URL leaves open is set so
// that a dead server is noticed quickly: dial_timeout 1s, read_timeout and
// write_timeout 500ms, one attempt a dial, and deadlines of contexts count.
package config
