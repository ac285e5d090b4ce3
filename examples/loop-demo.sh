#!/bin/sh
# loop-demo - a control loop on simulated participants: it comes up, a guard holds it back, and lets it go when it may
# usage: loop-demo.sh BUILD-DIRECTORY
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

# until STATE: waits until the loop is there
until_state() {
	for _ in $(seq 100); do
		! clguard watch --once | head -n 1 | grep -q "  $1\$" || return 0
		sleep 0.1
	done
	clguard watch --once
	return 1
}

say 'The runtime, with a guard: the cache is started at most once in 8 seconds'
: >"$work/log" # it may be looked at before the service has been started
"$build/clguardd" --listen 127.0.0.1:0 --data "$work/data" --policies control-loop-guard.yaml \
	--policy-participant org.example.participants.Policy 2>"$work/log" &
started=$!
for _ in $(seq 100); do
	CLGUARD_SERVICE=$(sed -n 's/^listening on //p' "$work/log")
	[ -z "$CLGUARD_SERVICE" ] || break
	sleep 0.1
done
[ -n "$CLGUARD_SERVICE" ] || { cat "$work/log"; exit 1; }
export CLGUARD_SERVICE
echo "  at $CLGUARD_SERVICE"

say 'Two participants register; the one for policies is built in'
for type in Kubernetes Http; do
	name=$(echo "$type" | tr '[:upper:]' '[:lower:]')
	"$build/examples/participant" --type "org.example.participants.$type" --name "$name-0" --delay-ms 300 --quiet &
	started="$! $started"
done
for _ in $(seq 100); do
	[ "$(clguard participants | grep -c HEALTHY)" != 2 ] || break
	sleep 0.1
done
say 'A control loop type is commissioned, an instance of it created'
clguard commission control-loop-edge-cache.yaml
clguard participants
clguard create control-loop-instance.json

say 'Ordered PASSIVE: the participants make their elements, start phase by start phase'
clguard order PASSIVE edge-loop-0
sleep 0.5
clguard watch --once
until_state PASSIVE
clguard watch --once

say 'Ordered RUNNING, and PASSIVE again'
clguard order RUNNING edge-loop-0
until_state RUNNING
clguard watch --once
clguard order PASSIVE edge-loop-0
until_state PASSIVE

say 'Ordered RUNNING once more: the guard denies it, nothing is sent to anybody'
! clguard order RUNNING edge-loop-0 2>"$work/refusal" || exit 1
cat "$work/refusal"
line=$(sed -n 's/.*control-loop-guard.yaml:\([0-9]*\):.*/\1/p' "$work/refusal")
echo '  which is'
sed -n "$line,$((line + 8))p" control-loop-guard.yaml

say 'When the window has passed the same order goes through'
for _ in $(seq 120); do
	! clguard order RUNNING edge-loop-0 2>/dev/null || break
	sleep 0.1
done
until_state RUNNING
clguard watch --once
say 'Done'
