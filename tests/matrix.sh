#!/bin/sh
# matrix - builds clguard in the ways that users' machines and packagers do, and runs the policy tests of each
# SPDX-License-Identifier: Apache-2.0
#
#   tests/matrix.sh [NAME...]     all of: O0 Og O3 flto clang m32 musl cxx aarch64 debian12 debian13
#
# What needs a compiler or a package that is not there is skipped by name. The roots of debian12 and debian13 are made with
# mmdebstrap or debootstrap and need root and a mirror; in them README's blocks are run as they are printed.
set -u
top=$(cd "${top_srcdir:-$(dirname "$0")/..}" && pwd)
work=${MATRIX_WORK:-$(mktemp -d "${TMPDIR:-/tmp}/clguard-matrix.XXXXXX")}
jobs=${MATRIX_JOBS:-$(nproc)}
mirror=${MATRIX_MIRROR:-}
bad=0
[ -n "${MATRIX_WORK:-}" ] || trap 'rm -rf "$work"' EXIT

skipped() {
	echo "SKIP $1: $2"
}

# outcome NAME CODE LOG
outcome() {
	if [ "$2" = 0 ]; then
		echo "ok   $1"
	else
		echo "FAIL $1"
		tail -n 40 "$3"
		bad=1
	fi
}

# build NAME CC CFLAGS CONFIGURE...: configures and builds in a folder of its own. 0 when it is built.
build() {
	name=$1 cc=$2 cflags=$3
	shift 3
	mkdir -p "$work/$name" && cd "$work/$name" || return 1
	"$top/configure" -q CC="$cc" CFLAGS="$cflags" --enable-werror "$@" && make -j"$jobs" --no-print-directory
}

# The tests that show that a build decides right: policies as data, the module tests, one service.
SHORT_TESTS='tests/cases.sh tests/test_decide tests/test_guards tests/test_history tests/test_time tests/doors.sh tests/http/decision.py'

# native NAME CC CFLAGS: builds, and runs the short tests.
native() {
	name=$1
	command -v "${2%% *}" >/dev/null || { skipped "$name" "no ${2%% *}"; return; }
	( build "$@" && make -j"$jobs" --no-print-directory check-TESTS TESTS="$SHORT_TESTS" ) >"$work/$name.log" 2>&1
	outcome "$name" $? "$work/$name.log"
}

# 32 bits: builds, or configure says in words why not.
m32() {
	echo 'int main(void) { return 0; }' >"$work/m32.c"
	gcc -m32 "$work/m32.c" -o "$work/m32.out" 2>/dev/null || { skipped m32 'no 32 bit C library (gcc-multilib)'; return; }
	if ( build m32 'gcc -m32' -O2 ) >"$work/m32.log" 2>&1; then
		outcome m32 0 "$work/m32.log"
	else
		grep -q 'configure: error: .*64 bit' "$work/m32.log"
		outcome m32 $? "$work/m32.log"
	fi
}

# Every source compiles against musl's headers; the libraries are those of the C library of this machine, so nothing is linked.
musl() {
	command -v musl-gcc >/dev/null || { skipped musl 'no musl-gcc (musl-tools)'; return; }
	mkdir -p "$work/musl/include"
	for header in yaml.h lmdb.h pcre2.h jansson.h jansson_config.h microhttpd.h gnutls curl linux asm asm-generic; do
		for folder in /usr/include "/usr/include/$(gcc -dumpmachine)"; do
			[ -e "$folder/$header" ] && ln -sf "$folder/$header" "$work/musl/include/$header"
		done
	done
	(
		cd "$top" && code=0
		for file in $(git ls-files 'base/*.c' 'policytypes/*.c' 'guards/*.c' 'engine/*.c' 'runtime/*.c' 'api/*.c'); do
			musl-gcc -std=c17 -fsyntax-only -Wall -Werror -D_GNU_SOURCE -I. -isystem "$work/musl/include" \
				-DPKGDATADIR='"/usr/share/clguard"' -DPACKAGE_VERSION='"0"' "$file" || code=1
		done
		exit $code
	) >"$work/musl.log" 2>&1
	outcome musl $? "$work/musl.log"
}

