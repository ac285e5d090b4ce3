#!/bin/sh
# readme_root - README's blocks as they are printed, in their order, in a fresh root; tests/matrix.sh runs it there
# SPDX-License-Identifier: Apache-2.0
#
#   tests/readme_root.sh CHECKOUT     MATRIX_CHECK=1 also runs the block that runs all tests
set -u
cd "$1" || exit 1
work=$(mktemp -d) || exit 1
bad=0

# The code blocks of a section; the answers that stand in comments behind a command are README's own words.
blocks() {
	awk -v section="## $1" '
		/^## / { inside = $0 == section }
		inside && /^```/ { code = !code; next }
		inside && code' README
}

step() {
	echo "== $1"
	(cd "$2" && sh -eu "$3") || { echo "README's step fails: $1"; bad=1; }
}

blocks 'Two commands' >"$work/commands"
grep '^\./bootstrap demo' "$work/commands" >"$work/demo"
grep '^\./bootstrap check' "$work/commands" >"$work/check"
grep '^\./bootstrap &&' "$work/commands" >"$work/install"
for file in demo check install; do
	[ -s "$work/$file" ] || { echo "README has no block for $file"; exit 1; }
done
blocks 'A first policy, seen to deny' >"$work/first"
echo 'kill $!' >>"$work/first"

step 'the demo' . "$work/demo"
[ -z "${MATRIX_CHECK:-}" ] || step 'all tests' . "$work/check"
step 'the install' . "$work/install"
mkdir "$work/user"
step 'the first policy' "$work/user" "$work/first" >"$work/out" 2>&1
cat "$work/out"
for text in '{"recorded":1}' '"status":"Deny","reason":"limit_reached"' '"used":5,"limit":5' '"line":1'; do
	grep -qF "$text" "$work/out" || { echo "the first policy prints no $text"; bad=1; }
done
rm -rf "$work"
exit $bad
