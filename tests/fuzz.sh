#!/bin/sh
# fuzz - replays every corpus through its fuzz target; a folder without target, or an empty one, is a failure
set -u
bad=0
for corpus in "${top_srcdir:-.}"/tests/fuzz/corpus/*; do
	name=${corpus##*/}
	echo "$name:"
	"${top_builddir:-.}/tests/fuzz/replay_$name" "$corpus" || bad=1
done
exit $bad
