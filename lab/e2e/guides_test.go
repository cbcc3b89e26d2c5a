package e2e_test

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// known is what a fragment in a guide may use without saying where it is from:
// packages by their names, and variables that the reader has by then.
var (
	knownPackages = map[string]string{
		"bytes": "bytes", "context": "context", "errors": "errors", "fmt": "fmt", "http": "net/http", "io": "io",
		"json": "encoding/json", "log": "log", "net": "net", "rand": "crypto/rand", "slices": "slices", "slog": "log/slog",
		"sql": "database/sql", "strings": "strings", "time": "time",
		"core":       "github.com/ratchetauth/ratchet/core",
		"echo":       "github.com/labstack/echo/v4",
		"echoauth":   "github.com/ratchetauth/ratchet/echoauth",
		"gin":        "github.com/gin-gonic/gin",
		"ginauth":    "github.com/ratchetauth/ratchet/ginauth",
		"httpauth":   "github.com/ratchetauth/ratchet/httpauth",
		"jwt":        "github.com/golang-jwt/jwt/v5",
		"redis":      "github.com/redis/go-redis/v9",
		"redisstore": "github.com/ratchetauth/ratchet/redisstore",
	}
	knownVariables = map[string]struct{ declaration, imports string }{
		"auth":      {"var auth *ginauth.Auth", "ginauth"},
		"authority": {"var authority *core.Authority", "core"},
		"cors":      {"var cors func(origin string) gin.HandlerFunc", "gin"},
		"keys":      {"var keys []core.Key", "core"},
		"r":         {"var r *gin.Engine", "gin"},
	}
)

// guide is one document with its Go blocks.
type guide struct {
	name   string
	text   string
	blocks []string
}

func readGuides(t *testing.T) (guides []guide) {
	t.Helper()
	files, err := filepath.Glob("../../docs/guides/*.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		g := guide{name: strings.TrimSuffix(filepath.Base(file), ".md"), text: string(text)}
		for _, m := range regexp.MustCompile("(?ms)^```go\n(.*?)^```$").FindAllStringSubmatch(g.text, -1) {
			g.blocks = append(g.blocks, m[1])
		}
		if fences := strings.Count(g.text, "```go"); len(g.blocks) != fences || fences == 0 {
			t.Errorf("%s: %d Go blocks can be read of %d", file, len(g.blocks), fences)
		}
		guides = append(guides, g)
	}
	if len(guides) < 10 {
		t.Fatalf("there are %d guides", len(guides))
	}
	return guides
}

