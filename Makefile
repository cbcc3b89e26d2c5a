# What developers and continuous integration run. `make` alone lists the
# targets.

GO ?= go

.DEFAULT_GOAL := help
DURATION ?= 30m
USERS ?= 100
TIME ?= 1m

.PHONY: help test lint install bench fuzz mutation soak screenshots run-gin run-echo run-http run-echo5

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / { printf "%-11s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

# The figures of the faults and of the users under load are printed.
test: install lint ## install what the tests need, then check and test everything
	RATCHET_REQUIRE_SERVERS=1 $(GO) test -race -p 2 -parallel 4 -timeout 20m ./...
	cd lab && RATCHET_REQUIRE_SERVERS=1 $(GO) test -race -v -timeout 20m ./fleet
	cd lab && RATCHET_REQUIRE_SERVERS=1 $(GO) test -v -timeout 20m ./fleet/faults
	cd lab && RATCHET_REQUIRE_SERVERS=1 $(GO) test -race -timeout 20m ./attacks ./model
	cd lab && RATCHET_REQUIRE_SERVERS=1 $(GO) test -p 2 -parallel 4 -timeout 20m $$($(GO) list ./... | grep -vE '/lab/(attacks|model|fleet|fleet/faults)$$')
	RATCHET_REQUIRE_SERVERS=1 GO=$(GO) lab/tools/fuzz.sh 300x

lint: ## check the formatting and the modules' sums, then run go vet and staticcheck
	@unformatted=$$(gofmt -l .) && if [ -n "$$unformatted" ]; then echo "gofmt -w is needed for:"; echo "$$unformatted"; exit 1; fi >&2
	$(GO) mod verify
	$(GO) vet ./...
	cd lab && $(GO) mod verify && $(GO) vet ./...
	$(GO) tool -modfile=lab/tools/go.mod staticcheck ./...

install: ## install what the tests need where it is missing: Redis, curl, a C compiler, nginx, Chromium, Node and its packages
	@lab/tools/install.sh

bench: ## measure beside the peers and print the table of ratios, in about a quarter of an hour
	cd lab/bench && $(GO) run .

fuzz: ## look for input that breaks a promise, for TIME (1m) with each of the targets
	RATCHET_REQUIRE_SERVERS=1 GO=$(GO) lab/tools/fuzz.sh $(TIME)

mutation: ## break each guard of the code in turn and see that a test notices, in about half an hour
	cd lab && $(GO) run ./mutation

soak: ## run users against three processes through restarts and a failover for DURATION (30m) with USERS (100)
	cd lab && $(GO) test -run '^TestSoak$$' -count=1 -v -timeout 0 ./fleet -args -duration $(DURATION) -users $(USERS)

screenshots: ## take the pictures of the demo page in docs/images; needs what make install installs
	cd lab/clients && node screenshots.mjs ../../docs/images

run-gin: ## run the Gin example on 127.0.0.1:8080
	$(GO) run ./examples/gin-app

run-echo: ## run the Echo example on 127.0.0.1:8081
	$(GO) run ./examples/echo-app

run-http: ## run the net/http example on 127.0.0.1:8082
	$(GO) run ./examples/http-app

run-echo5: ## run the Echo v5 example on 127.0.0.1:8083
	$(GO) run ./examples/echo5-app
