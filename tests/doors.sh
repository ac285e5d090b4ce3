#!/bin/sh
# doors - the command line and the library as a user meets them: exit codes, messages, README's example, examples/embed.c
set -u
build=${top_builddir:-build}
top=${top_srcdir:-.}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
bad=0

# expect CODE COMMAND...: runs it, output in $work/out and $work/err
expect() {
	want=$1
	shift
	"$@" >"$work/out" 2>"$work/err" </dev/null
	got=$?
	[ "$got" = "$want" ] || { echo "exit code $got, not $want: $*"; cat "$work/out" "$work/err"; bad=1; }
}

# says FILE TEXT: the output has it
says() {
	grep -qF -- "$2" "$work/$1" || { echo "no '$2' in $1 of the last command:"; cat "$work/$1"; bad=1; }
}

clguard=$build/clguard
expect 0 "$clguard" --version
expect 0 "$clguard" --help
says out 'usage: clguard COMMAND'
expect 2 "$clguard"
expect 2 "$clguard" chek
says err "unknown command 'chek'"

# Every command has help that names it, and a section in the manual.
for command in $("$clguard" --help | sed -n 's/^  \([a-z]\{1,\}\) .*/\1/p'); do
	expect 0 "$clguard" "$command" --help
	says out "usage: clguard $command"
	expect 2 "$clguard" "$command" --no-such-option
	says err "unknown option '--no-such-option'"
	grep -q "^\.SS $command" "$top/doc/clguard.1" || { echo "clguard.1 has no section '$command'"; bad=1; }
	"$clguard" "$command" --help | grep -oE -- '--[a-z-]+' | sort -u | sed 's/-/\\-/g' | while read -r option; do
		grep -qF -- "$option" "$top/doc/clguard.1" || echo "clguard.1 does not name $command $option"
	done >"$work/missing"
	[ ! -s "$work/missing" ] || { cat "$work/missing"; bad=1; }
done

# README's policy and question, as they stand there.
sed -n "/^cat >limit.yaml/,/^END/p" "$top/README" | sed '1d;$d' >"$work/limit.yaml"
[ -s "$work/limit.yaml" ] || { echo 'README has no limit.yaml'; bad=1; }
expect 0 "$clguard" check "$work/limit.yaml"
says err '1 policy, 1 guard: 0 errors, 0 warnings'
sed -n "s/^ *-d '\({\"action\"[^']*\)'.*/\1/p" "$top/README" >"$work/request.json"
expect 0 "$clguard" decide --policy "$work/limit.yaml" --request "$work/request.json" --explain
says out '"status":"Permit","reason":"permit"'
says out '"used":0,"limit":5'
"$clguard" decide --policy "$work/limit.yaml" --request - <"$work/request.json" >"$work/out" || { echo 'no request from stdin'; bad=1; }
says out '{"status":"Permit","reason":"permit"}'

# The same requests in both modes, and under two sets of policies: a file of lines, a list, a decision log.
printf 'type: onap.policies.controlloop.guard.common.MinMax\nproperties: {actor: A, operation: o, target: t, min: 1, max: 3}\n' >"$work/three.yaml"
sed 's/max: 3/max: 4/' "$work/three.yaml" >"$work/four.yaml"
for count in 2 3 4 9; do
	echo "{\"action\":\"guard\",\"resource\":{\"guard\":{\"actor\":\"A\",\"operation\":\"o\",\"target\":\"t\",\"vfCount\":$count}}}"
