package clients_test

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"golang.org/x/oauth2"
)

// authStyles are the ways in which x/oauth2 names the client to the server.
// Ratchet knows no clients and heeds none of them. The first tries the second
// and, where that is refused, the third.
var authStyles = map[string]oauth2.AuthStyle{
	"detected":  oauth2.AuthStyleAutoDetect,
	"in header": oauth2.AuthStyleInHeader,
	"in form":   oauth2.AuthStyleInParams,
}

func oauthConfig(p *program, style oauth2.AuthStyle) *oauth2.Config {
	return &oauth2.Config{
		ClientID:     "client",
		ClientSecret: "secret",
		Endpoint:     oauth2.Endpoint{TokenURL: p.url + "/auth/reissue", AuthStyle: style},
	}
}

// TestOAuth2 has x/oauth2 keep a client logged in over many generations. Every
// token looks expired to it, because it renews 10 seconds before the end.
func TestOAuth2(t *testing.T) {
	for _, name := range programs {
		p := start(t, name, "ACCESS_TTL=9s", "REUSE_GRACE=strict")
		for styleName, style := range authStyles {
			t.Run(name+"/"+styleName, func(t *testing.T) {
				issued := p.login(t)
				first := &oauth2.Token{
					AccessToken: issued.AccessToken, RefreshToken: issued.RefreshToken, Expiry: time.Now().Add(-time.Second),
				}
				config := oauthConfig(p, style)
				source := config.TokenSource(t.Context(), first)
				last := first
				for generation := range 5 {
					next, err := source.Token()
					if err != nil {
						t.Fatal(err)
					}
					if next.TokenType != "Bearer" || next.RefreshToken == last.RefreshToken || time.Until(next.Expiry) > 9*time.Second {
						t.Fatalf("reissue %d gave a token of type %q until %v", generation+1, next.TokenType, next.Expiry)
					}
					if got, want := generationOf(t, next.AccessToken), generation+1; got != want {
						t.Errorf("reissue %d gave generation %d", want, got)
					}
					last = next
				}
				client := config.Client(t.Context(), last)
				if status, body := p.me(t, client, ""); status != http.StatusOK || !strings.Contains(body, `"user":"alice"`) {
					t.Errorf("/api/me answers %d %s", status, body)
				}
			})
		}
	}
}

// TestOAuth2Reuse presents a used refresh token. RFC 6749, section 5.2: the
// answer is 400 invalid_grant, which x/oauth2 tells apart from other failures.
func TestOAuth2Reuse(t *testing.T) {
	for _, name := range programs {
		p := start(t, name, "REUSE_GRACE=strict")
		for styleName, style := range authStyles {
			t.Run(name+"/"+styleName, func(t *testing.T) {
				first := p.login(t)
				config := oauthConfig(p, style)
				refresh := func(refreshToken string) (*oauth2.Token, error) {
					return config.TokenSource(t.Context(), &oauth2.Token{RefreshToken: refreshToken}).Token()
				}
				second, err := refresh(first.RefreshToken)
				if err != nil {
					t.Fatal(err)
				}
				for _, used := range []string{first.RefreshToken, second.RefreshToken, "rubbish"} {
					_, err := refresh(used)
					var refused *oauth2.RetrieveError
					if !errors.As(err, &refused) {
						t.Fatalf("the error is %v", err)
					}
					if refused.ErrorCode != "invalid_grant" || refused.Response.StatusCode != http.StatusBadRequest || refused.ErrorDescription == "" {
						t.Errorf("refused with %d %q %q", refused.Response.StatusCode, refused.ErrorCode, refused.ErrorDescription)
					}
				}
				for _, dead := range []string{first.AccessToken, second.AccessToken} {
					if status, body := p.me(t, http.DefaultClient, dead); status != http.StatusUnauthorized || !strings.Contains(body, "token_revoked") {
						t.Errorf("/api/me answers %d %s", status, body)
					}
				}
			})
		}
	}
}

// generationOf returns the generation that an access token's jti names.
func generationOf(t *testing.T, accessToken string) int {
	t.Helper()
	segments := strings.Split(accessToken, ".")
	if len(segments) != 3 {
		t.Fatalf("the access token has %d segments", len(segments))
	}
	payload, err := base64.RawURLEncoding.DecodeString(segments[1])
	if err != nil {
		t.Fatal(err)
	}
	var claims struct {
		ID string `json:"jti"`
	}
	if err := json.Unmarshal(payload, &claims); err != nil {
		t.Fatal(err)
	}
	_, generation, _ := strings.Cut(claims.ID, ".")
	n, err := strconv.Atoi(generation)
	if err != nil {
		t.Fatalf("the jti is %q", claims.ID)
	}
	return n
}
