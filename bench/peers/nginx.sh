#!/bin/sh
# nginx.sh DIR - unpacks Debian's nginx into DIR/nginx; nothing is installed and no service starts
set -eu
. "$(dirname "$0")/debian.sh"
debian_unpack "$1/nginx" nginx nginx-common
"$1/nginx/usr/sbin/nginx" -v
