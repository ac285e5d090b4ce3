#!/usr/bin/env python3
# participant_guard - a participant asks a guard of its own before it acts: it counts, denies in words, and fails closed
# SPDX-License-Identifier: Apache-2.0
"""A clguardd that runs the loop, another one whose guards the participant asks, and clguard-participant with simulated elements."""
import json
import os
import subprocess
import sys

from participant_policy import LIMITER
from participant_world import PROGRAM, Checks, Runtime, folder, template

ID = "33333333-3333-4333-8333-000000000001"
TARGET = "e.Test/" + ID


def limit(place, operation="RUNNING", actor="p-0"):
    """A file with a guard: once in an hour."""
    path = os.path.join(place, "site.json")
    with open(path, "w", encoding="utf-8") as file:
        json.dump({"tosca_definitions_version": "tosca_simple_yaml_1_1_0", "topology_template": {"policies": [{"site.limit": {
            "type": LIMITER, "type_version": "1.0.0", "version": "1.0.0", "properties": {
                "actor": actor, "operation": operation, "limit": 1, "timeWindow": 1, "timeUnits": "hour"}}}]}}, file)
    return path


def counted(guard):
    return sorted((row["operation"], row["outcome"]) for row in guard.must("GET", "/clguard/v1/operations?actor=p-0&target=" + TARGET)
                  if row["closedLoopName"] == "loop")


def loop_of(runtime, *arguments):
    runtime.commission(template("ControlLoopElement", {}))
    process = runtime.participant("simulator", "--retries", "1", *arguments)
    runtime.create(uuid=ID)
    return process


def test_it_counts_and_denies(checks):
    with folder() as place, Runtime("--policies", limit(place)) as guard, Runtime("--on-failure", "hold") as runtime:
        loop_of(runtime, "--guard", guard.address)
        for state in ("PASSIVE", "RUNNING", "PASSIVE"):
            runtime.reach(state)
        checks.equal(counted(guard), [("PASSIVE", "Success"), ("RUNNING", "Success"), ("UPDATE", "Success")], "what it did")
        message = runtime.failure("RUNNING")
        checks.check(message.startswith("a guard denies it: limit_reached, policy site.limit, until 2"), "in words: %s" % message)
        checks.equal(runtime.loop()["elements"][ID]["state"], "PASSIVE2RUNNING", "it has not acted")
        checks.equal(len(counted(guard)), 3, "what is denied does not count")


def test_a_failure_counts_as_one(checks):
    with Runtime() as guard, Runtime("--on-failure", "hold") as runtime:
        loop_of(runtime, "--guard", guard.address, "--fail", "RUNNING")
        runtime.reach("PASSIVE")
        runtime.failure("RUNNING")
        checks.equal(counted(guard), [("RUNNING", "Failure"), ("UPDATE", "Success")], "it tried")


def test_without_an_answer_nothing_is_done(checks):
    with Runtime("--on-failure", "hold") as runtime:
        with Runtime() as guard:
            loop_of(runtime, "--guard", guard.address)
            runtime.reach("PASSIVE")
            guard.must("PUT", "/clguard/v1/state", {"state": "PASSIVE"})
            message = runtime.failure("RUNNING")
            checks.check(message.startswith("the guard does not decide: 409"), "a guard that is PASSIVE: %s" % message)
        message = runtime.failure("RUNNING")
        checks.check(message.startswith("the guard does not decide: "), "a guard that is away: %s" % message)
        checks.equal(runtime.loop()["elements"][ID]["state"], "PASSIVE2RUNNING", "it has not acted")


def test_the_service_as_its_guard(checks):
    with folder() as place, Runtime("--on-failure", "hold", "--policies", limit(place)) as runtime:
        loop_of(runtime, "--guard", "service")
        for state in ("PASSIVE", "RUNNING", "PASSIVE"):
            runtime.reach(state)
        message = runtime.failure("RUNNING")
        checks.check("limit_reached, policy site.limit" in message, "its own guards: %s" % message)


def test_a_wrong_address(checks):
    done = subprocess.run([PROGRAM, "--kind", "simulator", "--type", "t", "--name", "n", "--guard", "nowhere"], capture_output=True,
                          text=True, check=False, timeout=20)
    checks.check(done.returncode == 2 and "guard is wrong: expected service, ADDR:PORT" in done.stderr, "told: %s" % done.stderr)


if __name__ == "__main__":
    sys.exit(Checks().run([test for name, test in globals().items() if name.startswith("test_")]))
