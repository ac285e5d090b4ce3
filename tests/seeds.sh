#!/bin/sh
# seeds - doc/seeds.md is true: its paths exist, its tests are run, and no row is left open
set -u
cd "${top_srcdir:-.}" || exit 1
bad=0

complain() {
	echo "doc/seeds.md: $*"
	bad=1
}

# Prints "? what is wrong" for a bad row, and "row path" or "row path test" for each path; a row is known by its id, any
# other line by its number.
read_rows() {
	awk '
	function trim(s) { sub(/^ +/, "", s); sub(/ +$/, "", s); return s }
	function wrong(what) { print "? " what ": " $0 }
	function reason(s) { return s ~ /^(not yet|no): [^ ]/ }
	function told(where, shown) {
		if (reason(where))
			return shown == ""
		return where ~ /`.*`/ && (shown ~ /`tests\/.*`/ || reason(shown))
	}

	{ id = "line_" NR; shown = "" }
	!/^\|/ { columns = 0 }
	columns && !/^\|-/ {
		cells = split($0, cell, "|")
		id = trim(cell[2])
		where = trim(cell[cells - 2])
		shown = trim(cell[cells - 1])
		if (id !~ /^S00[0-4]-[0-9]+$/)
			wrong("no id")
		else if (seen[id]++)
			wrong("id stands twice")
		else if (cells != columns || trim(cell[3]) == "")
			wrong("not a row of its table")
		else if (!told(where, shown))
			wrong("neither where and a test, nor \"not yet:\", nor \"no:\"")
		rows[substr(id, 1, 4)]++
	}
	/^\| id / { columns = split($0, cell, "|") }
	{
		count = split($0, part, "`")
		if (count && count % 2 == 0)
			wrong("a path without end")
		for (i = 2; i <= count; i += 2)
			print id " " part[i]
		count = split(shown, part, "`")
		for (i = 2; i <= count; i += 2)
			print id " " part[i] " test"
	}
	END {
		for (i = 0; i < 5; i++) {
			if (!rows["S00" i])
				print "? no row of seed 00" i
		}
	}' doc/seeds.md
}

# What tests/Makefile.inc runs, and the data it brings.
run=$(awk '
	{ line = line $0 }
	/\\$/ { sub(/\\$/, " ", line); next }
	line ~ /^(([A-Z]+_)?TESTS|EXTRA_DIST) / { printf "%s ", line }
	{ line = "" }' tests/Makefile.inc | tr '\t' ' ')

# A test is run by its name, without .c, or with its folder.
is_run() {
	name=${1%/}
	while [ "$name" != tests ] && [ "$name" != . ]; do
		case "$run " in *" ${name%.c} "*) return 0 ;; esac
		name=$(dirname "$name")
	done
	return 1
}

while read -r id path test; do
	if [ "$id" = '?' ]; then
		complain "$path $test"
	elif [ ! -e "$path" ]; then
		complain "$id names $path, which does not exist"
	elif [ "$test" = test ] && ! is_run "$path"; then
		complain "$id is shown by $path, which tests/Makefile.inc does not run"
	fi
done <<ROWS
$(read_rows | sort -u)
ROWS
exit $bad
