#!/bin/sh
# systems-demo - one control loop over four systems: a policy framework, CPS, Kubernetes, and an existing system over HTTP
# usage: systems-demo.sh BUILD-DIRECTORY
#
# One program, clguard-participant, is all four participants. The policy framework is another clguardd; CPS and the existing system are
# systems-far.py, which prints what it is asked. Kubernetes is simulated, unless KUBECONFIG names a cluster.
set -eu
build=$(cd "$1" && pwd)
cd "$(dirname "$0")"
work=$(mktemp -d)
started=
stop() {
	for process in $started; do
		kill "$process" 2>/dev/null && wait "$process" 2>/dev/null || true
	done
	rm -rf "$work"
}
trap stop EXIT INT TERM

bold= plain=
[ ! -t 1 ] || bold=$(printf '\033[1m') plain=$(printf '\033[0m')
say() { printf '\n%s%s%s\n' "$bold" "$*" "$plain"; }
clguard() { "$build/clguard" "$@"; }

# until_told PATTERN FILE: prints what the first line that is like that has behind it
until_told() {
	for _ in $(seq 100); do
		told=$(sed -n "s,^$1,,p" "$2" | head -n 1)
		[ -z "$told" ] || { echo "$told"; return; }
		sleep 0.1
	done
	cat "$2" >&2
	return 1
}

# until_state STATE: waits until the loop is there
until_state() {
	for _ in $(seq 150); do
		! clguard watch --once | grep -q "^systems-0 1.0.0  $1\$" || return 0
		sleep 0.1
	done
	clguard watch --once
	return 1
}

say 'The runtime, a policy framework, and two other systems'
: >"$work/runtime" && : >"$work/framework" && : >"$work/far"
"$build/clguardd" --listen 127.0.0.1:0 --data "$work/data" 2>"$work/runtime" &
started="$!"
"$build/clguardd" --listen 127.0.0.1:0 --data "$work/policies" 2>"$work/framework" &
started="$! $started"
python3 systems-far.py >"$work/far" &
started="$! $started"
CLGUARD_SERVICE=$(until_told 'listening on ' "$work/runtime")
framework=$(until_told 'listening on ' "$work/framework")
far=$(until_told 'at ' "$work/far")
export CLGUARD_SERVICE
echo "  $CLGUARD_SERVICE, $framework, $far"

say 'One program hosts the elements of all four'
kind=simulator
[ -z "${KUBECONFIG:-}" ] || kind=kubernetes
cat >"$work/participants.yaml" <<EOF
data: $work/kept
report_ms: 500
participants:
  - {kind: policy, type: org.example.participants.Policy, name: policy-0, url: "http://$framework"}
  - {kind: cps, type: org.example.participants.Persistence, name: cps-0, url: "$far"}
  - {kind: $kind, type: org.example.participants.Kubernetes, name: kubernetes-0}
  - {kind: http, type: org.example.participants.Http, name: http-0}
EOF
"$build/clguard-participant" --config "$work/participants.yaml" --quiet &
started="$! $started"
for _ in $(seq 100); do
	[ "$(clguard participants | grep -c HEALTHY)" != 4 ] || break
	sleep 0.1
done
clguard commission control-loop-systems.yaml
clguard participants

say 'An instance, ordered PASSIVE and RUNNING'
cat >"$work/instance.json" <<EOF
{"controlLoopList": [{"name": "systems-0", "version": "1.0.0", "definition": {"name": "org.example.edge.SystemsLoop", "version": "1.0.0"},
 "elements": {
 "11111111-1111-4111-8111-111111111111": {"definition": {"name": "org.example.edge.RestartGuard", "version": "1.0.0"}},
 "22222222-2222-4222-8222-222222222222": {"definition": {"name": "org.example.edge.SiteData", "version": "1.0.0"},
  "propertiesMap": {"anchor": "site-7", "data": {"limits": {"max": 5}}}},
 "33333333-3333-4333-8333-333333333333": {"definition": {"name": "org.example.edge.Cache", "version": "1.0.0"}},
 "44444444-4444-4444-8444-444444444444": {"definition": {"name": "org.example.edge.Router", "version": "1.0.0"},
  "propertiesMap": {"baseUrl": "$far"}}}}]}
EOF
clguard create "$work/instance.json"
for state in PASSIVE RUNNING; do
	clguard order "$state" systems-0
	until_state "$state"
done
clguard watch --once

say 'The policy framework has the guard in force'
clguard look guards --service "$framework" | grep edge.cache.restart.guard
say 'CPS and the router were asked'
grep -E '(POST|PUT) ' "$work/far"

say 'Ordered off: all is taken away again'
for state in PASSIVE UNINITIALISED; do
	clguard order "$state" systems-0
	until_state "$state"
done
! clguard look guards --service "$framework" | grep edge.cache.restart.guard || exit 1
grep DELETE "$work/far"
say 'Done'
