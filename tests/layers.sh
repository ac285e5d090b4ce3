#!/bin/sh
# layers - each folder includes only those below it, and each third-party header stands in its one file
set -u
cd "${top_srcdir:-.}" || exit 1
bad=0

complain() {
	echo "$*"
	bad=1
}

# Folder, and what it may not include.
while read -r folder above; do
	found=$(grep -HnE "^#include \"($above)/" "$folder"/*.[ch] 2>/dev/null)
	[ -z "$found" ] || complain "a layer includes a higher one: $found"
done <<EOF
base policytypes|guards|engine|runtime|api
policytypes guards|engine|runtime|api
guards engine|runtime|api
engine runtime|api
runtime api
EOF

# Header, and the only file that includes it (a basic regular expression: a program of its own may be another).
while read -r header file; do
	found=$(grep -lE "^#include <$header>" ./*/*.[ch] | grep -v -e '^./tests/' -e '^./bench/' -e "^./$file\$")
	[ -z "$found" ] || complain "$header is included by $found, not only by $file"
done <<EOF
yaml.h base/yaml.c
lmdb.h base/store.c
pcre2.h base/pattern.c
microhttpd.h api/http/server.c
curl/curl.h \(runtime/courier\|examples/participant_http\).c
EOF

found=$(grep -nE '^#include "[^"]*\.c"' ./*/*.[ch])
[ -z "$found" ] || complain "a .c file is included: $found"
found=$(grep -LE '^/\* SPDX-License-Identifier: Apache-2.0 \*/' ./*/*.[ch])
[ -z "$found" ] || complain "no licence line: $found"
exit $bad
