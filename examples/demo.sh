#!/bin/sh
# demo - clguard at work: the service on the policies of examples/, asked, told, and saying no
# usage: demo.sh BUILD-DIRECTORY
set -eu
build=$(cd "$1" && pwd)
cd "$(dirname "$0")"
work=$(mktemp -d)
server=
stop() {
	[ -z "$server" ] || kill "$server" 2>/dev/null || true
	rm -rf "$work"
}
trap stop EXIT INT TERM

bold= plain=
[ ! -t 1 ] || bold=$(printf '\033[1m') plain=$(printf '\033[0m')
say() { printf '\n%s%s%s\n' "$bold" "$*" "$plain"; }
note() { printf '  %s\n' "$*"; }

# ask NAME=VALUE...: one decision; shows question and answer
ask() {
	guard=$(for pair in "$@"; do
		name=${pair%%=*} value=${pair#*=}
		case $name in vfCount) printf '"%s":%s,' "$name" "$value" ;; *) printf '"%s":"%s",' "$name" "$value" ;; esac
	done)
	printf '  %-62s ' "$*"
	curl -s -H 'Content-Type: application/json' "$url/policy/pdpx/v1/decision${explain:-}" \
		-d "{\"ONAPName\":\"demo\",\"action\":\"guard\",\"resource\":{\"guard\":{${guard%,}}}}"
}

# done_ ACTOR OPERATION TARGET LOOP OUTCOME REQUEST: tells the service of an operation
done_() {
	now=$(date -u +%Y-%m-%dT%H:%M:%SZ)
	end=",\"endtime\":\"$now\""
	[ "$5" != Started ] || end=
	curl -s -o /dev/null -H 'Content-Type: application/json' "$url/clguard/v1/operations" \
		-d "{\"actor\":\"$1\",\"operation\":\"$2\",\"target\":\"$3\",\"closedLoopName\":\"$4\",\"outcome\":\"$5\",\"requestId\":\"$6\",\"starttime\":\"$now\"$end}"
}

say 'The policies, checked'
"$build/clguard" check policies

say 'The service starts'
: >"$work/log" # it may be looked at before the service has been started
"$build/clguardd" --listen 127.0.0.1:0 --data "$work/data" --policies policies 2>"$work/log" &
server=$!
url=
for _ in $(seq 100); do
	url=$(sed -n 's/.*listening on \([0-9.:]*\).*/http:\/\/\1/p' "$work/log" | head -n 1)
	[ -z "$url" ] || break
	sleep 0.1
done
[ -n "$url" ] || { cat "$work/log"; exit 1; }
note "$url, operation counters in $work/data"

say '1. FrequencyLimiter: not more than 5 restarts of one VM in 15 minutes'
note 'A decision alone counts nothing. Six questions, six times Permit, used stays 0:'
for i in 1 2 3 4 5 6; do
	explain='?explain=true' ask actor=APPC operation=Restart target=vm-7 |
		sed -n "s/.*\"status\":\"\([A-Za-z]*\)\".*\"used\":\([0-9]*\),\"limit\":\([0-9]*\).*/  question $i: \1, used \2 of \3/p"
done
note 'Operations count. Ask, restart, tell the service, and again:'
for i in 1 2 3 4 5; do
	ask actor=APPC operation=Restart target=vm-7
	done_ APPC Restart vm-7 ControlLoop-vCPE Success "demo-$i"
	note "        restarted; POST /clguard/v1/operations"
done
ask actor=APPC operation=Restart target=vm-7
note 'Another VM has its own count:'
ask actor=APPC operation=Restart target=vm-8
note 'Why? The line of the policy, the count, and the time from which it would be permitted:'
explain='?explain=true' ask actor=APPC operation=Restart target=vm-7 | sed 's/.*"explanation"://; s/}$//' |
	sed 's/{"policy"/\n  {"policy"/g; s/,"\(kind\|verdict\|values\|used\|permit_at\|change\)"/,\n   "\1"/g; s/^/  /; s/\n/\n  /g'

say '2. Blacklist: these are never touched by a machine'
ask actor=APPC operation=Restart target=vm-billing-1
ask actor=APPC operation=Restart target=vm-emergency-112

say '3. MinMax: between 2 and 6 instances'
ask actor=SO 'operation=VF Module Create' target=vdns-pool vfCount=6
ask actor=SO 'operation=VF Module Create' target=vdns-pool vfCount=7
ask actor=SO 'operation=VF Module Delete' target=vdns-pool clname=ControlLoop-vDNS vfCount=1

say '4. Filter: nothing in region north but the lab'
ask actor=CDS operation=ModifyConfig target=v1 cloud-region.cloud-region-id=north-2
ask actor=CDS operation=ModifyConfig target=v1 cloud-region.cloud-region-id=north-2 generic-vnf.vnf-name=lab-12

say '5. FirstBlocksSecond: while ControlLoop-PCI works, ControlLoop-ANR waits'
done_ SDNR ModifyConfig cell-1 ControlLoop-PCI Started son-1
ask actor=SDNR operation=ModifyConfig target=cell-2 clname=ControlLoop-ANR
done_ SDNR ModifyConfig cell-1 ControlLoop-PCI Success son-1
ask actor=SDNR operation=ModifyConfig target=cell-2 clname=ControlLoop-ANR

say '6. A Control Loop Guard 2.0.0 file: one spin-up in 10 minutes'
ask actor=SO 'operation=VF Module Create' target=vdns-9
done_ SO 'VF Module Create' vdns-9 ControlLoop-vDNS Success spin-1
ask actor=SO 'operation=VF Module Create' target=vdns-9

say 'The same engine inside a program: examples/embed.c asks before each restart'
"$build/examples/embed" policies | cut -c1-100 | sed 's/^/  /'

say 'The service stops; its operation counters stay: clguard db dump'
kill "$server"
wait "$server" || true
server=
"$build/clguard" db dump "$work/data" | sed '/"reservations"/,$d; s/^/  /'

say 'What next'
note './bootstrap && ./configure && make && make install && ldconfig    to install it'
note 'README, "A first policy, seen to deny"                            a policy of your own'
note 'man clguard-policy, man clguard, man clguardd                     once it is installed'
