#!/bin/sh
# readme - README's first policies as they are printed: the sixth restart is denied; one is deployed, denies, is rolled back;
# and doc/compatibility.md's steps into ONAP's place
# SPDX-License-Identifier: Apache-2.0
set -u
top=$(cd "${top_srcdir:-.}" && pwd)
PATH=$(cd "${top_builddir:-.}" && pwd):$PATH
export PATH
command -v curl >/dev/null || { echo 'skipped: no curl'; exit 77; }
work=$(mktemp -d) || exit 1
server=
trap '[ -z "$server" ] || { kill "$server"; wait "$server"; } 2>/dev/null; rm -rf "$work"' EXIT
cd "$work" || exit 1
bad=0

# The blocks of a section, one after the other; the service takes a free port, and is waited for.
port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
awk '
	/^## / { inside = /^## A first policy, seen to deny$/ || /^## A policy.s way, by curl alone$/ }
	inside && /^```/ { code = !code; next }
	inside && code' "$top/README" |
	sed -e "s/^clguardd \(.*\) &\$/clguardd \1 --listen 127.0.0.1:$port 2>log \& echo \$! >pid/" \
		-e 's/^sleep 1$/until grep -q "^listening on" log; do sleep 0.05; done/' \
		-e "s/127\.0\.0\.1:6969/127.0.0.1:$port/" >script
[ "$(grep -c clguardd script)" = 1 ] || { echo 'README has no first policy'; exit 1; }
timeout 60 sh script >out 2>err || { echo "the blocks end with $?"; bad=1; }
server=$(cat pid)
[ "$(grep -o '{"recorded":1}' out | wc -l)" = 5 ] || { echo 'not five operations recorded'; bad=1; }
for text in '"status":"Deny","reason":"limit_reached"' '"used":5,"limit":5' '"file":"limit.yaml","line":1' '"permit_at":"'; do
	grep -qF "$text" out || { echo "no $text in the answer"; bad=1; }
done
# Created, a dry run, deployed, denied with its line, rolled back, permitted: in this order.
for text in '"name":"edge.block"' '"dryRun":true' '"guards":[' 'policies/status' '"reason":"blacklisted"' \
	'"policy":"edge.block","version":"1.0.0","kind":"Blacklist","file":"policy edge.block 1.0.0","line":' '"generation":' '"status":"Permit"'; do
	tr -d '\n' <out | grep -qF -- "$text" || { echo "no $text in the answers"; bad=1; }
done
[ "$(tr -d '\n' <out | grep -o '"status":"[A-Z][a-z]*"' | tr '\n' ' ')" = '"status":"Deny" "status":"Deny" "status":"Permit" ' ] ||
	{ echo 'not denied, denied, permitted'; bad=1; }
[ "$bad" = 0 ] || cat script out err
kill "$server" && wait "$server"
server=

# Into ONAP's place.
awk '
	/^## / { inside = /^## In its place, step by step$/ }
	inside && /^```/ { code = !code; next }
	inside && code' "$top/doc/compatibility.md" |
	sed -e "s/^clguardd \(.*\) 0\.0\.0\.0:6969 &\$/clguardd \1 0.0.0.0:$port 2>onap.log \& echo \$! >pid/" \
		-e 's/^sleep 1$/until grep -q "^listening on" onap.log; do sleep 0.05; done/' \
		-e "s/127\.0\.0\.1:6969/127.0.0.1:$port/" -e "s,examples/,$top/examples/," \
		-e "s/^clguard look .*/& --service 127.0.0.1:$port/" >script
timeout 60 sh -eu script >out 2>err || { echo "the steps end with $?"; bad=1; }
server=$(cat pid)
for text in '1 policy, 1 guard: 0 errors' '1 request, 0 answered otherwise' '1 operations entered' '"healthy":true' '{"status":"Permit"}' '1  5  15 m  APPC  Restart  vm-7'; do
	cat out err | grep -qF "$text" || { echo "no $text in what the steps print"; bad=1; }
done
[ "$bad" = 0 ] || cat script out err onap.log
exit $bad