done >"$work/requests.jsonl"
echo '{"action":"guard","resource":{"guard":{"Actor":"A","operation":"o"}}}' >>"$work/requests.jsonl"
expect 1 "$clguard" compare --policy "$work/three.yaml" --requests "$work/requests.jsonl"
says out "requests.jsonl:2: strict Permit, permit; onap Deny, above_max by "
says out "requests.jsonl:5: strict refused, unknown attribute 'Actor'"
says out '; onap Permit, no_applicable_guard'
says err '5 requests, 2 answered otherwise'
expect 1 "$clguard" compare --policy "$work/three.yaml" --with "$work/four.yaml" --requests "$work/requests.jsonl"
says out "requests.jsonl:3: --policy Deny, above_max by $work/three.yaml ($work/three.yaml:1); --with Permit, permit"
says err '5 requests, 1 answered otherwise'
expect 0 "$clguard" compare --policy "$work/three.yaml" --with "$work/three.yaml" --requests "$work/requests.jsonl"
{ echo '['; sed -n '1p' "$work/requests.jsonl"; echo ,; sed -n '3p' "$work/requests.jsonl"; echo ']'; } >"$work/requests.json"
expect 1 "$clguard" compare --policy "$work/three.yaml" --with "$work/four.yaml" --requests "$work/requests.json"
says out 'requests.json:4: --policy Deny'
echo '{"time":"2026-04-14T12:00:00Z","actor":"A","operation":"o","target":"t","vfCount":4,"status":"Deny","reason":"above_max"}' >"$work/decisions.log"
expect 1 "$clguard" compare --policy "$work/three.yaml" --with "$work/four.yaml" --requests "$work/decisions.log"
says out 'decisions.log:1: --policy Deny'
echo '{"action":' >>"$work/decisions.log"
expect 1 "$clguard" compare --policy "$work/three.yaml" --requests "$work/decisions.log"
says err 'decisions.log:2:11: error: '
expect 2 "$clguard" compare --policy "$work/three.yaml" --requests "$work/decisions.log" --mode onap
says err 'without --with both modes answer'

# A type with all of its properties.
expect 0 "$clguard" types onap.policies.controlloop.guard.common.MinMax
says out '#   actor: string, required (of onap.policies.controlloop.guard.Common)'
says out '#   max: integer, optional'

# Findings: file, line, column, severity; exit codes of each kind of fault.
printf 'type: onap.policies.controlloop.guard.common.Blacklist\nproperties:\n  actor: A\n  operation: o\n  blaklist: [t]\n' \
	>"$work/bad.yaml"
expect 1 "$clguard" check "$work/bad.yaml"
says out "$work/bad.yaml:5:3: error: unknown property 'blaklist'"
expect 1 "$clguard" decide --policy "$work/bad.yaml" --request "$work/request.json"
expect 0 "$clguard" decide --policy "$work/bad.yaml" "$work/limit.yaml" --skip-bad-policies --request "$work/request.json"
says err 'bad.yaml:5:3: error:'
mkdir "$work/empty"
expect 1 "$clguard" check "$work/empty"
says out 'there is no policy file in these directories'

# Of a 2.0.0 file, too, only the bad policy goes, whatever is wrong with it.
guard2() {
	printf '  - {id: %s, name: n, actor: APPC, recipe: Restart, limit_constraints: [%s]}\n' "$1" "$2"
}
{
	printf 'guard: {version: 2.0.0}\nguards:\n'
	guard2 misspelt '{blaklist: [vm-1]}'
	guard2 good '{blacklist: [vm-7]}'
} >"$work/guard2.yaml"
expect 1 "$clguard" decide --policy "$work/guard2.yaml" --request "$work/request.json"
expect 0 "$clguard" decide --policy "$work/guard2.yaml" --skip-bad-policies --request "$work/request.json"
says err "guard2.yaml:3:80: error: unknown key 'blaklist' in a limit constraint"
says out '{"status":"Deny","reason":"blacklisted"}'

# YAML in flow style begins as JSON does. A request is JSON unless its name says YAML, as for the service.
printf '{type: onap.policies.controlloop.guard.common.Blacklist,\n properties: {actor: A, operation: o, blacklist: [t]}}\n' \
	>"$work/flow.yaml"