# clguard.h in a C++ program, with warnings on, linked and run.
cxx() {
	command -v g++ >/dev/null || { skipped cxx 'no g++'; return; }
	(
		build cxx gcc -O2 --prefix="$work/cxx/root" && make --no-print-directory install >/dev/null || exit 1
		cat >"$work/cxx/main.cc" <<'END'
#include <clguard.h>
#include <cstdio>
int main() { std::puts(clg_version()); return 0; }
END
		for standard in c++11 c++17 c++20; do
			g++ -std=$standard -Wall -Wextra -Wpedantic -Werror -I"$work/cxx/root/include" "$work/cxx/main.cc" -o "$work/cxx/main" \
				-L"$work/cxx/root/lib" -lclguard -Wl,-rpath,"$work/cxx/root/lib" && "$work/cxx/main" || exit 1
		done
	) >"$work/cxx.log" 2>&1
	outcome cxx $? "$work/cxx.log"
}

# Cross built for aarch64, with the policy tests under qemu. Needs the libraries of that architecture (dpkg --add-architecture).
aarch64() {
	command -v aarch64-linux-gnu-gcc >/dev/null || { skipped aarch64 'no aarch64-linux-gnu-gcc'; return; }
	command -v qemu-aarch64 >/dev/null || command -v qemu-aarch64-static >/dev/null || { skipped aarch64 'no qemu-aarch64'; return; }
	qemu=$(command -v qemu-aarch64 || command -v qemu-aarch64-static)
	[ -e /usr/lib/aarch64-linux-gnu/liblmdb.so ] || { skipped aarch64 'no liblmdb-dev:arm64 and the others'; return; }
	(
		PKG_CONFIG_LIBDIR=/usr/lib/aarch64-linux-gnu/pkgconfig:/usr/share/pkgconfig
		export PKG_CONFIG_LIBDIR
		build aarch64 aarch64-linux-gnu-gcc '-O2 -g' --host=aarch64-linux-gnu || exit 1
		for folder in "$top"/tests/cases/*/; do
			libtool=$("$qemu" -L / .libs/clguard test "$folder" 2>&1) || { echo "$folder: $libtool"; exit 1; }
		done
	) >"$work/aarch64.log" 2>&1
	outcome aarch64 $? "$work/aarch64.log"
}

# debian SUITE NAME: a fresh minimal root, the sources as a checkout has them, README's blocks in their order.
debian() {
	name=$2
	[ "$(id -u)" = 0 ] || { skipped "$name" 'not root'; return; }
	maker=$(command -v mmdebstrap || command -v debootstrap) || { skipped "$name" 'neither mmdebstrap nor debootstrap'; return; }
	root=$work/$name
	(
		case $maker in
		*mmdebstrap) mmdebstrap --variant=minbase --mode=root "$1" "$root" ${mirror:+"$mirror"} ;;
		*) debootstrap --variant=minbase "$1" "$root" ${mirror:+"$mirror"} ;;
		esac
	) >"$work/$name.log" 2>&1 || { skipped "$name" "no root of $1 could be made: $(tail -n 1 "$work/$name.log")"; return; }
	(
		set -e
		mkdir -p "$root/src"
		(cd "$top" && git ls-files -co --exclude-standard -z | tar --null -T - -cf -) | tar -xf - -C "$root/src"
		cp /etc/resolv.conf "$root/etc/resolv.conf" 2>/dev/null || :
		[ ! -d /etc/apt/apt.conf.d ] || cp /etc/apt/apt.conf.d/*proxy* "$root/etc/apt/apt.conf.d/" 2>/dev/null || :
		unshare --pid --fork --mount --mount-proc="$root/proc" chroot "$root" \
			env -i PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LANG=C.UTF-8 \
			MATRIX_CHECK="${MATRIX_CHECK:-}" sh /src/tests/readme_root.sh /src
	) >>"$work/$name.log" 2>&1
	code=$?
	outcome "$name" $code "$work/$name.log"
}

for name in ${*:-O0 Og O3 flto clang m32 musl cxx aarch64 debian12 debian13}; do
	cd "$work" || exit 1
	case $name in
	O0 | Og | O3) native "$name" gcc "-$name -g" ;;
	flto) native flto gcc '-O2 -g -flto=auto' ;;
	clang) native clang clang '-O2 -g' ;;
	m32 | musl | cxx | aarch64) $name ;;
	debian12) debian bookworm debian12 ;;
	debian13) debian trixie debian13 ;;
	*) echo "matrix: no '$name'"; exit 2 ;;
	esac
done
exit $bad
