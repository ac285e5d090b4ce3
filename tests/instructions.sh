#!/bin/sh
# instructions - the main paths execute as many instructions as recorded, within 5 %: nobody makes them slower unnoticed
#
# Counted by callgrind, in our own object code only, so that neither the C library nor the processor has a say. Recorded for gcc
# 12 with -O2 on x86-64. After a change that is worth it:  tests/instructions.sh --record  in the build directory.
set -u
build=$(cd "${top_builddir:-.}" && pwd)
source=$(cd "${top_srcdir:-$(dirname "$0")/..}" && pwd)
recorded=$source/tests/instructions.expected
fixed=$build/bench/fixed
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cp "$source/bench/fixed.yaml" "$work" # an explanation tells the file's name: it must be as long everywhere

skip() {
	echo "skipped: $1"
	exit 77
}

command -v valgrind >/dev/null || skip 'no valgrind'
[ "$(uname -m)" = x86_64 ] || skip 'not x86-64'
grep -q "^CC = .*gcc" "$build/Makefile" && gcc -dumpversion | grep -q '^12' || skip 'not gcc 12'
grep -q '^CFLAGS = .*-O2' "$build/Makefile" || skip 'not built with -O2'
grep -q '^SANITIZE = .*-fsanitize' "$build/Makefile" && skip 'built with sanitizers'
grep -q '^CFLAGS = .*\(--coverage\|-fprofile\)' "$build/Makefile" && skip 'built for coverage'

# count CASE: instructions of our own object code, calls of other libraries left out
count() {
	(cd "$work" && valgrind --quiet --tool=callgrind --collect-atstart=no --toggle-collect=counted --compress-strings=no \
		--compress-pos=no --callgrind-out-file="$work/$1" "$fixed" fixed.yaml "$1") 2>"$work/err" ||
		{ cat "$work/err" >&2; return 1; }
	# A line of numbers is "line cost"; the one after calls= is what the called function took, and is counted there.
	awk -v own="/fixed" '
		/^ob=/ { ours = substr($0, length($0) - length(own) + 1) == own; next }
		/^calls=/ { called = 1; next }
		/^[0-9+*-]/ { if (!called && ours) sum += $2; called = 0 }
		END { print sum + 0 }' "$work/$1"
}

[ "${1-}" = --record ] && exec >"$recorded"
bad=0
for case in nothing blacklist minmax filter limiter explain load scan read log; do
	counted=$(count "$case") || exit 1
	if [ "${1-}" = --record ]; then
		echo "$case $counted"
		continue
	fi
	expected=$(sed -n "s/^$case //p" "$recorded")
	change=$(awk -v a="$counted" -v b="${expected:-0}" 'BEGIN { printf "%+.1f", b ? 100 * (a - b) / b : 999 }')
	echo "$case: $counted instructions, recorded $expected, $change %"
	awk -v c="$change" 'BEGIN { exit !(c > 5 || c < -5) }' && bad=1
done
[ $bad = 0 ] || echo 'more than 5 % from what is recorded: find out why, or record anew with tests/instructions.sh --record'
exit $bad
