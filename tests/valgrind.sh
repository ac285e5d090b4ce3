#!/bin/sh
# valgrind - a database is made, verified and served under valgrind: its map fits there, nothing is read unset, nothing leaks
# SPDX-License-Identifier: Apache-2.0
set -u
build=$(cd "${top_builddir:-.}" && pwd)
for tool in valgrind curl; do
	command -v $tool >/dev/null || { echo "skipped: no $tool"; exit 77; }
done
grep -q '^SANITIZE = .*-fsanitize' "$build/Makefile" && { echo 'skipped: built with sanitizers'; exit 77; }
work=$(mktemp -d) || exit 1
server=
trap '[ -z "$server" ] || { kill "$server"; wait "$server"; } 2>/dev/null; rm -rf "$work"' EXIT
bad=0
checked='valgrind --quiet --error-exitcode=99 --leak-check=full --errors-for-leak-kinds=definite,indirect'

# ask PATH [CURL'S OPTION...]
ask() {
	path=$1
	shift
	curl -sS --max-time 20 --unix-socket "$work/socket" -H 'Content-Type: application/json' "http://localhost$path" "$@"
}

question='"ONAPName":"Policy","ONAPComponent":"c","ONAPInstance":"i","action":"guard"'
guard='"actor":"APPC","operation":"Restart","target":"vm-7"'
now=$(date -u +%Y-%m-%dT%H:%M:%SZ)
echo "[{$guard,\"requestId\":\"r0\",\"outcome\":\"Success\",\"starttime\":\"$now\",\"endtime\":\"$now\"}]" >"$work/rows.json"
cat >"$work/limit.yaml" <<'END'
type: onap.policies.controlloop.guard.common.FrequencyLimiter
properties: {actor: APPC, operation: Restart, limit: 2, timeWindow: 15, timeUnits: minute}
END
$checked "$build/clguard" db import "$work/data" "$work/rows.json" || { echo "db import ends with $?"; bad=1; }
$checked "$build/clguard" db verify "$work/data" || { echo "db verify ends with $?"; bad=1; }

$checked "$build/clguardd" --data "$work/data" --policies "$work/limit.yaml" --listen "unix:$work/socket" 2>"$work/log" &
server=$!
for _ in $(seq 300); do
	grep -q '^listening on' "$work/log" && break
	kill -0 "$server" 2>/dev/null || break
	sleep 0.1
done
for number in 1 2; do
	ask /clguard/v1/reservations -d "{$question,\"resource\":{\"guard\":{$guard,\"requestId\":\"r$number\"}}}"
	echo
done >"$work/out"
ask '/policy/pdpx/v1/decision?explain=true' -d "{$question,\"resource\":{\"guard\":{$guard}}}" >>"$work/out"
ask /metrics >/dev/null || bad=1
for text in '"status":"Permit"' '"reservation":"' '"reason":"limit_reached"' '"used":2,"limit":2'; do
	grep -qF "$text" "$work/out" || { echo "no $text in the answers"; bad=1; }
done
kill "$server"
wait "$server"
code=$?
server=
[ $code = 0 ] || { echo "clguardd ends with $code"; bad=1; }
[ $bad = 0 ] || cat "$work/out" "$work/log"
exit $bad
