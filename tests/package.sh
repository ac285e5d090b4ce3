#!/bin/sh
# package - builds the Debian packages, and in a minimal Debian installs them, starts the service, upgrades it with data, purges it
# SPDX-License-Identifier: Apache-2.0
#
#   tests/package.sh          as root; roots come from the mirror MATRIX_MIRROR, by default that of this machine
#
# Part of make stress. What is missing (dpkg-buildpackage, lintian, mmdebstrap, a mirror) is skipped by name.
set -u
top=$(cd "${top_srcdir:-$(dirname "$0")/..}" && pwd)
work=$(mktemp -d "${TMPDIR:-/tmp}/clguard-package.XXXXXX")
log=$work/log
mirror=${MATRIX_MIRROR:-}
service=
bad=0

clean_up() {
	[ -z "$service" ] || kill "$(running)" 2>/dev/null
	umount "$work/root/proc" 2>/dev/null
	rm -rf --one-file-system "$work"
}
trap clean_up EXIT

skip() {
	echo "SKIP package: $*"
	exit 77
}

# step WHAT COMMAND...: tells what came of it.
step() {
	what=$1
	shift
	if "$@" >>"$log" 2>&1; then
		echo "ok   $what"
	else
		echo "FAIL $what"
		tail -n 25 "$log"
		bad=1
		return 1
	fi
}

for tool in dpkg-buildpackage dh mmdebstrap curl; do
	command -v "$tool" >/dev/null || skip "no $tool"
done
[ "$(id -u)" = 0 ] || skip 'not root'

# The sources as they stand.
build() {
	mkdir -p "$work/old/clguard" && git -C "$top" ls-files -coz --exclude-standard |
		tar -C "$top" --null -T - -cf - | tar -C "$work/old/clguard" -xf - && cd "$work/old/clguard" || return 1
	DEB_BUILD_OPTIONS="nocheck parallel=$(nproc)" dpkg-buildpackage -us -uc -b -d
}
step 'build' build || exit 1
# The same objects under another version: only what is packed is made anew.
upgrade() {
	mkdir -p "$work/new" && cp -a "$work/old/clguard" "$work/new/clguard" && cd "$work/new/clguard" || return 1
	sed -i '1s/(\(.*\))/(\1+upgrade)/' debian/changelog
	rm -f debian/files # tells of the first build's
	DEB_BUILD_OPTIONS="nocheck parallel=$(nproc)" dpkg-buildpackage -us -uc -b -d -nc
}
step 'build of an upgrade' upgrade || exit 1
if command -v lintian >/dev/null; then
	step 'lintian' sh -c "cd '$work/old' && lintian --allow-root --fail-on error,warning --tag-display-limit 0 clguard_*.changes"
else
	echo 'SKIP lintian: it is missing'
fi

mmdebstrap --variant=minbase --mode=root bookworm "$work/root" ${mirror:+"$mirror"} >>"$log" 2>&1 ||
	skip "no root of Debian could be made: $(tail -n 1 "$log")"
inside() {
	chroot "$work/root" env DEBIAN_FRONTEND=noninteractive PATH=/usr/sbin:/usr/bin:/sbin:/bin "$@"
}
mount -t proc proc "$work/root/proc" 2>/dev/null
# Nothing starts services in a chroot; the test does.
printf '#!/bin/sh\nexit 101\n' >"$work/root/usr/sbin/policy-rc.d"
chmod +x "$work/root/usr/sbin/policy-rc.d"
files() {
	(cd "$work/root" && find etc run usr var/lib var/log | sort)
}
files >"$work/before"

# install FOLDER: the packages of a build.
install_packages() {
	mkdir -p "$work/root/packages" && rm -f "$work/root/packages/"* && cp "$work/$1"/*.deb "$work/root/packages/" &&
		rm -f "$work"/root/packages/*-dbgsym_* && inside sh -c 'apt-get update -qq &&
		apt-get install -y -qq --no-install-recommends /packages/*.deb'
}

# What ExecStart says, as the user of the unit.
start() {
	program=$(sed -n 's/^ExecStart=//p' "$work/root/lib/systemd/system/clguardd.service")
	[ -n "$program" ] || return 1
	: >"$work/service.log"
	# Another port than the configuration's, which this machine may have in use.
	# shellcheck disable=SC2086
	inside runuser -u clguard -- env CLGUARD_LISTEN=127.0.0.1:0 $program >"$work/service.log" 2>&1 &
	service=$!
	for _ in $(seq 100); do
		address=$(sed -n 's/^listening on //p' "$work/service.log")
		[ -z "$address" ] || return 0
		kill -0 "$service" 2>/dev/null || break
		sleep 0.1
	done
	cat "$work/service.log"
	return 1
}

# The program is what the last of a line of shells and runuser has started.
running() {
	last=$service
	while next=$(pgrep -P "$last"); do
		last=$next
	done
	echo "$last"
}

stop() {
	kill "$(running)"
	wait "$service"
	code=$?
	service=
	return $code
}

# ask ACTOR: the decision about a restart.
ask() {
	curl -sS -m 10 -X POST -H 'Content-Type: application/json' "http://$address"/policy/pdpx/v1/decision -d "{\"action\":\"guard\",
		\"ONAPName\":\"n\",\"ONAPComponent\":\"c\",\"ONAPInstance\":\"i\",\"resource\":{\"guard\":{\"actor\":\"$1\",
		\"operation\":\"Restart\",\"target\":\"vnf1\",\"clname\":\"loop\"}}}"
}
permits() { ask SO | grep '"status":"Permit"'; }
denies() { ask SO | grep '"status":"Deny"'; }

step 'install' install_packages old || exit 1
step 'check of the packaged configuration' inside runuser -u clguard -- clguardd --check-config
cat >"$work/root/etc/clguard/policies/limit.yaml" <<'END'
tosca_definitions_version: tosca_simple_yaml_1_1_0
topology_template:
  policies:
    - once:
        type: onap.policies.controlloop.guard.common.FrequencyLimiter
        type_version: 1.0.0
        version: 1.0.0
        properties: {actor: SO, operation: Restart, limit: 1, timeWindow: 1, timeUnits: day}
END
step 'start' start && {
	step 'a decision' permits
	step 'an operation' curl -fsS -m 10 -X POST -H 'Content-Type: application/json' "http://$address"/clguard/v1/operations -d '[{
		"actor":"SO","operation":"Restart","target":"vnf1","closedLoopName":"loop","requestId":"r1","subrequestId":"1","outcome":"Success",
		"starttime":"'"$(date -u +%Y-%m-%dT%H:%M:%SZ)"'","endtime":"'"$(date -u +%Y-%m-%dT%H:%M:%SZ)"'"}]'
	step 'which counts' denies
	step 'clguard asks it' inside clguard status --service "$address"
	step 'stop' stop
}
step 'upgrade' install_packages new
step 'of another version' sh -c "chroot '$work/root' dpkg-query -W -f '\${Version}\n' clguardd | grep -x '.*+upgrade'"
step 'start after it' start && {
	step 'it still counts' denies
	step 'stop of it' stop
}
step 'remove keeps the data' sh -c "chroot '$work/root' env DEBIAN_FRONTEND=noninteractive apt-get remove -y -qq clguardd &&
	test -e '$work/root/var/lib/clguard/data.mdb'"
step 'purge' inside apt-get purge -y -qq clguardd clguard clguard-doc libclguard1 libclguard-dev
leftovers() {
	! { files | comm -13 "$work/before" - | grep clguard; } && ! grep clguard "$work/root/etc/passwd" "$work/root/etc/group"
}
step 'and nothing is left' leftovers
exit $bad
