#!/bin/sh
# cases - the policy tests of tests/cases, through clguard test
exec "${top_builddir:-build}/clguard" test "${top_srcdir:-.}"/tests/cases
