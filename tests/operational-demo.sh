#!/bin/sh
# operational-demo - examples/operational-demo.py runs: an actor is asked, and the third restart is denied with its reason
# SPDX-License-Identifier: Apache-2.0
set -u
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
timeout 60 "${top_srcdir:-.}/examples/operational-demo.py" "${top_builddir:-.}" >"$work/out" 2>&1
code=$?

# want COUNT PATTERN: so many lines of the demo are like that.
want() {
	found=$(grep -cE "$2" "$work/out")
	[ "$found" = "$1" ] || { echo "$found lines, not $1, are like: $2"; code=1; }
}

want 2 'APPC is asked    Restart of fw-1, attempt [12]: FAILURE$'
want 1 'APPC is asked    Rebuild of fw-1, attempt 1: SUCCESS$'
want 1 '^  FINAL: SUCCESS'
want 1 'Guard result for APPC Restart is Deny$'
want 1 'operational-guard.yaml:6: limit_reached, used 2 of 2, next at '
want 1 '^  FINAL: FAILURE'
[ "$code" = 0 ] || cat "$work/out"
exit "$code"
