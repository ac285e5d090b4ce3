#!/bin/sh
# layers - each folder includes and calls only itself and those below it, and each third-party header stands in its few files
# SPDX-License-Identifier: Apache-2.0
set -u
built=$(cd "${top_builddir:-.}" && pwd)
cd "${top_srcdir:-.}" || exit 1
bad=0

complain() {
	echo "$*"
	bad=1
}

# From the bottom to the top.
order='base policytypes guards
	engine/history engine/database engine/operational engine/lint engine/decide engine/machine engine/simulation engine/replay engine/analysis engine/xacml engine/library
	runtime/model runtime/looptype runtime/supervision runtime/endpoint runtime/rows runtime/gateway runtime/policies runtime/act runtime/administration runtime/calls
	runtime/commissioning runtime/operate runtime/thread
	api/system api/process api/decision_log api/metrics api/tracing api/confine api/identity api/limits api/bodies api/replay api/server api/http api/resources api/authzen api/policy api/loops api/console api/daemon api/clguardd api/findings api/doctor api/cli api/log_commands api/commands'
order="$order
	participants/framework participants/engine participants/kinds participants/gateway participants"

# Each folder of code stands in the list, and has at most 25 files of C (the three lowest are older than the rule).
for folder in $(find base policytypes guards engine runtime api participants -name '*.[ch]' | sed 's,/[^/]*$,,' | sort -u); do
	case " $(echo $order) " in
	*" $folder "*) ;;
	*) complain "$folder is not in the order of tests/layers.sh" ;;
	esac
	count=$(find "$folder" -maxdepth 1 -name '*.[ch]' | wc -l)
	case $folder in
	base | policytypes | guards) ;;
	*) [ "$count" -le 25 ] || complain "$folder has $count files: expected at most 25" ;;
	esac
done

# A folder includes what is below it in the list, or its own.
below=
for folder in $order; do
	below="$below|$folder"
	found=$(grep -HnE '^#include "[^"]*/' "$folder"/*.[ch] | grep -vE "#include \"(${below#|})/[^/\"]*\"")
	[ -z "$found" ] || complain "$folder includes a folder above it: $found"
done

# It calls the same ones: what an object leaves undefined against what the others define.
objects=$(cd "$built" && find $order -maxdepth 2 -name '*.o' 2>/dev/null | grep -vE '/(bench|tests)/' | sort -u)
objects=$(for object in $objects; do # without those of files that have moved
	source=$(echo "${object%.o}.c" | sed 's,/\.libs/,/,; s,/[^/]*-\([^/]*\)$,/\1,')
	[ ! -e "$source" ] || echo "$object"
done)
[ "$(echo "$objects" | wc -l)" -gt 250 ] || complain "$built has few objects: build first"
upward=$(cd "$built" && nm -A $objects 2>/dev/null | awk -v order="$(echo $order)" '
	BEGIN { count = split(order, name, " "); for (i = 1; i <= count; i++) rank[name[i]] = i }
	{
		file = $1
		sub(/:.*/, "", file)
		folder = file
		sub(/\/(\.libs\/)?[^\/]*$/, "", folder)
		if ($(NF - 1) ~ /^[TDBRV]$/)
			defined[$NF] = folder
		else if ($(NF - 1) == "U")
			used[file " " $NF] = folder
	}
	END {
		for (use in used) {
			split(use, part, " ")
			if (part[2] in defined && rank[defined[part[2]]] > rank[used[use]])
				print part[1], "calls", part[2], "of", defined[part[2]]
		}
	}' | sort)
[ -z "$upward" ] || complain "$upward"

code=$(find . -name '*.[ch]' -not -path './build*' | sort)

# Header, and the only file that includes it (a basic regular expression: a program of its own may be another).
while read -r header file; do
	found=$(grep -lE "^#include <$header>" $code | grep -v -e '^./tests/' -e '^./bench/' -e "^./$file\$")
	[ -z "$found" ] || complain "$header is included by $found, not only by $file"
done <<EOF
yaml.h base/yaml.c
lmdb.h base/store_priv.h
pcre2.h base/pattern.c
microhttpd.h api/server/server[a-z_]*.[ch]
curl/curl.h \(runtime/endpoint/curl_library.h\|participants/framework/web_request.c\)
rhonabwy.h api/identity/jwt_keys.c
EOF

found=$(grep -nE '^#include "[^"]*\.c"' $code)
[ -z "$found" ] || complain "a .c file is included: $found"
found=$(grep -LE '^/\* SPDX-License-Identifier: Apache-2.0 \*/' $code)
[ -z "$found" ] || complain "no licence line: $found"
exit $bad
