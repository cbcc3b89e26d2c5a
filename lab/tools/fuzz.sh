#!/usr/bin/env bash
# Runs every fuzz target of the repository, one after the other, each for so
# long: fuzz.sh [time], as go test -fuzztime takes it, by default 1m. Inputs that
# fail are written to testdata/fuzz of their package, to be mended and kept; the
# other targets run all the same, and the exit code tells.
set -euo pipefail
cd "$(dirname "$0")/../.."
time="${1:-1m}"
go="${GO:-go}"

# Where the targets are; go test -list says what they are called, and go test
# runs them in the module they belong to.
folders="$(grep -rlE --include='*_test.go' --exclude-dir=node_modules '^func Fuzz' . | xargs -n 1 dirname | sort -u)"
[ -n "$folders" ] || { echo "there is no fuzz target" >&2; exit 1; }

failed=()
for folder in $folders; do
	for target in $(cd "$folder" && "$go" test -list '^Fuzz' . | grep '^Fuzz'); do
		echo "$folder $target"
		# Tokens are random, so that what is new to go test often is by chance, and
		# to make it smaller would take all of the time.
		(cd "$folder" && "$go" test -run '^$' -fuzz "^$target\$" -fuzztime "$time" -fuzzminimizetime 100x .) || failed+=("$folder $target")
	done
done
if [ ${#failed[@]} -gt 0 ]; then
	printf 'failed: %s\n' "${failed[@]}" >&2
	exit 1
fi
