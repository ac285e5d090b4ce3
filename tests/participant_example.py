#!/usr/bin/env python3
# participant_example - examples/participant.py, a participant in one file, hosts elements over the public topic and outlives kills
# SPDX-License-Identifier: Apache-2.0
"""A clguardd, and the example as a user would run it."""
import json
import os
import subprocess
import sys

from participant_world import BASE, Checks, Runtime, folder, template, wait

EXAMPLE = os.path.join(os.environ.get("top_srcdir", "."), "examples", "participant.py")
ID = "33333333-3333-4333-8333-000000000001"
SCHEMA = {"node_types": {"t.File": {"derived_from": "org.onap.policy.clamp.controlloop.ControlLoopElement", "version": "1.0.0",
                                    "properties": {"text": {"type": "string", "required": False}}}}}


def document():
    made = template("ControlLoopElement", {}, more=SCHEMA)
    made["topology_template"]["node_templates"]["e.Test"].update(type="t.File", type_version="1.0.0")
    return made


def start(runtime, place):
    process = subprocess.Popen([sys.executable, EXAMPLE, "--service", runtime.address, "--type", "p.Test", "--name", "p-0", "--folder",
                                place, "--report", "0.1"])
    runtime.participants.append(process)
    wait("the participant", lambda: any(p["participantId"]["name"] == "p-0" and p["healthStatus"] == "HEALTHY"
                                        for p in runtime.must("GET", BASE + "/participants")["participantList"]))
    return process


def shown(place):
    """The far side: the text of the element's file, and whether it is on; None: it is not there."""
    path = os.path.join(place, ID)
    if not os.path.exists(path):
        return None
    with open(path, encoding="utf-8") as file:
        return json.load(file)["properties"]["text"], os.path.exists(path + ".on")


def test_life(checks):
    with folder() as place, Runtime("--heart-beat-ms", "100") as runtime:
        runtime.commission(document())
        process = start(runtime, place)
        runtime.create(uuid=ID, properties={"text": "one"})
        for state, wanted in (("PASSIVE", ("one", False)), ("RUNNING", ("one", True))):
            runtime.reach(state)
            checks.equal(shown(place), wanted, state)
        runtime.create(version="1.0.1", uuid=ID, properties={"text": "two"}, fromVersion="1.0.0")
        wait("another configuration", lambda: runtime.loop()["version"] == "1.0.1" and "waiting" not in runtime.loop())
        checks.equal(shown(place), ("two", True), "it goes on running")
        os.remove(os.path.join(place, ID + ".on"))
        wait("drift is mended", lambda: shown(place) == ("two", True))
        for state, wanted in (("PASSIVE", ("two", False)), ("UNINITIALISED", None)):
            runtime.reach(state, version="1.0.1")
            checks.equal(shown(place), wanted, state)
        process.terminate()
        checks.equal(process.wait(), 0, "it ends")
        wait("it has left", lambda: runtime.must("GET", BASE + "/participants")["participantList"][0]["participantState"] == "TERMINATED")


def test_a_refusal(checks):
    with folder() as place, Runtime("--on-failure", "hold") as runtime:
        runtime.commission(document())
        start(runtime, place)
        runtime.create(uuid=ID)
        checks.equal(runtime.failure("PASSIVE"), "the element has no properties to write", "in its own words")


def test_killed(checks):
    with folder() as place, Runtime("--heart-beat-ms", "100", "--max-status-wait-ms", "1000") as runtime:
        runtime.commission(document())
        process = start(runtime, place)
        runtime.create(uuid=ID, properties={"text": "one"})
        for state, wanted in (("PASSIVE", ("one", False)), ("RUNNING", ("one", True)), ("PASSIVE", ("one", False)), ("UNINITIALISED", None)):
            runtime.order(state)
            runtime.kill(process)
            process = start(runtime, place)
            wait(state, lambda: runtime.loop()["state"] == state)
            wait("the far side", lambda: shown(place) == wanted)
            checks.check(True, state)


if __name__ == "__main__":
    sys.exit(Checks().run([test for name, test in globals().items() if name.startswith("test_")]))
