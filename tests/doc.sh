#!/bin/sh
# doc - runs the console examples of doc/*.md and compares what they print; those of a session in one shell, as a reader would
# SPDX-License-Identifier: Apache-2.0
set -u
build=$(cd "${top_builddir:-.}" && pwd) || exit 1
cd "${top_srcdir:-.}" || exit 1
PATH=$build:$PATH
export PATH
tmp=$(mktemp -d) || exit 1
trap 'rm -rf "$tmp"' EXIT
bad=0
count=0

# Ends an example: the command that was read is run, and its output compared with what stood below it.
finish() {
	[ -n "$command" ] || return
	sh -c "$command" >"$tmp/got" 2>/dev/null
	count=$((count + 1))
	if ! cmp -s "$tmp/got" "$tmp/wanted"; then
		echo "$doc: $command"
		diff "$tmp/wanted" "$tmp/got"
		bad=1
	fi
	command=
}

for doc in doc/*.md; do
	! grep -q '^<!-- a session' "$doc" || { sessions="${sessions-} $doc"; continue; }
	inside=no
	command=
	while IFS= read -r line; do
		case $inside,$line in
		no,'```console') inside=yes ;;
		yes,'```')
			finish
			inside=no
			;;
		yes,'$ '*)
			finish
			command=${line#"\$ "}
			: >"$tmp/wanted"
			;;
		yes,*) printf '%s\n' "$line" >>"$tmp/wanted" ;;
		esac
	done <"$doc"
done
# Each function of the header stands in one page of section 3, with its prototype, and no page has another.
for function in $(grep -o '\bclg_[a-z0-9_]*(' engine/library/clguard.h | tr -d '(' | grep -v '_fn$' | sort -u); do
	declared=$(tr -s '\n\t ' '   ' <engine/library/clguard.h | grep -o "CLG_API [a-z][a-z_ ]*[ *]$function([^;]*;" | sed 's/^CLG_API //')
	told=$(sed -n 's/^\.B //p' doc/*.3 | tr -d '\\' | grep "[ *]$function(")
	[ "$declared" = "$told" ] || { echo "$function: doc/*.3 says '$told', clguard.h '$declared'"; bad=1; }
done
[ "$(grep -c '^\.B .*(.*);$' doc/*.3 | awk -F: '{ sum += $2 } END { print sum }')" = \
	"$(grep -c '^CLG_API' engine/library/clguard.h)" ] || { echo 'doc/*.3 and clguard.h have different functions'; bad=1; }
# Each message between the runtime and participants has an example on the page for those who write a participant.
for message in $(grep -rhoE '"(PARTICIPANT_((DE)?REGISTER|STATUS|UPDATE)(_ACK|_REQ)?|CONTROL_?LOOP_[A-Z_]+)"' runtime participants | tr -d '"' | sort -u); do
	grep -q "^    {\"messageType\": \"$message\"" doc/control-loops.md || { echo "doc/control-loops.md: no example of $message"; bad=1; }
done

echo "$count examples"
[ "$count" -gt 0 ] || bad=1
if command -v python3 >/dev/null; then
	# shellcheck disable=SC2086
	top_srcdir=. top_builddir=$build python3 tests/doc_session.py ${sessions-} || bad=1
else
	echo 'skipped: sessions (no python3)'
fi
exit $bad