expect 0 "$clguard" check "$work/flow.yaml"
printf '{action: guard, resource: {guard: {actor: A, operation: o, target: t}}}\n' >"$work/flow-request.yaml"
expect 0 "$clguard" decide --policy "$work/flow.yaml" --request "$work/flow-request.yaml"
says out '"blacklisted"'
cp "$work/flow-request.yaml" "$work/flow-request"
expect 1 "$clguard" decide --policy "$work/flow.yaml" --request "$work/flow-request"
says out 'line 1, column 2: expected a key in double quotes'
expect 3 "$clguard" check "$work/nowhere.yaml"
expect 3 "$clguard" decide --policy "$work/limit.yaml" --request "$work/nowhere.json"
printf '{"action":"guard","resource":{"guard":{"vfCount":"many"}}}' >"$work/wrong.json"
expect 1 "$clguard" decide --policy "$work/limit.yaml" --request "$work/wrong.json"
says out 'vfCount'
printf '{"action":"guard",' >"$work/cut.json"
expect 1 "$clguard" decide --policy "$work/limit.yaml" --request "$work/cut.json"
expect 2 "$clguard" decide --policy "$work/limit.yaml"
says err "clguard decide: --request is missing; see 'clguard decide --help'"
expect 2 "$clguard" decide more --request "$work/request.json"
expect 2 "$clguard" show "$work/limit.yaml"
says err 'give either --graph or --flat'
expect 2 "$clguard" convert "$work/limit.yaml" --to xml
says err '--to must be tosca or xacml'
printf '{"events": [}' >"$work/script.json"
expect 1 "$clguard" simulate --script "$work/script.json"
says err "$work/script.json:1:13: error: not JSON:"
printf 'elements: [\n' >"$work/plant.yaml"
expect 1 "$clguard" simulate --scenario "$work/plant.yaml"
says err "$work/plant.yaml:2:1: error: not YAML:"
expect 2 "$clguard" simulate
says err 'give either --script or --scenario'
expect 2 "$clguard" decide --policy "$work/limit.yaml" --request "$work/request.json" --now yesterday

# Options of the commands that ask a service.
for wrong in '--service nonsense' '--service :80' '--service unix:' '--service a:b' '--user ann'; do
	expect 2 "$clguard" participants $wrong
done
for wrong in 0 -1 x 5x 100000; do
	expect 2 "$clguard" watch --once --every "$wrong"
	says err "--every is wrong: expected seconds from 1 to 86400, got '$wrong'"
done
expect 2 "$clguard" order --once PASSIVE x
expect 3 "$clguard" watch --once --service unix:"$work/nobody"
says err 'cannot connect to unix:'
expect 3 "$clguard" compose "$work/nowhere.yaml"
printf 'a: [\n' >"$work/open.yaml"
expect 1 "$clguard" compose "$work/open.yaml"
says err "$work/open.yaml:2:1: error:"
expect 0 "$clguard" decide --policy "$work/limit.yaml" --request "$work/request.json" --history-fails
says out '{"status":"Deny","reason":"error"}'
expect 0 "$clguard" decide --mode onap --policy "$work/limit.yaml" --request "$work/request.json" --history-fails
says out '{"status":"Permit"}'

# The limits of documents, each with its place and in bounded time.
awk 'BEGIN { for (i = 0; i < 10000; i++) printf "["; print "" }' >"$work/deep.yaml"
expect 1 timeout 10 "$clguard" check "$work/deep.yaml"
says out 'deep.yaml:1:65: error:'
printf 'a: &a [x, x, x, x, x, x, x, x, x, x]\n' >"$work/bomb.yaml"
for i in 1 2 3 4 5 6 7 8 9; do
	a=$(printf '%s' abcdefghij | cut -c$i)
	b=$(printf '%s' abcdefghij | cut -c$((i + 1)))
	printf '%s: &%s [*%s, *%s, *%s, *%s, *%s, *%s, *%s, *%s, *%s, *%s]\n' $b $b $a $a $a $a $a $a $a $a $a $a
