#!/bin/sh
# sapl.sh DIR - builds the program that asks SAPL in-process, from its Maven artifacts
set -eu
here=$(cd "$(dirname "$0")" && pwd)
[ ! -e "$1/sapl/classpath" ] || exit 0
command -v mvn >/dev/null || { echo 'sapl.sh: no mvn' >&2; exit 1; }
mkdir -p "$1/sapl"
cd "$1/sapl"
cp -r "$here/sapl/." .
mvn -q -B compile dependency:build-classpath -Dmdep.outputFile=classpath.tmp
mv classpath.tmp classpath
