#!/bin/sh
# fmt - clguard fmt: one layout, comments kept, the same tree, nothing left to do the second time
# SPDX-License-Identifier: Apache-2.0
set -u
clguard=${top_builddir:-build}/clguard
top=${top_srcdir:-.}
tmp=$(mktemp -d) || exit 1
trap 'rm -rf "$tmp"' EXIT
bad=0

fail() {
	echo "fmt: $1"
	bad=1
}

cat >"$tmp/ugly.yaml" <<'END'


# head
tosca_definitions_version:   tosca_simple_yaml_1_1_0   
topology_template:
      # the policies
      policies:
      -   limit:   # inline
              type: onap.policies.controlloop.guard.common.FrequencyLimiter


              properties:
                    actor:   SO
                    # counts
                    operation: [ Restart,
                       Stop ]   # both
                    note: |
                          as it   
                            stands

                          # no comment
                    folded: >-
                       a
                       b
                    quoted: "one
                         two # three"
      # the end of the list
      - other:
         type: x
         list:
         - 1
         - - 2
           - 3
         - a: 1
           b: 2
# tail

END
cat >"$tmp/expected.yaml" <<'END'
# head
tosca_definitions_version:   tosca_simple_yaml_1_1_0
topology_template:
  # the policies
  policies:
    - limit:   # inline
        type: onap.policies.controlloop.guard.common.FrequencyLimiter

        properties:
          actor:   SO
          # counts
          operation: [ Restart,
             Stop ]   # both
          note: |
            as it   
              stands

            # no comment
          folded: >-
            a
            b
          quoted: "one
               two # three"
    # the end of the list
    - other:
        type: x
        list:
          - 1
          - - 2
            - 3
          - a: 1
            b: 2
# tail
END
"$clguard" fmt - <"$tmp/ugly.yaml" >"$tmp/out.yaml" || fail 'the document is not formatted'
diff "$tmp/expected.yaml" "$tmp/out.yaml" || fail 'the layout is another'

# In place: the mode of the file stays; --check writes nothing; a file that is laid out is not touched.
cp "$tmp/ugly.yaml" "$tmp/place.yaml"
chmod 640 "$tmp/place.yaml"
"$clguard" fmt --check "$tmp/place.yaml" >"$tmp/named" && fail '--check exits with 0'
[ "$(cat "$tmp/named")" = "$tmp/place.yaml" ] || fail '--check does not name the file'
cmp -s "$tmp/ugly.yaml" "$tmp/place.yaml" || fail '--check writes'
[ "$("$clguard" fmt "$tmp/place.yaml")" = "$tmp/place.yaml" ] || fail 'what changes is not named'
cmp -s "$tmp/expected.yaml" "$tmp/place.yaml" || fail 'the file is not replaced'
[ "$(stat -c %a "$tmp/place.yaml")" = 640 ] || fail 'the mode of the file changed'
[ -z "$("$clguard" fmt "$tmp/place.yaml")" ] || fail 'a second time changes something'
"$clguard" fmt --check "$tmp/place.yaml" || fail '--check finds something in a file that is laid out'
printf 'a: [1\nb: 2\n' >"$tmp/bad.yaml"
"$clguard" fmt "$tmp/bad.yaml" 2>"$tmp/err" && fail 'what is not YAML is formatted'
grep -q "bad.yaml:2:" "$tmp/err" || fail "no place: $(cat "$tmp/err")"
[ "$(head -1 "$tmp/bad.yaml")" = 'a: [1' ] || fail 'a file with an error is written'

# Every document of the tree, and each one indented by three and mangled at the ends of its lines: comments stay, the second time
# changes nothing. That the tree is the same the command makes sure of, or it refuses.
find "$top/examples" "$top/policytypes" "$top/tests/cases" "$top/tests/fuzz/corpus" -name '*.y*ml' >"$tmp/files"
while read -r file; do
	for how in '' 's/^\( *\)\([^ ]\)/\1\1\2/'; do
		sed "$how" "$file" >"$tmp/in.yaml"
		if ! "$clguard" fmt - <"$tmp/in.yaml" >"$tmp/out.yaml" 2>"$tmp/err"; then
			grep -q 'cannot be kept' "$tmp/err" && fail "$file, '$how': $(cat "$tmp/err")"
			continue
		fi
		echo "$file" >>"$tmp/done"
		"$clguard" fmt - <"$tmp/out.yaml" | cmp -s - "$tmp/out.yaml" || fail "$file, '$how': not the same the second time"
		for part in in out; do
			sed -n 's/^ *\(#.*[^ ]\) *$/\1/p' "$tmp/$part.yaml" >"$tmp/$part.comments"
		done
		cmp -s "$tmp/in.comments" "$tmp/out.comments" || fail "$file, '$how': other comments"
	done
done <"$tmp/files"
[ "$(wc -l <"$tmp/done")" -gt 100 ] || fail "only $(wc -l <"$tmp/done") documents were formatted"
for file in "$top"/examples/*/*.yaml; do
	"$clguard" fmt --check "$file" >/dev/null || fail "$file is not laid out by clguard fmt"
done
exit $bad
