# operational_live_own - cases of operational policies at work that no script can say: see operational_live.py
# SPDX-License-Identifier: Apache-2.0


def run(asked):
    return 0