done >>"$work/bomb.yaml"
expect 1 timeout 10 "$clguard" check "$work/bomb.yaml"
says out 'bomb.yaml:'
{ printf 'a: '; head -c 100000000 /dev/zero | tr '\0' x; } >"$work/long.yaml"
expect 1 timeout 20 "$clguard" check "$work/long.yaml"
says out 'long.yaml'
rm -f "$work/long.yaml"
printf 'a: 1\nb: 2\na: 3\n' >"$work/twice.yaml"
expect 1 "$clguard" check "$work/twice.yaml"
says out "twice.yaml:3:1: error: duplicate key 'a'"
printf 'a: \377\n' >"$work/utf8.yaml"
expect 1 "$clguard" check "$work/utf8.yaml"
says out 'utf8.yaml:1:'

# Types.
expect 0 "$clguard" types
says out 'onap.policies.controlloop.guard.common.FrequencyLimiter'
expect 0 "$clguard" types onap.policies.controlloop.guard.common.MinMax
says out 'derived_from: onap.policies.controlloop.guard.Common'
expect 0 "$clguard" types --json-schema onap.policies.controlloop.guard.common.Filter
says out 'whitelist-overrides'
expect 1 "$clguard" types no.such.Type

# Policy tests that fail, and a guard that no test reaches.
printf 'policies: [limit.yaml]\nrequests:\n  - request: {actor: X, operation: y}\n    expect: {decision: Deny}\n' >"$work/t.yaml"
expect 1 "$clguard" test --coverage "$work/t.yaml"
says out "t.yaml:4:24: FAIL request 1: decision is 'Permit', expected 'Deny'"
says out 'no test reaches the guard of'
says out '0 passed, 1 failed'
expect 1 "$clguard" test "$work/limit.yaml"
says err 'is not a test'
printf 'requests: []\n' >"$work/none.yaml"
expect 1 "$clguard" test "$work/none.yaml"
says out '0 passed, 0 failed'
printf 'polices: [limit.yaml]\nrequests:\n  - {request: {actor: X}, expect: {decision: Permit}}\n' >"$work/typo.yaml"
expect 1 "$clguard" test "$work/typo.yaml"
says out "typo.yaml:1:10: error: a file of tests has no 'polices'"
printf 'requests:\n  - {request: {actor: X}, preform: true, expect: {decision: Permit}}\n' >"$work/typo.yaml"
expect 1 "$clguard" test "$work/typo.yaml"
says out "request 1: a test has no 'preform'"

# What cannot be printed has not been answered.
if [ -c /dev/full ]; then
	"$clguard" decide --policy "$work/limit.yaml" --request "$work/request.json" >/dev/full 2>"$work/err"
	[ $? = 3 ] || { echo 'a full standard output is not noticed'; bad=1; }
	says err 'cannot write to the standard output'
fi

# The library in another program.
expect 0 "$build/examples/embed" "$top/examples/policies"
says out 'restart vm-7: denied, limit_reached'
says out '01-frequency-limiter.yaml:6'
[ "$(grep -c permitted "$work/out")" = 5 ] || { echo 'embed must be permitted five times'; bad=1; }
expect 1 "$build/examples/embed" "$work/bad.yaml"
says err "unknown property 'blaklist'"

# A control loop type is composed without a service.
printf 'name: l\nversion: 1.0.0\nelements:\n- {name: org.example.edge.CacheServiceElement, version: 1.0.0}\n' >"$work/spec"
expect 0 "$clguard" compose "$work/spec" "$top/examples/control-loop-edge-cache.yaml"
says out '    org.example.participants.Kubernetes:'
says out '          - name: org.example.edge.CacheServiceElement'
expect 0 "$clguard" compose --json "$work/spec" "$top/examples/control-loop-edge-cache.yaml"
says out '{"tosca_definitions_version":'
printf 'name: l\nversion: 1.0.0\nelements:\n- {name: nobody, version: 1.0.0}\n' >"$work/spec"
expect 1 "$clguard" compose "$work/spec" "$top/examples/control-loop-edge-cache.yaml"
says err "spec:4:3: error: there is no element definition 'nobody' 1.0.0"
expect 3 "$clguard" compose "$work/spec" "$work/nowhere.yaml"
exit $bad
