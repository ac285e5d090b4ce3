#!/usr/bin/env python3
# participant_many - many elements on one participant, killed at every step: the far side and the instance agree afterwards
# SPDX-License-Identifier: Apache-2.0
"""One instance of 40 elements; an argument gives another number. Prints the participant's memory and the orders
a second of a life without kills, for kind simulator, which has no far side, and for cps, whose far side here is a server in Python."""
import os
import random
import sys
import time

from participant_rest import Cps, Server, cps_document
from participant_world import BASE, PROGRAM, Checks, Runtime, concept, folder, wait

COUNT = int(sys.argv[1]) if len(sys.argv) > 1 else 40
KILLS = 2  # while one order is carried out
SEED = int(os.environ.get("CLGUARD_SEED", "21"))
DEADLINE_S = 60 + COUNT // 2
LIFE = ("PASSIVE", "RUNNING", "PASSIVE", "UNINITIALISED")


def create(runtime):
    elements = {}
    for i in range(COUNT):
        uuid = "33333333-3333-4333-8333-%012d" % i
        elements[uuid] = {"id": uuid, "definition": concept("e.Test"), "propertiesMap": {"anchor": "site-%d" % i, "data": {"limits": {"max": i}}}}
    runtime.must("POST", BASE + "/instantiation", {"controlLoopList": [dict(concept("loop"), definition=concept("l.Test"), elements=elements)]})


def far_side():
    """What each anchor holds."""
    return {name: dict(data) for space in list(Cps.spaces.values()) for name, data in list(space["anchors"].items())}


def wanted(state):
    return {} if state == "UNINITIALISED" else {"site-%d" % i: {"limits": {"max": i}} for i in range(COUNT)}


def stands(runtime, state):
    loop = runtime.loop()
    return loop["state"] == state and all(e["state"] == state for e in loop["elements"].values())


def start(runtime, server, data):
    return runtime.participant("cps", "--url", server.url, "--data", data, "--observe-ms", "0")


def figure(pid, name):
    with open("/proc/%d/status" % pid, encoding="ascii") as file:
        return next(int(line.split()[1]) for line in file if line.startswith(name))


def live(runtime, process, look):
    """A life, and what it cost."""
    said = []
    for state in LIFE:
        began = time.monotonic()
        runtime.order(state)
        wait(state, lambda: stands(runtime, state), DEADLINE_S)
        said.append("%s %.0f" % (state, COUNT / (time.monotonic() - began)))
        look(state)
    print("%d elements: %d kB at most; orders a second: %s" % (COUNT, figure(process.pid, "VmHWM"), ", ".join(said)))


def test_figures(checks):
    Cps.spaces = {}
    with Server(Cps) as server, folder() as data, Runtime() as runtime:
        runtime.commission(cps_document())
        process = start(runtime, server, data)
        create(runtime)
        live(runtime, process, lambda state: checks.check(far_side() == wanted(state), "the far side after %s" % state))
        checks.equal(server.faults, [], "the server's own view")


def test_figures_without_a_far_side(checks):
    with folder() as data, Runtime() as runtime:
        runtime.commission(cps_document())
        process = runtime.participant("simulator", "--data", data)
        create(runtime)
        live(runtime, process, lambda state: checks.check(True, state))


def test_killed(checks):
    """At a random one of the far side's requests, again and again while one order is carried out."""
    Cps.spaces = {}
    dice = random.Random(SEED)
    with Server(Cps) as server, folder() as data, Runtime("--heart-beat-ms", "100", "--max-status-wait-ms", "2000", "--max-retry-count",
                                                          "1000") as runtime:
        runtime.commission(cps_document())
        process = start(runtime, server, data)
        create(runtime)
        for state in LIFE:
            runtime.order(state)
            for _ in range(KILLS):
                at = len(server.asked) + dice.randrange(1, max(2, COUNT // KILLS))
                end = time.monotonic() + 3
                while len(server.asked) < at and time.monotonic() < end and not stands(runtime, state):
                    time.sleep(0.005)
                runtime.kill(process)
                process = start(runtime, server, data)
            wait(state, lambda: stands(runtime, state), DEADLINE_S)
            wait("the far side", lambda: far_side() == wanted(state))
            checks.equal(runtime.loop()["stateChangeResult"], "NO_ERROR", state)
        wait("nothing is left", lambda: not Cps.spaces)
        checks.equal(server.faults, [], "the server's own view")


def main():
    if not os.path.exists(PROGRAM) or "\n  cps\n" not in os.popen(PROGRAM + " --help").read():
        print("needs clguard-participant with libcurl")
        return 77
    return Checks().run([test for name, test in globals().items() if name.startswith("test_")])


if __name__ == "__main__":
    sys.exit(main())
