module github.com/ratchetauth/ratchet/internal/clients

go 1.26

require golang.org/x/oauth2 v0.36.0
