package httpauth

import "net/http"

// JWKS answers with the public keys that verify access tokens (RFC 7517, section
// 8.5.2). It is the one answer that may be cached: for 5 minutes, so a new key
// should verify for longer than that before it signs.
func (f *Face) JWKS(w http.ResponseWriter, r *http.Request) error {
	if err := allow(w, r, http.MethodGet, http.MethodHead); err != nil {
		return err
	}
	w.Header().Set("Cache-Control", "public, max-age=300")
	w.Header().Set("Content-Type", "application/jwk-set+json")
	w.WriteHeader(http.StatusOK)
	w.Write(append(f.authority.JWKS(), '\n')) // fails only if the client has gone
	return nil
}
