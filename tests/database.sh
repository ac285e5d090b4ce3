#!/bin/sh
# database - clguard db as a user meets it: import, dump, verify, compact, prune, accept, quarantine
set -u
work=$(mktemp -d "${TMPDIR:-/tmp}/clguard-database.XXXXXX") || exit 1
trap 'rm -rf "$work"' EXIT
data=$work/data
bad=0

# expect CODE TEXT COMMAND...: the exit code, and a text in what it prints.
expect() {
	wanted=$1 text=$2
	shift 2
	"$@" >"$work/out" 2>&1
	code=$?
	if [ "$code" != "$wanted" ] || { [ -n "$text" ] && ! grep -qF -- "$text" "$work/out"; }; then
		echo "$*: exit code $code, not $wanted, or no '$text' in:"
		cat "$work/out"
		bad=1
	fi
}

db() {
	"${top_builddir:-.}/clguard" db "$@"
}

cat >"$work/rows.csv" <<'ROWS'
id,closedLoopName,requestId,subrequestId,actor,operation,target,starttime,outcome,message,endtime
1,loop-1,r1,1,SO,Restart,vm-1,2026-04-14 12:00:00,Success,"a ""quoted"", text",2026-04-14 12:00:05.25
2,loop-1,r1,2,SO,Restart,vm-1,2026-04-14T12:01:00Z,Started,,NULL
ROWS
printf 'actor,colour\nSO,red\n' >"$work/unknown.csv"
printf 'actor,endtime\nSO,noon\n' >"$work/time.csv"
awk 'BEGIN { print "actor,operation"; for (i = 0; i < 300; i++) print "SO,Restart"; printf "%02000d,Restart\n", 0 }' >"$work/long.csv"
printf '[{"actor":"SO","operation":"Restart","id":7,"closedLoopName":null}]' >"$work/rows.json"

expect 3 'there is no database' db verify --data "$data"
expect 3 'there is no database' db dump --data "$data"
expect 2 'usage' db
expect 2 'not a task' db polish --data "$data"
expect 0 '2 operations entered' db import --data "$data" "$work/rows.csv"
expect 1 'unknown.csv:1:1: error' db import --data "$data" "$work/unknown.csv"
expect 1 'time.csv:2:1: error' db import --data "$data" "$work/time.csv"
expect 0 '0 operations entered, 2 were here' db import --data "$data" "$work/rows.csv"
expect 1 'long.csv: error: row 300: a text of 2000 bytes, more than 1024' db import --data "$data" "$work/long.csv"
expect 0 'sound: 2 operations' db verify --data "$data" # none of the 300 before it
expect 0 '1 operations entered' db import --data "$data" "$work/rows.json"
expect 0 '"ended":1,"live":1' db dump --data "$data"
expect 0 'a \"quoted\", text' db dump --data "$data"
db dump --data "$data" >"$work/dump.json"
expect 0 '3 operations entered' db import --data "$work/copy" "$work/dump.json"
expect 0 'sound: 3 operations' db verify --data "$work/copy"
expect 0 '' db compact --data "$data"
expect 0 'sound: 3 operations' db verify --data "$data"
expect 0 'records removed' db prune --data "$data" --before 2026-04-14T12:00:06Z
expect 0 'sound: ' db verify --data "$data"
expect 2 '--before' db prune --data "$data" --before noon
expect 0 '' db accept --data "$data"
rm "$work/copy/data.mdb"
expect 3 'lost its file' db verify --data "$work/copy"
expect 3 'put aside' db verify --data "$work/copy" --quarantine
expect 0 'sound: 0 operations' db verify --data "$work/copy"
exit $bad
