#!/bin/sh
# hardening - the programs and the library were built so that a mistake is harder to turn into an attack
# SPDX-License-Identifier: Apache-2.0
#
# Looks at the built files themselves: flags that a configure script sets and a linker drops protect nobody.
set -u
build=${top_builddir:-.}
bad=0

skip() {
	echo "skipped: $1"
	exit 77
}

complain() {
	echo "$*"
	bad=1
}

command -v readelf >/dev/null || skip 'no readelf'
grep -q '^HARDENING = .' "$build/Makefile" || skip 'configured with --disable-hardening, or with sanitizers'
flags=$(sed -n 's/^HARDENING = //p' "$build/Makefile")
link=$(sed -n 's/^HARDENING_LDFLAGS = //p' "$build/Makefile")

# The real file behind libtool's wrapper script.
built() {
	if [ -f "$build/.libs/$1" ]; then echo "$build/.libs/$1"; else echo "$build/$1"; fi
}

# expect FILE WHAT PATTERN COMMAND...: the command's output has a line with the pattern
expect() {
	file=$1 what=$2 pattern=$3
	shift 3
	"$@" "$file" 2>/dev/null | grep -Eq "$pattern" || complain "$file: $what"
}

for name in clguardd clguard libclguard.so; do
	file=$(built "$name")
	[ -e "$file" ] || { complain "$file is not there"; continue; }
	case $name in
	*.so) ;;
	*) expect "$file" 'not position independent' 'Type: +DYN' readelf -h ;;
	esac
	expect "$file" 'no RELRO' 'GNU_RELRO' readelf -lW
	expect "$file" 'symbols are not bound at start' 'BIND_NOW|NOW' readelf -dW
	readelf -lW "$file" | grep -E 'GNU_STACK' | grep -q 'RWE' && complain "$file: the stack is executable"
	readelf -lW "$file" | grep -E '^ *LOAD' | grep -q 'RWE' && complain "$file: a segment can be written and executed"
	readelf -dW "$file" | grep -Eq 'RPATH|RUNPATH' && [ "$name" = libclguard.so ] && complain "$file: a path for libraries is built in"
	readelf -dW "$file" | grep -q TEXTREL && complain "$file: its code is written to"
	case $flags in
	*-fstack-protector-strong*) expect "$file" 'no stack protector' '__stack_chk_fail' readelf -sW ;;
	*) complain "the compiler has no -fstack-protector-strong: $flags" ;;
	esac
	case $flags in
	*-D_FORTIFY_SOURCE=[23]*) expect "$file" 'nothing is fortified' '__[a-z]+_chk' readelf -sW ;;
	esac
	case $flags in
	*-fcf-protection*)
		case $(uname -m) in
		x86_64) ! command -v objdump >/dev/null || expect "$file" 'indirect branches are not marked' endbr64 objdump -d ;;
		esac ;;
	esac
done
case $link in
*-z,relro*-z,now*) ;;
*) complain "the linker was not told of RELRO: $link" ;;
esac
[ $bad = 0 ] && echo "hardened by: $flags $link"
exit $bad
