#!/bin/sh
# matrix - builds clguard in the ways that users' machines and packagers do, and runs the policy tests of each
# SPDX-License-Identifier: Apache-2.0
#
#   tests/matrix.sh [NAME...]     of O0 Og O3 flto clang m32 musl cxx aarch64 debian12 debian13; all: every one; none: those of
#                                 minutes, which make stress runs
#
# What needs a compiler or a package that is not there is skipped by name. m32, aarch64 and the Debians are roots of their own,
# made with mmdebstrap, as root, from the mirror MATRIX_MIRROR; in those of Debian README's blocks are run as they are printed.
set -u
top=$(cd "${top_srcdir:-$(dirname "$0")/..}" && pwd)
work=${MATRIX_WORK:-$(mktemp -d "${TMPDIR:-/tmp}/clguard-matrix.XXXXXX")}
jobs=${MATRIX_JOBS:-$(nproc)}
mirror=${MATRIX_MIRROR:-}
bad=0
BUILD_PACKAGES=gcc,libc6-dev,make,autoconf,automake,libtool,pkg-config,libyaml-dev,libpcre2-dev,liblmdb-dev,libmicrohttpd-dev,libjansson-dev,libgnutls28-dev
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

# make_root NAME SUITE ARCHITECTURES PACKAGES: a minimal Debian in $work/NAME/root with the sources in /src, or why there is none.
make_root() {
	mkdir -p "$work/$1"
	[ "$(id -u)" = 0 ] || { skipped "$1" 'not root'; return 1; }
	command -v mmdebstrap >/dev/null || { skipped "$1" 'no mmdebstrap'; return 1; }
	mmdebstrap --variant=minbase --mode=root --architectures="$3" ${4:+--include="$4"} "$2" "$work/$1/root" ${mirror:+"$mirror"} \
		>"$work/$1.log" 2>&1 || { skipped "$1" "no root of $2 could be made: $(tail -n 1 "$work/$1.log")"; return 1; }
	mkdir -p "$work/$1/root/src"
	(cd "$top" && git ls-files -co --exclude-standard -z | tar --null -T - -cf -) | tar -xf - -C "$work/$1/root/src"
	cp /etc/resolv.conf "$work/$1/root/etc/resolv.conf" 2>/dev/null || :
	[ ! -d /etc/apt/apt.conf.d ] || cp /etc/apt/apt.conf.d/*proxy* "$work/$1/root/etc/apt/apt.conf.d/" 2>/dev/null || :
}

# in_root NAME SCRIPT ARGUMENT...: what sh runs there, alone with its processes; at its end the root is removed.
in_root() {
	name=$1
	shift
	unshare --pid --fork --mount --mount-proc="$work/$name/root/proc" \
		sh -c 'mount -t devpts -o newinstance,ptmxmode=0666 devpts "$0/dev/pts"; exec chroot "$0" "$@"' "$work/$name/root" \
		env -i PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LANG=C.UTF-8 \
		MATRIX_CHECK="${MATRIX_CHECK:-}" MATRIX_JOBS="$jobs" sh "$@" >>"$work/$name.log" 2>&1
	code=$?
	rm -rf "$work/$name/root"
	outcome "$name" $code "$work/$name.log"
}

# A machine of 32 bits: configure says in words why it does not build.
m32() {
	make_root m32 bookworm i386 "$BUILD_PACKAGES" || return
	in_root m32 -euc 'cd /src && ./bootstrap && ! ./configure -q 2>/tmp/said; cat /tmp/said; grep -q "error: .*64 bit" /tmp/said'
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

# Cross built for aarch64, with the policy tests under qemu.
aarch64() {
	packages=make,autoconf,automake,libtool,pkg-config,gcc-aarch64-linux-gnu,libc6-dev:arm64,qemu-user-static
	for library in yaml pcre2 lmdb microhttpd jansson gnutls28; do
		packages=$packages,lib$library-dev:arm64
	done
	make_root aarch64 bookworm amd64,arm64 "$packages" || return
	in_root aarch64 -euc '
		cd /src && ./bootstrap && mkdir build && cd build
		PKG_CONFIG_LIBDIR=/usr/lib/aarch64-linux-gnu/pkgconfig:/usr/share/pkgconfig
		export PKG_CONFIG_LIBDIR
		../configure -q --host=aarch64-linux-gnu CFLAGS="-O2 -g" --enable-werror
		make -j"$MATRIX_JOBS" --no-print-directory
		clguard=clguard
		[ ! -x .libs/clguard ] || clguard=.libs/clguard
		file=$(od -An -tx1 -j18 -N2 $clguard)
		[ "$file" = " b7 00" ] || { echo "clguard is not built for aarch64 (machine$file)"; exit 1; }
		for folder in ../tests/cases/*/; do
			qemu-aarch64-static $clguard test "$folder"
		done'
}

# debian SUITE NAME: a fresh minimal root, the sources as a checkout has them, README's blocks in their order.
debian() {
	make_root "$2" "$1" "$(dpkg --print-architecture)" '' || return
	in_root "$2" /src/tests/readme_root.sh /src
}

[ "$*" != all ] || set -- O0 Og O3 flto clang m32 musl cxx aarch64 debian12 debian13
for name in ${*:-O0 O3 musl cxx}; do
	cd "$work" || exit 1
	case $name in
	O0 | Og | O3) native "$name" gcc "-$name -g" ;;
	# Across files gcc 12 takes for unset what a function sets whenever it answers 0; within files it does not.
	flto) native flto gcc '-O2 -g -flto=auto -Wno-error=maybe-uninitialized' ;;
	clang) native clang clang '-O2 -g' ;;
	m32 | musl | cxx | aarch64) $name ;;
	debian12) debian bookworm debian12 ;;
	debian13) debian trixie debian13 ;;
	*) echo "matrix: no '$name'"; exit 2 ;;
	esac
done
exit $bad
