module github.com/ratchetauth/ratchet/internal/supply

go 1.26

require github.com/google/licensecheck v0.3.1
