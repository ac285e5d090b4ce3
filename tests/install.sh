#!/bin/sh
# install - make install into a folder of its own; examples/embed.c built as README says, by pkg-config, and run
set -eu
top=${top_srcdir:-.}
build=${top_builddir:-build}
if nm "$build/clguard" 2>/dev/null | grep -q '__asan_init\|__tsan_init'; then
	echo 'a sanitized library needs a sanitized program'
	exit 77
fi
root=$(mktemp -d)
trap 'rm -rf "$root"' EXIT
# The flags of the make above are not for this one, but for its job server's sake.
MAKEFLAGS= make -C "$build" install DESTDIR="$root" >"$root/log" 2>&1 || { cat "$root/log"; exit 1; }
pc=$(find "$root" -name clguard.pc)
prefix=$(sed -n 's/^prefix=//p' "$pc")
export PKG_CONFIG_PATH="${pc%/*}" PKG_CONFIG_SYSROOT_DIR="$root"
# shellcheck disable=SC2046
${CC:-cc} "$top/examples/embed.c" $(pkg-config --cflags --libs clguard) -o "$root/embed"
LD_LIBRARY_PATH="$root$prefix/lib" "$root/embed" "$top/examples/policies" | grep -q 'denied, limit_reached'

# From Python by ctypes, and from Go by cgo where that is installed: each is stopped at the same limit.
LD_LIBRARY_PATH="$root$prefix/lib" python3 "$top/examples/embed.py" "$top/examples/policies" >"$root/python"
grep -q 'denied, limit_reached' "$root/python" || { cat "$root/python"; exit 1; }
if command -v go >/dev/null; then
	mkdir "$root/go" && cp "$top/examples/embed.go" "$root/go/main.go"
	(cd "$root/go" && CGO_ENABLED=1 GO111MODULE=off go build -o embed main.go)
	LD_LIBRARY_PATH="$root$prefix/lib" "$root/go/embed" "$top/examples/policies" >"$root/go.out"
	grep -q 'denied, limit_reached' "$root/go.out" || { cat "$root/go.out"; exit 1; }
fi

# The header in C++, without a warning; header, library and pkg-config name one version.
cat >"$root/version.cc" <<'END'
#include <clguard.h>
#include <cstdio>
#include <cstring>

int main()
{
	struct clg_options options = CLG_OPTIONS_INIT;
	struct clg_request request = CLG_REQUEST_INIT;
	struct clg_operation operation = CLG_OPERATION_INIT;
	struct clg_guard_policy policy = CLG_GUARD_POLICY_INIT;
	struct clg_constraint constraint = CLG_CONSTRAINT_INIT;
	struct clg_document document = CLG_DOCUMENT_INIT;

	std::puts(clg_version());
	return std::strcmp(clg_version(), CLG_VERSION) != 0 || options.size + request.size + operation.size + policy.size +
		constraint.size + document.size == 0;
}
END
if command -v "${CXX:-c++}" >/dev/null; then
	# shellcheck disable=SC2046
	"${CXX:-c++}" -std=c++11 -Wall -Wextra -Wpedantic -Werror "$root/version.cc" $(pkg-config --cflags --libs clguard) -o "$root/version"
	version=$(LD_LIBRARY_PATH="$root$prefix/lib" "$root/version")
	[ "$version" = "$(pkg-config --modversion clguard)" ] || { echo "the library is version $version"; exit 1; }
fi

# Programs, manual pages, types; and only what clguard.h declares is exported.
for file in bin/clguard sbin/clguardd include/clguard.h share/man/man1/clguard.1 share/man/man8/clguardd.8 \
	bin/clguard-participant share/man/man8/clguard-participant.8 \
	share/man/man5/clguard-policy.5 share/man/man5/clguard.yaml.5 \
	share/clguard/schemas/policy.schema.json share/clguard/schemas/catalog.json \
	share/clguard/types/onap.policies.controlloop.guard.common.MinMax.yaml; do
	[ -e "$root$prefix/$file" ] || { echo "$file is not installed"; exit 1; }
done
# In a build with --coverage libgcov's own mangle_path is among them.
nm -D --defined-only "$root$prefix"/lib/libclguard.so | sed -n 's/.* T //p' | grep -vx mangle_path | sort >"$root/exported"
grep -o '\bclg_[a-z0-9_]*(' "$root$prefix/include/clguard.h" | tr -d '(' | grep -v '_fn$' | sort -u >"$root/declared"
diff "$root/declared" "$root/exported"

# Each function has a page: that of its group, by its own name. An uninstall takes it all away.
while read -r name; do
	grep -q "^\.SH NAME" "$root$prefix/share/man/man3/$name.3" && grep -A1 '^\.SH NAME' "$root$prefix/share/man/man3/$name.3" |
		grep -qw "$name" || { echo "man $name finds no page about it"; exit 1; }
done <"$root/declared"
MAKEFLAGS= make -C "$build" uninstall DESTDIR="$root" >"$root/log" 2>&1 || { cat "$root/log"; exit 1; }
left=$(find "$root$prefix/share/man" ! -type d)
[ -z "$left" ] || { echo "an uninstall leaves $left"; exit 1; }
