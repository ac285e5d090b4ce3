#!/bin/sh
# loop-demo - a control loop on simulated participants: it comes up, a guard holds it back, and lets it go when it may; and
# one whose own policies answer events: an ONSET restarts a firewall, and the next restart is denied by the loop's guard
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

# until_state STATE [LOOP]: waits until the loop is there
until_state() {
	for _ in $(seq 100); do
		! clguard watch --once | grep -q "^${2:-edge-loop-0} 1.0.0  $1\$" || return 0
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
	"$build/clguard-participant" --service "$CLGUARD_SERVICE" --kind simulator --type "org.example.participants.$type" --name "$name-0" --delay-ms 300 --quiet &
	started="$! $started"
done
for _ in $(seq 100); do
	[ "$(clguard participants | grep -c HEALTHY)" != 3 ] || break
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
say 'A loop with policies of its own: the built-in participant puts them into force when it goes RUNNING'
clguard commission control-loop-firewall.yaml
clguard create control-loop-firewall-instance.json
clguard order PASSIVE firewall-loop-0
clguard order RUNNING firewall-loop-0
until_state RUNNING firewall-loop-0
clguard watch --once | sed -n '/^firewall-loop-0/,$p'

# What operational policies tell, and what the actor APPC is asked, from here on.
clguard notifications --follow --topic POLICY-CL-MGT >"$work/told" &
started="$! $started"
clguard notifications --follow --json --topic APPC-LCM-READ >"$work/asked" &
started="$! $started"
for _ in $(seq 100); do
	[ "$(clguard topics | grep -cE '^(POLICY-CL-MGT|APPC-LCM-READ)$')" != 2 ] || break
	sleep 0.1
done
fault() {
	say "A firewall fails: ONSET for $1"
	echo "{closedLoopControlName: ControlLoop-Firewall, closedLoopEventStatus: ONSET, requestID: fault-of-$1," \
		"target: vserver.vserver-name, target_type: VM, AAI: {vserver.vserver-name: $1}}" |
		clguard publish unauthenticated.DCAE_CL_OUTPUT -
}
# until_said PATTERN FILE: waits until a line of the file is like that
until_said() {
	for _ in $(seq 100); do
		! grep -q "$1" "$2" || return 0
		sleep 0.1
	done
	cat "$2"
	return 1
}
fault fw-1
until_said subRequestID "$work/asked"
id=$(sed -n 's/.*"subRequestID":"\([^"]*\)".*/\1/p' "$work/asked" | head -n 1)
echo "APPC is asked to restart fw-1, and has done it"
echo "{requestID: fault-of-fw-1, subRequestID: '$id', result: SUCCESS}" | clguard publish APPC-LCM-WRITE -
until_said 'FINAL: SUCCESS' "$work/told"
fault fw-2
until_said 'FINAL: FAILURE' "$work/told"
cat "$work/told"
say 'Ordered PASSIVE the policies leave again: the next ONSET starts nothing'
clguard order PASSIVE firewall-loop-0
until_state PASSIVE firewall-loop-0
fault fw-3
! grep -q fw-3 "$work/told" || exit 1
say 'Done'
