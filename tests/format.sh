#!/bin/sh
# format - every C file is as clang-format 14 lays it out; skipped where that is not installed
# SPDX-License-Identifier: Apache-2.0
set -u
cd "${top_srcdir:-.}" || exit 1
command -v clang-format-14 >/dev/null || { echo 'skipped: no clang-format-14'; exit 77; }
find base policytypes guards engine runtime api tests bench examples -name '*.[ch]' -print0 |
	xargs -0 -n 40 clang-format-14 --dry-run -Werror || exit 1
