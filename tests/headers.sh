#!/bin/sh
# headers - each header compiles alone, and clguard.h as C++ too
set -u
cd "${top_srcdir:-.}" || exit 1
bad=0
for header in $(find . -mindepth 2 -name "*.h" -not -path "./build*" | sed "s,^\./,," | sort); do
	${CC:-cc} -std=c17 -D_GNU_SOURCE -I. -I"${top_builddir:-.}" -Wall -Werror -fsyntax-only -x c "$header" \
		-Wno-pragma-once-outside-header -Wno-unused-function 2>&1 || { echo "$header does not compile alone"; bad=1; }
done
exit $bad
