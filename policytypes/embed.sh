#!/bin/sh
# embed.sh NAME[:HEADER] FILE... - writes to standard output a C file that holds the text files given as an array NAME and its
# count, see policytypes/builtin.h, or the header that declares it; with the name policytypes_builtin also what node types there are
# SPDX-License-Identifier: Apache-2.0
set -eu
LC_ALL=C
export LC_ALL
name=${1%%:*}
header=${1#"$name"}
header=${header#:}
shift

cat <<END
/* $name - documents of policytypes; made by policytypes/embed.sh, do not edit */
/* SPDX-License-Identifier: Apache-2.0 */
#include "${header:-policytypes/builtin.h}"
END

# A question mark is escaped too: two of them may begin a trigraph.
i=0
for file; do
	printf '\nstatic const char text_%d[] = ""\n' "$i"
	sed -e 's/[\\"?]/\\&/g' -e 's/^/	"/' -e 's/$/\\n"/' "$file"
	echo '	;'
	i=$((i + 1))
done

printf '\nconst struct builtin_document %s[] = {\n' "$name"
i=0
for file; do
	printf '\t{"%s", text_%d, sizeof(text_%d) - 1},\n' "${file##*/}" "$i" "$i"
	i=$((i + 1))
done
printf '};\n\nconst size_t %s_count = %d;\n' "$name" "$i"
[ "$name" = policytypes_builtin ] || exit 0

# Of the node types the name and the parent alone, for who needs no more than that.
printf '\nconst struct builtin_node_type policytypes_builtin_nodes[] = {\n'
awk '
	/^[a-z]/ { inside = $1 == "node_types:" }
	inside && /^  [a-z]/ { if (name) print "\t{\"" name "\", 0},"; name = substr($1, 1, length($1) - 1) }
	inside && /^    derived_from:/ { print "\t{\"" name "\", \"" $2 "\"},"; name = "" }
	END { if (name) print "\t{\"" name "\", 0}," }
' "$@"
printf '\t{0, 0},\n};\n'
