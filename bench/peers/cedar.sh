#!/bin/sh
# cedar.sh DIR - builds the program that asks Cedar in-process, from the crate
set -eu
here=$(cd "$(dirname "$0")" && pwd)
[ ! -x "$1/cedar/cedar-bench" ] || exit 0
command -v cargo >/dev/null || { echo 'cedar.sh: no cargo' >&2; exit 1; }
mkdir -p "$1/cedar/src"
cd "$1/cedar"
cp "$here/cedar/Cargo.toml" .
cp "$here/cedar/src/main.rs" src
nice -n 19 cargo build --release --quiet --jobs 1
cp target/release/cedar-bench .
cargo tree --quiet --depth 1 | grep cedar-policy
