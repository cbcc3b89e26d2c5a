package peer

import (
	"errors"

	ginjwt "github.com/appleboy/gin-jwt/v2"
	"github.com/gin-gonic/gin"
	jwtv4 "github.com/golang-jwt/jwt/v4"
	echojwt "github.com/labstack/echo-jwt/v4"
	"github.com/labstack/echo/v4"
)

// Gin returns the middleware of gin-jwt for one algorithm and one key: the
// secret of HS256, or a public key. Of the asymmetric algorithms gin-jwt knows
// RSA only by itself; for all of them it takes a function that checks the
// algorithm and returns the key.
func Gin(algorithm string, key any) (gin.HandlerFunc, error) {
	m := &ginjwt.GinJWTMiddleware{Realm: "bench", IdentityKey: "sub"}
	if secret, ok := key.([]byte); ok {
		m.SigningAlgorithm, m.Key = algorithm, secret
	} else {
		m.KeyFunc = func(t *jwtv4.Token) (any, error) {
			if t.Method.Alg() != algorithm {
				return nil, errors.New("peer: another algorithm")
			}
			return key, nil
		}
	}
	m, err := ginjwt.New(m)
	if err != nil {
		return nil, err
	}
	return m.MiddlewareFunc(), nil
}

// Echo returns the middleware of echo-jwt for one algorithm and one key: the
// secret of HS256, or a public key.
func Echo(algorithm string, key any) (echo.MiddlewareFunc, error) {
	return echojwt.Config{SigningMethod: algorithm, SigningKey: key}.ToMiddleware()
}
