#!/bin/sh
# loop-demo - examples/loop-demo.sh runs: the guard holds the loop back, tells its line, and lets it go afterwards
# SPDX-License-Identifier: Apache-2.0
set -u
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
timeout 60 sh "${top_srcdir:-.}/examples/loop-demo.sh" "${top_builddir:-.}" >"$work/out" 2>&1
code=$?

# want COUNT PATTERN: so many lines of the demo are like that.
want() {
	found=$(grep -cE "$2" "$work/out")
	[ "$found" = "$1" ] || { echo "$found lines, not $1, are like: $2"; code=1; }
}

want 1 '^clguard-policy +Policy +PASSIVE +HEALTHY'
want 1 '^clguard order: 409 .*denies the order RUNNING'
want 1 'control-loop-guard.yaml:6: limit_reached for org.example.edge.CacheServiceElement/'
want 1 '^ +limit: 1$'
want 2 '^edge-loop-0 1.0.0  RUNNING$'
want 1 '^  RepairElement .* RUNNING +1 policy in force$'
want 1 'FINAL: SUCCESS'
want 1 'Guard result for APPC Restart is Deny'
want 1 'FINAL: FAILURE'
want 1 '^Done$'
[ "$code" = 0 ] || cat "$work/out"
exit "$code"
