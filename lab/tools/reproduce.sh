#!/usr/bin/env bash
# Builds the example programs twice, in two folders and with nothing cached,
# and fails if a byte differs.
set -euo pipefail
cd "$(dirname "$0")/../.."
work=$(mktemp -d)
trap 'chmod -R u+w "$work" && rm -rf "$work"' EXIT
for copy in one another/one; do
	mkdir -p "$work/$copy"
	git archive HEAD | tar -x -C "$work/$copy"
	(
		cd "$work/$copy"
		export GOCACHE="$work/cache-$(basename "$copy")-${#copy}" CGO_ENABLED=0
		go build -trimpath -buildvcs=false -o "$work/$copy/bin/" ./examples/...
		rm -rf "$GOCACHE"
	)
done
for program in gin-app echo-app http-app echo5-app; do
	cmp "$work/one/bin/$program" "$work/another/one/bin/$program"
	sha256sum "$work/one/bin/$program" | sed "s|  .*|  $program|"
done