// TestGuides compiles every Go block of the guides, in a module that requires
// what this one does, and runs the tests that are among them. A block that
// begins with package is a file; those of one guide and one package belong
// together. Any other is a package of its own.
func TestGuides(t *testing.T) {
	root, err := filepath.Abs(filepath.Join("..", ".."))
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	write := func(name, text string) {
		t.Helper()
		if err := os.MkdirAll(filepath.Join(dir, filepath.Dir(name)), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	const module = "module github.com/ratchetauth/ratchet\n"
	for _, name := range []string{"go.mod", "go.sum"} {
		text, err := os.ReadFile(filepath.Join(root, name))
		if err != nil {
			t.Fatal(err)
		}
		if own, found := strings.CutPrefix(string(text), module); found {
			text = []byte("module guides\n" + own +
				"\nrequire github.com/ratchetauth/ratchet v0.0.0\nreplace github.com/ratchetauth/ratchet => " + root + "\n")
		}
		write(name, string(text))
	}

	for _, g := range readGuides(t) {
		for i, block := range g.blocks {
			clause, _, _ := strings.Cut(block, "\n")
			own, isFile := strings.CutPrefix(clause, "package ")
			switch {
			case isFile && strings.Contains(block, "\nfunc Test"):
				write(fmt.Sprintf("%s-%s/block%d_test.go", g.name, own, i+1), block)
			case isFile:
				write(fmt.Sprintf("%s-%s/block%d.go", g.name, own, i+1), block)
			default:
				text, err := completed(block)
				if err != nil {
					t.Fatalf("%s, Go block %d: %v", g.name, i+1, err)
				}
				write(fmt.Sprintf("%s-%d/guide.go", g.name, i+1), text)
			}
		}
	}
	tested := []string{"testing-shop"}
	for name, text := range trades {
		if _, err := os.Stat(filepath.Join(dir, name, "guide.go")); err != nil {
			t.Errorf("a test is about no block: %v", err)
		}
		write(name+"/guide_test.go", text)
		tested = append(tested, name)
	}
	out, err := runGo(t, dir, "test", "-mod=mod", "-vet=all", "./...")
	if err != nil {
		t.Errorf("go test: %v\n%s", err, out)
	}
	for _, name := range tested {
		if !regexp.MustCompile(`(?m)^ok\s+guides/` + name + `\s`).Match(out) {
			t.Errorf("the tests of %s have not passed", name)
		}
	}
}

// completed returns a fragment as a file: with the imports and variables that
// it uses and does not declare, and in a function if it is statements.
func completed(block string) (string, error) {
	file, err := parser.ParseFile(token.NewFileSet(), "", "package guide\n"+block, 0)
	if err != nil {
		block = "func _() {\n" + block + "}\n"
		if file, err = parser.ParseFile(token.NewFileSet(), "", "package guide\n"+block, 0); err != nil {
			return "", err
		}
	}
	imports, variables := make(map[string]bool), make(map[string]bool)
	for _, name := range file.Unresolved {
		if knownPackages[name.Name] != "" {
			imports[name.Name] = true
		}
		if v, ok := knownVariables[name.Name]; ok {
			variables[v.declaration] = true
			imports[v.imports] = true
		}
	}
	var text strings.Builder
	text.WriteString("package guide\n\n")
	for _, name := range slices.Sorted(maps.Keys(imports)) {
		fmt.Fprintf(&text, "import %s %q\n", name, knownPackages[name])
	}
	for _, declaration := range slices.Sorted(maps.Keys(variables)) {
		text.WriteString(declaration + "\n")
	}
	for _, d := range file.Decls {
		if f, ok := d.(*ast.FuncDecl); ok && f.Recv == nil && f.Name.Name != "_" && !ast.IsExported(f.Name.Name) {
			fmt.Fprintf(&text, "var _ = %s\n", f.Name.Name) // vet and readers do not miss a caller
		}
	}
	text.WriteString(block)
	return text.String(), nil
}

// TestGuideLinks checks that what the guides link to is there, and that the
// README links to each guide.
func TestGuideLinks(t *testing.T) {
	readme, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, g := range readGuides(t) {
		if link := "(docs/guides/" + g.name + ".md)"; !strings.Contains(string(readme), link) {
			t.Errorf("README.md does not link to %s", link)
		}
		prose := regexp.MustCompile("(?ms)^```.*?^```$|`[^`\n]*`").ReplaceAllString(g.text, "code")
		for _, m := range regexp.MustCompile(`\]\(([^)#\s]+)[^)]*\)`).FindAllStringSubmatch(prose, -1) {
			if strings.Contains(m[1], "://") {
				continue
			}
			if _, err := os.Stat(filepath.Join("../../docs/guides", m[1])); err != nil {
				t.Errorf("%s links to %s: %v", g.name, m[1], err)
			}
		}
	}
}

// trades are tests of the guides' blocks that trade an old credential for a
// session: what they let in that they should not would be a hole. Each is put
// beside the block that it is about.
var trades = map[string]string{
	"from-gin-jwt-3": tradeSetUp + `
type keys struct {
	redis.UniversalClient
	values map[string]string
}

func (k keys) GetDel(_ context.Context, key string) *redis.StringCmd {
	value, ok := k.values[key]
	delete(k.values, key)
	if !ok {
		return redis.NewStringResult("", redis.Nil)
	}
	return redis.NewStringResult(value, nil)
}

func TestTrade(t *testing.T) {
	auth := must(ginauth.New(newAuthority(t), ginauth.Options{}))
	later, before := time.Now().Add(time.Hour).Format(time.RFC3339), time.Now().Add(-time.Hour).Format(time.RFC3339)
	handler := reissueOrAdopt(auth, keys{values: map[string]string{
		"gin-jwt:good": "{\"user_data\":{\"UserName\":\"alice\"},\"expiry\":\"" + later + "\"}",
		"gin-jwt:late": "{\"user_data\":{\"UserName\":\"alice\"},\"expiry\":\"" + before + "\"}",
		"gin-jwt:anon": "{\"user_data\":{},\"expiry\":\"" + later + "\"}",
	}})
	first := send(t, handler, "", "good", 200)
	send(t, handler, "", "good", 401)
	send(t, handler, "", "late", 401)
	send(t, handler, "", "anon", 401)
	send(t, handler, "", "none", 401)
	send(t, handler, "", "", 401)
	send(t, handler, "", first.RefreshToken, 200)
}
`,
	"from-gin-jwt-4": tradeSetUp + `
func TestTrade(t *testing.T) {
	auth := must(ginauth.New(newAuthority(t), ginauth.Options{}))
	handler := exchange(auth, secret)
	in := time.Now().Add(time.Hour).Unix()
	good := send(t, handler, sign(t, "JWT", secret, jwt.MapClaims{"identity": "alice", "exp": in}), "", 200)
	send(t, handler, good.AccessToken, "", 401)
	send(t, handler, sign(t, "at+jwt", secret, jwt.MapClaims{"identity": "alice", "exp": in}), "", 401)
	send(t, handler, sign(t, "JWT", []byte("another"), jwt.MapClaims{"identity": "alice", "exp": in}), "", 401)
	send(t, handler, sign(t, "JWT", secret, jwt.MapClaims{"identity": "alice"}), "", 401)
	send(t, handler, sign(t, "JWT", secret, jwt.MapClaims{"identity": "alice", "exp": 1}), "", 401)
	send(t, handler, sign(t, "JWT", secret, jwt.MapClaims{"exp": in}), "", 401)
	send(t, handler, "", "", 401)
}
`,
	"from-redis-keys-1": tradeSetUp + `
type keys struct {
	redis.UniversalClient
	values map[string]string
}

func (k keys) EvalSha(_ context.Context, _ string, names []string, args ...any) *redis.Cmd {
	if k.values[names[0]] != args[0] {
		return redis.NewCmdResult(int64(0), nil)
	}
	delete(k.values, names[0])
	return redis.NewCmdResult(int64(1), nil)
}

func TestTrade(t *testing.T) {
	auth := must(ginauth.New(newAuthority(t), ginauth.Options{}))
	in := time.Now().Add(time.Hour).Unix()
	older := sign(t, "JWT", secret, jwt.MapClaims{"sub": "alice", "exp": in, "jti": "1"})
	newest := sign(t, "JWT", secret, jwt.MapClaims{"sub": "alice", "exp": in, "jti": "2"})
	forged := sign(t, "JWT", []byte("another"), jwt.MapClaims{"sub": "bob", "exp": in})
	handler := reissueOrAdopt(auth, keys{values: map[string]string{"refresh:alice": newest, "refresh:bob": forged}}, secret)
	send(t, handler, "", older, 401)
	send(t, handler, "", forged, 401)
	first := send(t, handler, "", newest, 200)
	send(t, handler, "", newest, 401)
	send(t, handler, "", first.AccessToken, 401)
	send(t, handler, "", first.RefreshToken, 200)
	send(t, handler, "", "", 401)
}
`,
	"from-echo-jwt-2": tradeSetUp + `
func TestTrade(t *testing.T) {
	e, auth := echo.New(), must(echoauth.New(newAuthority(t), echoauth.Options{}))
	e.HTTPErrorHandler = auth.HTTPErrorHandler
	exchange(e, auth, func(next echo.HandlerFunc) echo.HandlerFunc { // as echo-jwt does
		return func(c echo.Context) error {
			text, _ := strings.CutPrefix(c.Request().Header.Get("Authorization"), "Bearer ")
			parsed, err := jwt.Parse(text, func(*jwt.Token) (any, error) { return secret, nil })
			if err != nil {
				return echo.ErrUnauthorized
			}
			c.Set("user", parsed)
			return next(c)
		}
	})
	try := func(token string, want int) (pair tokens) {
		t.Helper()
		r := httptest.NewRequest("POST", "/auth/exchange", nil)
		r.Header.Set("Authorization", "Bearer "+token)
		w := httptest.NewRecorder()
		e.ServeHTTP(w, r)
		return answered(t, w, want)
	}
	in := time.Now().Add(time.Hour).Unix()
	good := try(sign(t, "JWT", secret, jwt.MapClaims{"sub": "alice", "exp": in}), 200)
	try(good.AccessToken, 401)
	try(sign(t, "JWT", secret, jwt.MapClaims{"sub": "alice"}), 401)
	try(sign(t, "JWT", secret, jwt.MapClaims{"exp": in}), 401)
	try("rubbish", 401)
}
`,
}

const tradeSetUp = `package guide

import (
	"context"
	"encoding/json"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/golang-jwt/jwt/v5"
	"github.com/labstack/echo/v4"
	"github.com/ratchetauth/ratchet/core"
	"github.com/ratchetauth/ratchet/echoauth"
	"github.com/ratchetauth/ratchet/ginauth"
	"github.com/redis/go-redis/v9"
)

var ( // not every guide needs all
	_ context.Context
	_ echo.Context
	_ *echoauth.Auth
	_ *ginauth.Auth
	_ redis.UniversalClient
)

var secret = []byte("the old secret, which is the new one, too")

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

func newAuthority(t *testing.T) *core.Authority {
	key, err := core.NewHMACKey("k", secret) // not what the guides say, but what some will do
	if err != nil {
		t.Fatal(err)
	}
	a, err := core.New(core.Config{
		Issuer: "i", Audience: []string{"a"}, Keys: []core.Key{key}, Store: core.NewMemoryStore(core.MemoryOptions{}),
		LoadClaims: func(_ context.Context, r core.ClaimsRequest) (any, error) { return map[string]any{"identity": r.Subject}, nil },
	})
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func sign(t *testing.T, typ string, secret []byte, claims jwt.MapClaims) string {
	token := jwt.NewWithClaims(jwt.SigningMethodHS256, claims)
	token.Header["typ"] = typ
	text, err := token.SignedString(secret)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

type tokens struct {
	AccessToken  string "json:\"access_token\""
	RefreshToken string "json:\"refresh_token\""
}

func answered(t *testing.T, w *httptest.ResponseRecorder, want int) (pair tokens) {
	t.Helper()
	if err := json.Unmarshal(w.Body.Bytes(), &pair); err != nil || w.Code != want || (pair.AccessToken != "") != (want == 200) {
		t.Errorf("got %d %s, %v, want %d", w.Code, w.Body, err, want)
	}
	return pair
}

func send(t *testing.T, h gin.HandlerFunc, accessToken, refreshToken string, want int) tokens {
	t.Helper()
	gin.SetMode(gin.ReleaseMode)
	r := gin.New()
	r.POST("/", h)
	request := httptest.NewRequest("POST", "/", strings.NewReader("{\"refresh_token\":\""+refreshToken+"\"}"))
	request.Header.Set("Content-Type", "application/json")
	if accessToken != "" {
		request.Header.Set("Authorization", "Bearer "+accessToken)
	}
	w := httptest.NewRecorder()
	r.ServeHTTP(w, request)
	return answered(t, w, want)
}
`
