#!/bin/sh
# names - a function's name stands for one thing in the whole tree, and so do a struct's tag and a file's name
# SPDX-License-Identifier: Apache-2.0
set -u
cd "${top_srcdir:-.}" || exit 1
bad=0

complain() {
	echo "$1:"
	echo "$2" | sed 's/^/  /'
	bad=1
}

# A definition: its name begins a line, its result stands on the line before. Each kind of guard has its compile, check and explain.
functions=$(find base policytypes guards engine runtime api participants -name '*.c' -exec awk '
	/^[a-z_][a-z_0-9]*\(/ && before ~ /^[a-z]/ && before !~ /[;)]$/ {
		name = $0
		sub(/\(.*/, "", name)
		print name, FILENAME
	}
	{ before = $0 }' {} + | sort -u |
	grep -vE '^(compile|check|explain|compile_onap|check_onap) guards/|^main (api|participants)/')
doubled=$(echo "$functions" | awk '{ count[$1]++; files[$1] = files[$1] " " $2 } END { for (name in count) if (count[name] > 1) print name files[name] }')
[ "$(echo "$functions" | wc -l)" -gt 3000 ] || complain 'functions found' 'too few: does the awk program above still read the style of the code?'
[ -z "$doubled" ] || complain 'functions that share a name: prefix the static ones by what they work on' "$doubled"

tags=$(find base policytypes guards engine runtime api participants -name '*.[ch]' -exec grep -HoE '^(struct|union|enum) [a-z_0-9]+ \{' {} + |
	sed -E 's/^([^:]*):(.*) \{/\2 \1/' | sort)
doubled=$(echo "$tags" | awk '{ count[$2]++; files[$2] = files[$2] " " $3 } END { for (name in count) if (count[name] > 1) print name files[name] }')
[ -z "$doubled" ] || complain 'tags of structs, unions and enums that are used twice' "$doubled"

doubled=$(find base policytypes guards engine runtime api participants -name '*.[ch]' | sed 's,.*/,,' | sort | uniq -d)
[ -z "$doubled" ] || complain 'files that share a name' "$doubled"
exit $bad
