package ginauth_test

import (
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/gin-gonic/gin"
	"github.com/ratchetauth/ratchet/core"
	"github.com/ratchetauth/ratchet/ginauth"
	"github.com/ratchetauth/ratchet/redisstore"
	"github.com/redis/go-redis/v9"
)

// TestErrorLogger: middleware that sends what c.Error has recorded tells the client
// nothing about the store or the check of a token.
func TestErrorLogger(t *testing.T) {
	gin.SetMode(gin.ReleaseMode)
	client := redis.NewClient(&redis.Options{Addr: "127.0.0.1:1", ContextTimeoutEnabled: true, MaxRetries: -1, Username: "svc", Password: "pw"})
	store, err := redisstore.New(client, redisstore.Options{})
	if err != nil {
		t.Fatal(err)
	}
	k, _ := core.NewHMACKey("k", make([]byte, 32))
	good, _ := core.New(core.Config{Issuer: "i", Audience: []string{"i"}, Keys: []core.Key{k}, Store: core.NewMemoryStore(core.MemoryOptions{})})
	a, err := core.New(core.Config{Issuer: "i", Audience: []string{"i"}, Keys: []core.Key{k}, Store: store})
	if err != nil {
		t.Fatal(err)
	}
	auth, _ := ginauth.New(a, ginauth.Options{})
	tok, _ := good.Issue(t.Context(), core.Login{Subject: "alice"})
	r := gin.New()
	r.Use(gin.ErrorLogger())
	r.GET("/", auth.Require)
	for _, h := range []string{"Bearer " + tok.AccessToken, "Bearer " + tok.RefreshToken, "Bearer x", "Bearer e30.e30.e30"} {
		q := httptest.NewRequest("GET", "/", nil)
		q.Header.Set("Authorization", h)
		w := httptest.NewRecorder()
		r.ServeHTTP(w, q)
		for _, secret := range []string{"redisstore", "127.0.0.1", "header", "serialization"} {
			if strings.Contains(w.Body.String(), secret) {
				t.Errorf("%d tells of %s: %s", w.Code, secret, w.Body)
			}
		}
	}
}
