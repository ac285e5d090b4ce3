# debian.sh - Debian packages unpacked where a benchmark needs them; sourced by the scripts beside it
#
# debian_unpack DIR PACKAGE...: their files below DIR. Packages that they need are expected on the machine or named too.
debian_unpack() {
	target=$1
	shift
	[ ! -e "$target/.done" ] || return 0
	mkdir -p "$target/archives"
	(cd "$target/archives" && apt-get download -qq "$@" 2>/dev/null || { apt-get update -qq && apt-get download -qq "$@"; })
	for archive in "$target"/archives/*.deb; do
		dpkg-deb -x "$archive" "$target"
	done
	rm -r "$target/archives"
	touch "$target/.done"
}
