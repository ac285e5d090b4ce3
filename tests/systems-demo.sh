#!/bin/sh
# systems-demo - examples/systems-demo.sh runs: one loop over four kinds of systems comes up, and takes all away again
# SPDX-License-Identifier: Apache-2.0
set -u
"${top_builddir:-.}/clguard-participant" --help 2>/dev/null | grep -q '^  cps$' || { echo 'needs clguard-participant with libcurl'; exit 77; }
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
env -u KUBECONFIG timeout 60 sh "${top_srcdir:-.}/examples/systems-demo.sh" "${top_builddir:-.}" >"$work/out" 2>&1
code=$?

# want COUNT PATTERN: so many lines of the demo are like that.
want() {
	found=$(grep -cE "$2" "$work/out")
	[ "$found" = "$1" ] || { echo "$found lines, not $1, are like: $2"; code=1; }
}

want 1 '^systems-0 1.0.0  RUNNING$'
want 1 '^  RestartGuard +policy-0 +RUNNING +1 policies are deployed$'
want 1 '^  SiteData +cps-0 +RUNNING '
want 1 '^  Cache +kubernetes-0 +RUNNING '
want 1 '^  Router +http-0 +RUNNING '
want 1 '^edge.cache.restart.guard  1.0.0 '
want 1 '^  PUT /traffic '
want 3 '^  DELETE /cps/'
want 1 '^Done$'
[ "$code" = 0 ] || cat "$work/out"
exit "$code"
