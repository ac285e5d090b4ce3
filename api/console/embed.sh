#!/bin/sh
# embed - the console's files as a C table, on standard output: each with its bytes and an ETag of them
# usage: embed.sh FILE...
# SPDX-License-Identifier: Apache-2.0
set -eu
echo '/* page_files - the files of the console; made by api/console/embed.sh */'
echo '/* SPDX-License-Identifier: Apache-2.0 */'
echo '#include "api/console/page_files.h"'
rows=
number=0
for file in "$@"; do
	number=$((number + 1))
	tag=$(sha256sum <"$file" | cut -c1-16)
	printf '\nstatic const unsigned char file_%d[] = {\n' "$number"
	od -An -v -tu1 "$file" | sed 's/^ *//; s/  */,/g; s/$/,/'
	printf '};\n'
	rows="$rows	{\"$(basename "$file")\", \"\\\\\"$tag\\\\\"\", file_$number, sizeof(file_$number)},
"
done
printf '\nconst struct page_file page_files[] = {\n%b};\n' "$rows"
printf '\nconst size_t page_file_count = sizeof(page_files) / sizeof(*page_files);\n'
