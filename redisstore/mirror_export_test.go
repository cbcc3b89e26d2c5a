package redisstore

// Remembers reports whether the mirror's memory denies a token, whatever its
// lease and the server say.
func (s *Store) Remembers(subject, sessionID string, generation int64) bool {
	session, ok := parseSession(sessionID)
	return ok && s.mirror.shards[s.layout.shard(subject)].set.has(session, generation)
}
