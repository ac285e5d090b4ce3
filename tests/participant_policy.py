#!/usr/bin/env python3
# participant_policy - the policy kind: policies of a loop's element created, deployed and withdrawn in a policy framework
# SPDX-License-Identifier: Apache-2.0
"""Two clguardd: one runs the loops, the other is the policy framework; clguard-participant stands between them."""
import os
import sys

from participant_world import BASE, PROGRAM, Checks, Runtime, concept, folder, template, wait

API, PAP = "/policy/api/v1/", "/policy/pap/v1/"
LIMITER = "onap.policies.controlloop.guard.common.FrequencyLimiter"
OWN_TYPE = {"org.example.policies.Threshold": {"derived_from": "tosca.policies.Root", "version": "1.0.0",
                                              "properties": {"level": {"type": "integer"}}}}


def policies(limit=1, version="1.0.0"):
    return [{"edge.limit": {"type": LIMITER, "type_version": "1.0.0", "version": version, "properties": {
                "actor": "SO", "operation": "Restart", "limit": limit, "timeWindow": 10, "timeUnits": "minute"}}},
            {"edge.other": {"type": LIMITER, "type_version": "1.0.0", "version": "1.0.0", "properties": {
                "actor": "SO", "operation": "Scale", "limit": 1, "timeWindow": 10, "timeUnits": "minute"}}}]


def document(**properties):
    return template("PolicyControlLoopElement", properties or {"policy_id": concept("edge.limit"), "policy_type_id": concept(LIMITER)}, more={"policies": policies()})


def deployed(framework):
    return sorted((p["policy-id"], p["policy-version"]) for p in framework.must("GET", PAP + "policies/deployed"))


def created(framework, name="edge.limit"):
    return framework.ask("GET", API + "policies/%s/versions/1.0.0" % name)[0] == 200


def verdicts(framework, count=2):
    """Restarts that are recorded, and what is said of the next."""
    body = {"ONAPName": "t", "ONAPComponent": "t", "ONAPInstance": "t", "requestId": "r", "action": "guard", "resource": {
        "guard": {"actor": "SO", "operation": "Restart", "requestId": "r", "clname": "loop", "target": "vm-1"}}}
    for i in range(count):
        framework.must("POST", "/clguard/v1/operations", [{
            "actor": "SO", "operation": "Restart", "target": "vm-1", "closedLoopName": "loop", "requestId": "r%d" % i,
            "outcome": "Success"}])
    return framework.must("POST", "/policy/pdpx/v1/decision", body)["status"]


def start(runtime, framework, *arguments):
    return runtime.participant("policy", "--url", "http://" + framework.address, "--observe-ms", "50", *arguments)


def test_life(checks):
    with Runtime() as runtime, Runtime() as framework:
        runtime.commission(document())
        start(runtime, framework)
        runtime.create()
        runtime.reach("PASSIVE")
        checks.equal((created(framework), created(framework, "edge.other"), deployed(framework)), (True, False, []),
                     "created is what the element names, and nothing is deployed")
        checks.equal(verdicts(framework), "Permit", "nothing is in force")
        runtime.reach("RUNNING")
        checks.equal(deployed(framework), [("edge.limit", "1.0.0")], "deployed")
        checks.equal(verdicts(framework, 0), "Deny", "the framework decides by it")
        runtime.reach("PASSIVE")
        checks.equal((created(framework), deployed(framework)), (True, []), "withdrawn")
        runtime.reach("UNINITIALISED")
        checks.equal(created(framework), False, "deleted")


def test_two_instances_share_their_policies(checks):
    with Runtime() as runtime, Runtime() as framework:
        runtime.commission(document())
        start(runtime, framework)
        for name in ("loop-a", "loop-b"):
            runtime.create(name)
            runtime.reach("PASSIVE", name)
            runtime.reach("RUNNING", name)
        runtime.reach("PASSIVE", "loop-a")
        runtime.reach("UNINITIALISED", "loop-a")
        checks.equal(deployed(framework), [("edge.limit", "1.0.0")], "the other instance still needs it")
        runtime.reach("PASSIVE", "loop-b")
        checks.equal(deployed(framework), [], "nobody does")
        runtime.reach("UNINITIALISED", "loop-b")
        checks.equal(created(framework), False, "and it is gone")


def test_what_others_made_stays(checks):
    with Runtime() as runtime, Runtime() as framework:
        framework.must("POST", API + "policies", {"tosca_definitions_version": "tosca_simple_yaml_1_1_0",
                                                  "topology_template": {"policies": policies()[:1]}})
        runtime.commission(document())
        start(runtime, framework)
        runtime.create()
        for state in ("PASSIVE", "RUNNING", "PASSIVE", "UNINITIALISED"):
            runtime.reach(state)
        checks.equal(created(framework), True, "it was there before, and is there after")
    with Runtime("--on-failure", "hold") as runtime, Runtime() as framework:
        framework.must("POST", API + "policies", {"tosca_definitions_version": "tosca_simple_yaml_1_1_0",
                                                  "topology_template": {"policies": policies(limit=7)[:1]}})
        runtime.commission(document())
        start(runtime, framework)
        runtime.create()
        message = runtime.failure("PASSIVE")
        checks.check("edge.limit" in message and " answers 4" in message, "another content is refused: %s" % message)


def test_drift_is_reported_and_mended(checks):
    with Runtime("--heart-beat-ms", "100") as runtime, Runtime() as framework:
        runtime.commission(document())
        start(runtime, framework)
        runtime.create()
        runtime.reach("PASSIVE")
        runtime.reach("RUNNING")
        framework.must("DELETE", PAP + "pdps/policies/edge.limit")
        wait("it is deployed again", lambda: deployed(framework) == [("edge.limit", "1.0.0")])
        notes = [m for m in runtime.must("GET", "/events/CLGUARD-NOTIFICATION/t/0?timeout=0&limit=1000")]
        checks.equal(notes, [], "a reader that comes late")
        wait("it stands", lambda: runtime.must("GET", BASE + "/monitoring/status")["controlLoopStatusList"][0]["healthy"])


def test_a_framework_that_is_away(checks):
    with Runtime("--on-failure", "hold") as runtime:
        with Runtime() as framework:
            address = framework.address
        runtime.commission(document())
        runtime.participant("policy", "--url", "http://" + address, "--retries", "1")
        runtime.create()
        message = runtime.failure("PASSIVE")
        checks.check(message.startswith("GET http://%s/policy/api" % address), "told in words: %s" % message)


def test_killed_at_every_step(checks):
    with Runtime("--heart-beat-ms", "100", "--max-status-wait-ms", "1000") as runtime, \
            Runtime() as framework, folder() as data:
        runtime.commission(document())
        process = start(runtime, framework, "--data", data)
        runtime.create()
        for state, wanted in (("PASSIVE", (True, [])), ("RUNNING", (True, [("edge.limit", "1.0.0")])),
                              ("PASSIVE", (True, [])), ("UNINITIALISED", (False, []))) * 4:
            runtime.order(state)
            runtime.kill(process)
            process = start(runtime, framework, "--data", data)
            wait(state, lambda: runtime.loop()["state"] == state)
            wait("the far side: %s" % (wanted,), lambda: (created(framework), deployed(framework)) == wanted)
            checks.check(True, state)


def main():
    if not os.path.exists(PROGRAM) or "\n  policy\n" not in os.popen(PROGRAM + " --help").read():
        print("needs clguard-participant with libcurl")
        return 77
    return Checks().run([test for name, test in globals().items() if name.startswith("test_")])


if __name__ == "__main__":
    sys.exit(main())
