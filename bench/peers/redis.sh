#!/bin/sh
# redis.sh DIR - unpacks Debian's Redis into DIR/redis; nothing is installed and no service starts
set -eu
. "$(dirname "$0")/debian.sh"
debian_unpack "$1/redis" redis-server redis-tools libjemalloc2 liblzf1 libatomic1 liblua5.1-0 lua-cjson lua-bitop libhiredis0.14
LD_LIBRARY_PATH="$1/redis/usr/lib/$(uname -m)-linux-gnu" "$1/redis/usr/bin/redis-server" --version
