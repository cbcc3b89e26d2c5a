package core

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
)

// keyring is an immutable set of keys, with a memory of what they have
// verified. An Authority holds one at a time and swaps it as a whole.
type keyring struct {
	access   keyset
	refresh  keyset
	jwks     []byte
	verified *tokenCache
}

// keyset is the keys of one kind of token: one signs, all verify.
type keyset struct {
	signer    *key // nil if all only verify
	byID      map[string]*key
	header    string // of the tokens that it signs, encoded
	signature int    // the length of their signature, encoded
	payload   int    // of their payload without subject and custom claims
}

// newKeyring checks the keys and derives the refresh keys if there are none.
func newKeyring(keys, refreshKeys []Key, cacheSize int) (*keyring, error) {
	access, err := newKeyset("Keys", keys, accessType)
	if err != nil {
		if len(refreshKeys) > 0 {
			_, also := newKeyset("RefreshKeys", refreshKeys, refreshType)
			err = errors.Join(err, also)
		}
		return nil, err
	}
	jwks, err := access.jwks()
	if err != nil {
		return nil, err
	}
	if access.signer == nil && len(refreshKeys) == 0 {
		return &keyring{access: access, jwks: jwks, verified: newTokenCache(cacheSize)}, nil
	}
	if len(refreshKeys) == 0 {
		if refreshKeys, err = deriveRefreshKeys(keys); err != nil {
			return nil, err
		}
	}
	refresh, err := newKeyset("RefreshKeys", refreshKeys, refreshType)
	if err != nil {
		return nil, err
	}
	if refresh.signer == nil {
		return nil, errors.New("core: Config.RefreshKeys[0] cannot sign")
	}
	for _, r := range refresh.byID {
		for _, a := range access.byID {
			if r.same(a) {
				return nil, fmt.Errorf("core: Config.RefreshKeys: key %q is also the access key %q", r.id, a.id)
			}
		}
	}
	return &keyring{access: access, refresh: refresh, jwks: jwks, verified: newTokenCache(cacheSize)}, nil
}

func newKeyset(field string, keys []Key, typ string) (keyset, error) {
	set := keyset{byID: make(map[string]*key, len(keys))}
	if len(keys) == 0 {
		return set, fmt.Errorf("core: Config.%s is empty", field)
	}
	for i, key := range keys {
		if key.k == nil {
			return set, fmt.Errorf("core: Config.%s[%d] is the zero Key", field, i)
		}
		if set.byID[key.k.id] != nil {
			return set, fmt.Errorf("core: Config.%s has two keys with the id %q", field, key.k.id)
		}
		if key.k.sign != nil && i > 0 && keys[0].k.sign == nil {
			return set, fmt.Errorf("core: Config.%s[0] cannot sign but %s[%d] can: the first key signs", field, field, i)
		}
		set.byID[key.k.id] = key.k
	}
	if keys[0].k.sign != nil {
		set.signer = keys[0].k
	}
	return set.measured(typ)
}

// tokenSize returns the length of a token that the set signs.
func (s keyset) tokenSize(payload int) int {
	return len(s.header) + 1 + base64.RawURLEncoding.EncodedLen(payload) + 1 + s.signature
}

// measured returns the set with what its tokens have in common.
func (s keyset) measured(typ string) (keyset, error) {
	if s.signer == nil {
		return s, nil
	}
	header, err := json.Marshal(map[string]string{"alg": s.signer.method.Alg(), "kid": s.signer.id, "typ": typ})
	if err != nil {
		return s, fmt.Errorf("core: key %q: %w", s.signer.id, err)
	}
	s.header = base64.RawURLEncoding.EncodeToString(header)
	token, err := s.sign([]byte("{}"))
	s.signature = len(token) - 1 - strings.LastIndexByte(token, '.')
	return s, err
}

func deriveRefreshKeys(keys []Key) ([]Key, error) {
	derived := make([]Key, len(keys))
	for i, key := range keys {
		if !key.k.isHMAC() {
			return nil, fmt.Errorf("core: Config.RefreshKeys is empty: it is required with the %s key %q", key.Algorithm(), key.ID())
		}
		refresh, err := key.k.deriveRefresh()
		if err != nil {
			return nil, err
		}
		derived[i] = Key{refresh}
	}
	return derived, nil
}
