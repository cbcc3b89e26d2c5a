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
	byHeader  map[string]*key // by the encoded header of the key's tokens
	header    string          // of the tokens that it signs, encoded
	signature int             // the length of their signature, encoded
	payload   int             // of their payload without subject and custom claims
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
	set := keyset{byID: make(map[string]*key, len(keys)), byHeader: make(map[string]*key, len(keys))}
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
		header, err := encodeHeader(key.k, typ)
		if err != nil {
			return set, err
		}
		set.byID[key.k.id], set.byHeader[header] = key.k, key.k
		if i == 0 && key.k.sign != nil {
			set.signer, set.header = key.k, header
		}
	}
	return set.measured()
}

// tokenSize returns the length of a token that the set signs.
func (s keyset) tokenSize(payload int) int {
	return len(s.header) + 1 + base64.RawURLEncoding.EncodedLen(payload) + 1 + s.signature
}

// measured returns the set with what its tokens have in common.
func (s keyset) measured() (keyset, error) {
	if s.signer == nil {
		return s, nil
	}
	token, err := s.sign([]byte("{}"))
	s.signature = len(token) - 1 - strings.LastIndexByte(token, '.')
	return s, err
}

// encodeHeader returns the only header that a key's tokens of a type may have,
// encoded. Its members are in the order of their names, as golang-jwt and
// whoever else encodes a map writes them.
func encodeHeader(k *key, typ string) (string, error) {
	header, err := json.Marshal(map[string]string{"alg": k.method.Alg(), "kid": k.id, "typ": typ})
	if err != nil {
		return "", fmt.Errorf("core: key %q: %w", k.id, err)
	}
	return base64.RawURLEncoding.EncodeToString(header), nil
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
