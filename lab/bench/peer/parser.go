package peer

import "github.com/golang-jwt/jwt/v5"

// Claims are the claims of an access token of core, for golang-jwt to parse
// into.
type Claims struct {
	jwt.RegisteredClaims

	SessionID  string `json:"sid"`
	Generation int64  `json:"gen"`
	AuthTime   int64  `json:"auth_time"`
}

// Parser is golang-jwt alone: it verifies the signature and the expiry, and
// revokes nothing.
type Parser struct {
	parser *jwt.Parser
	key    any
}

// NewParser returns a parser for one algorithm and one key: the secret of
// HS256, or a public key.
func NewParser(algorithm string, key any) *Parser {
	return &Parser{parser: jwt.NewParser(jwt.WithValidMethods([]string{algorithm})), key: key}
}

// Parse verifies a token and returns its claims.
func (p *Parser) Parse(token string) (*Claims, error) {
	c := new(Claims)
	if err := p.parse(token, c); err != nil {
		return nil, err
	}
	return c, nil
}

func (p *Parser) parse(token string, claims jwt.Claims) error {
	_, err := p.parser.ParseWithClaims(token, claims, func(*jwt.Token) (any, error) { return p.key, nil })
	return err
}
