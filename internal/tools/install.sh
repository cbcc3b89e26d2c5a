#!/usr/bin/env bash
# Installs what the tests need and this machine lacks: redis-server, curl and,
# for the race detector, a C compiler. Does nothing where all is there.
set -euo pipefail

missing=()
has() { command -v "$1" >/dev/null 2>&1; }
has redis-server || missing+=(redis-server)
has curl || missing+=(curl)
has "$(go env CC | cut -d' ' -f1)" || missing+=(gcc libc6-dev)
if [ ${#missing[@]} -eq 0 ]; then
	exit 0
fi

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
"${as_root[@]}" apt-get install -y --no-install-recommends "${missing[@]}"
