#!/usr/bin/env bash
# Installs what the tests need and this machine lacks: redis-server, curl, for
# the race detector a C compiler, for the tests with other people's clients
# Chromium, Node and the packages of lab/clients, and nginx for those of what
# stands before a service. Does nothing where all is there.
set -euo pipefail
clients="$(cd "$(dirname "$0")/../clients" && pwd)"

has() { command -v "$1" >/dev/null 2>&1; }
node_major() { node --version 2>/dev/null | sed -n 's/^v\([0-9]*\)\..*/\1/p'; }
node_is_new_enough() {
	local major
	major="$(node_major)"
	[ "${major:-0}" -ge 18 ]
}

missing=()
has redis-server || missing+=(redis-server)
has curl || missing+=(curl)
has "$(go env CC | cut -d' ' -f1)" || missing+=(gcc libc6-dev)
has nginx || [ -x /usr/sbin/nginx ] || missing+=(nginx) # not on everybody's path
has chromium || has chromium-browser || has google-chrome || missing+=(chromium)
# A Node that did not come from the distribution brings its own npm, and the
# distribution's npm would put another Node in its place.
if ! node_is_new_enough; then
	missing+=(nodejs npm)
elif ! has npm; then
	missing+=(npm)
fi

if [ ${#missing[@]} -gt 0 ]; then
	as_root=()
	if [ "$(id -u)" -ne 0 ]; then
		as_root=(sudo)
	fi
	if ! has apt-get || { [ ${#as_root[@]} -gt 0 ] && ! has sudo; }; then
		echo "The tests need ${missing[*]}, which cannot be installed from here without apt-get and root or sudo." >&2
		echo "Install them by hand and run make again." >&2
		exit 1
	fi
	echo "installing ${missing[*]}"
	"${as_root[@]}" apt-get update
	"${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends "${missing[@]}"
	hash -r
	if ! node_is_new_enough; then
		echo "The tests need Node 18 or newer. This machine has $(node --version 2>/dev/null || echo none)." >&2
		exit 1
	fi
fi

# npm writes the hidden lockfile last, so an installation cut short is repeated.
installed="$clients/node_modules/.package-lock.json"
if [ ! -e "$installed" ] || [ "$clients/package-lock.json" -nt "$installed" ]; then
	echo "installing the packages of lab/clients"
	(cd "$clients" && npm ci)
fi
