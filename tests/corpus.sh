#!/bin/sh
# corpus - real ONAP documents: guard types and policies are accepted, what is not ours is named; where CLGUARD_CORPUS is
set -u
clguard=${top_builddir:-build}/clguard
corpus=${CLGUARD_CORPUS:-}
[ -n "$corpus" ] || { echo 'CLGUARD_CORPUS names no folder'; exit 77; }
bad=0
out=$(mktemp)
trap 'rm -f "$out"' EXIT

fail() {
	echo "$*"
	cat "$out"
	bad=1
}

# Guard types and guard policies: no error, no warning, in strict mode; policies in onap mode too.
for file in "$corpus"/policytypes/*guard* "$corpus"/policies/*guard*; do
	"$clguard" check "$file" >"$out" 2>/dev/null || fail "$file has errors"
	! grep -q ': warning:' "$out" || fail "$file has warnings"
done
for file in "$corpus"/policies/*guard*; do
	"$clguard" check --mode onap "$file" >"$out" 2>/dev/null || fail "$file has errors in onap mode"
done

# Types that the file itself does not declare are looked up; all type files load together.
"$clguard" check "$corpus"/policytypes/*.yaml >"$out" 2>/dev/null || fail 'the policy types do not load together'

# Every other policy: handled, or named by its type.
for file in "$corpus"/policies/*; do
	case $file in *guard*) continue ;; esac
	type=$(grep -o 'onap\.policies\.[A-Za-z0-9.]*' "$file" | head -n 1)
	"$clguard" check "$file" >"$out" 2>"$out.err"
	code=$?
	summary=$(cat "$out.err")
	rm -f "$out.err"
	case $type in
	onap.policies.controlloop.operational.*)
		case $summary in "1 policy, "*) ;; *) [ $code = 1 ] || fail "$file: operational, but not handled: $summary" ;; esac
		;;
	*)
		grep -q "warning: policy .*'$type'.*skipped" "$out" || fail "$file: '$type' is not named as not handled"
		;;
	esac
done
exit $bad
