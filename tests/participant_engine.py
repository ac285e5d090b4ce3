#!/usr/bin/env python3
# participant_engine - the policies of an element in a clguardd of its own: its life, its deaths, those of its participant
# SPDX-License-Identifier: Apache-2.0
"""The engines are real processes, started by clguard-participant; the test kills them, and it."""
import http.client
import json
import os
import signal
import socket
import struct
import sys

from participant_policy import LIMITER, policies
from participant_world import BASE, BUILD, PROGRAM, Checks, Runtime, concept, folder, template, wait

ENGINE = os.path.abspath(os.path.join(BUILD, "clguardd"))
ELEMENT = "33333333-3333-4333-8333-000000000001"
OTHER = "33333333-3333-4333-8333-000000000002"


def document(**settings):
    engine = dict({"durability": "process"}, **settings)
    return template("PolicyControlLoopElement", {"policy_id": concept("edge.limit"), "policy_type_id": concept(LIMITER),
                                                 "engine": engine}, more={"policies": policies()})


def start(runtime, data, *arguments):
    return runtime.participant("policy", "--engine", ENGINE, "--data", data, "--observe-ms", "50", *arguments)


class Unix(http.client.HTTPConnection):
    def __init__(self, path):
        super().__init__("engine", timeout=20)
        self.path = path

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(20)
        self.sock.connect(self.path)


def at(data, element=ELEMENT):
    return os.path.join(data, "engines", element)


def ask(data, method, path, body=None, element=ELEMENT):
    """Asks an engine; None when nobody answers."""
    connection = Unix(os.path.join(at(data, element), "socket"))
    try:
        connection.request(method, path, None if body is None else json.dumps(body), {"Content-Type": "application/json"})
        answer = json.loads(connection.getresponse().read())
    except OSError:
        return None
    finally:
        connection.close()
    return answer


def verdict(data, element=ELEMENT, vm="vm-1"):
    """What the engine says to a restart, None for nothing."""
    answer = ask(data, "POST", "/policy/pdpx/v1/decision", {
        "ONAPName": "t", "ONAPComponent": "t", "ONAPInstance": "t", "requestId": "r", "action": "guard", "resource": {
            "guard": {"actor": "SO", "operation": "Restart", "requestId": "r", "clname": "loop", "target": vm}}}, element)
    return answer and answer["status"]


def restarted(data, element=ELEMENT):
    ask(data, "POST", "/clguard/v1/operations", [{
        "actor": "SO", "operation": "Restart", "target": "vm-1", "closedLoopName": "loop", "requestId": "r1",
        "outcome": "Success"}], element)


def pid(data, element=ELEMENT):
    """The process that listens; 0: none."""
    with socket.socket(socket.AF_UNIX) as peer:
        try:
            peer.connect(os.path.join(at(data, element), "socket"))
        except OSError:
            return 0
        return struct.unpack("iii", peer.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12))[0]


def notifications(runtime):
    return [json.loads(text) for text in runtime.must("GET", "/events/CLGUARD-NOTIFICATION/t/0?timeout=0&limit=1000")]


def end(data):
    """What a test that failed has left."""
    for element in (ELEMENT, OTHER):
        one = pid(data, element)
        if one:
            os.kill(one, signal.SIGKILL)


def test_life(checks):
    with Runtime() as runtime, folder() as data:
        try:
            runtime.commission(document())
            start(runtime, data)
            for name, element in (("loop-a", ELEMENT), ("loop-b", OTHER)):
                runtime.create(name, uuid=element)
                runtime.reach("PASSIVE", name)
                runtime.reach("RUNNING", name)
            checks.check(pid(data) != pid(data, OTHER) and pid(data) and pid(data, OTHER), "a process for each instance")
            restarted(data)
            checks.equal((verdict(data), verdict(data, OTHER)), ("Deny", "Permit"), "each counts for itself")
            records = runtime.must("GET", BASE + "/monitoring/clelement?name=p-0&version=1.0.0&id=" + ELEMENT)
            last = records["clElementStatistics"][-1].get("engine") or {}
            checks.equal((last.get("state"), last.get("address")), ("UP", os.path.join(at(data), "socket")), "its records tell")
            runtime.reach("PASSIVE", "loop-a")
            checks.equal((verdict(data), verdict(data, OTHER)), ("Permit", "Permit"), "its policies are withdrawn, it stays")
            checks.check(ask(data, "GET", "/policy/api/v1/policies/edge.limit/versions/1.0.0").get("topology_template"), "created")
            gone = pid(data)
            runtime.reach("UNINITIALISED", "loop-a")
            checks.equal((os.path.exists(at(data)), os.path.exists("/proc/%d" % gone)), (False, False), "it is gone with its data")
            checks.check(verdict(data, OTHER) == "Permit", "the other one lives")
            runtime.reach("PASSIVE", "loop-b")
            runtime.reach("UNINITIALISED", "loop-b")
            checks.equal(os.listdir(os.path.join(data, "engines")), [], "nothing is left")
        finally:
            end(data)


def test_an_engine_that_dies(checks):
    with Runtime("--heart-beat-ms", "100") as runtime, folder() as data:
        try:
            runtime.commission(document())
            start(runtime, data, "--retry-wait-ms", "700")
            runtime.create(uuid=ELEMENT)
            runtime.reach("PASSIVE")
            runtime.reach("RUNNING")
            restarted(data)
            notifications(runtime)
            for _ in range(2):
                before = pid(data)
                os.kill(before, signal.SIGKILL)
                checks.equal(verdict(data), None, "nobody permits anything")
                wait("another one", lambda: pid(data) not in (0, before))
                wait("its answer", lambda: verdict(data) is not None)
                checks.equal(verdict(data), "Deny", "it counts on")
            told = []

            def wrong_and_right():
                told.extend(notifications(runtime))
                kinds = [m["notification"] for m in told]
                return "WRONG_STATE" in kinds and "RIGHT_STATE" in kinds
            wait("the runtime tells of it", wrong_and_right)
            wait("it stands", lambda: runtime.must("GET", BASE + "/monitoring/status")["controlLoopStatusList"][0]["healthy"])
            runtime.reach("PASSIVE")
            runtime.reach("UNINITIALISED")
        finally:
            end(data)


def test_an_engine_that_hangs(checks):
    with Runtime() as runtime, folder() as data:
        try:
            runtime.commission(document())
            start(runtime, data, "--timeout-ms", "3000")
            runtime.create(uuid=ELEMENT)
            runtime.reach("PASSIVE")
            runtime.reach("RUNNING")
            before = pid(data)
            os.kill(before, signal.SIGSTOP)
            wait("another one", lambda: pid(data) not in (0, before))
            wait("its answer", lambda: verdict(data) == "Permit")
            checks.check(True, "it was replaced")
            before = pid(data)
            os.kill(before, signal.SIGSTOP)
            runtime.order("PASSIVE")  # the order has to do with one that hangs, too
            wait("passive", lambda: runtime.loop()["state"] == "PASSIVE")
            runtime.reach("UNINITIALISED")
            checks.check(not os.path.exists(at(data)), "removed")
        finally:
            end(data)


def test_killed_participants(checks):
    """At each step; the engine is found again, and is one."""
    with Runtime("--heart-beat-ms", "100", "--max-status-wait-ms", "1000") as runtime, folder() as data:
        try:
            runtime.commission(document())
            process = start(runtime, data)
            runtime.create(uuid=ELEMENT)
            for state in ("PASSIVE", "RUNNING", "PASSIVE", "UNINITIALISED") * 2:
                runtime.order(state)
                runtime.kill(process)
                process = start(runtime, data)
                wait(state, lambda: runtime.loop()["state"] == state)
                if state != "UNINITIALISED":
                    wait("its engine", lambda: pid(data))
                    checks.check(ask(data, "GET", "/policy/api/v1/policies/edge.limit/versions/1.0.0"), "created")
                else:
                    checks.check(not os.path.exists(at(data)), "removed")
            runtime.reach("PASSIVE")
            runtime.reach("RUNNING")
            before = pid(data)
            restarted(data)
            runtime.kill(process)
            checks.equal(verdict(data), "Deny", "it decides without its participant")
            process = start(runtime, data)
            checks.equal(pid(data), before, "found again, not started twice")
            runtime.kill(process)
            os.kill(before, signal.SIGKILL)
            process = start(runtime, data)
            wait("another one", lambda: pid(data) not in (0, before))
            wait("its answer", lambda: verdict(data) == "Deny")
            checks.check(True, "both died")
            runtime.reach("PASSIVE")
            runtime.reach("UNINITIALISED")
        finally:
            end(data)


def test_what_does_not_start(checks):
    for engine, settings, words in (("/nonexistent/clguardd", {}, "/nonexistent/clguardd cannot be started: No such file"),
                                    (ENGINE, {"users": "/etc/passwd"}, "engine: 'users' is not a setting that a type gives"),
                                    (ENGINE, {"workers": "many"}, "its engine has ended with code 2: see ")):
        with Runtime("--on-failure", "hold") as runtime, folder() as data:
            runtime.commission(document(**settings))
            runtime.participant("policy", "--engine", engine, "--data", data, "--retries", "0")
            runtime.create(uuid=ELEMENT)
            message = runtime.failure("PASSIVE")
            checks.check(words in message, "told in words: %s" % message)
    with Runtime("--on-failure", "hold") as runtime, folder() as data:
        runtime.commission(document())
        runtime.participant("policy", "--url", "http://127.0.0.1:1", "--data", data)
        runtime.create(uuid=ELEMENT)
        message = runtime.failure("PASSIVE")
        checks.check("its participant starts none: set engine" in message, "told in words: %s" % message)


def main():
    if not os.path.exists(PROGRAM) or "\n  policy\n" not in os.popen(PROGRAM + " --help").read():
        print("needs clguard-participant with libcurl")
        return 77
    return Checks().run([test for name, test in globals().items() if name.startswith("test_")])


if __name__ == "__main__":
    sys.exit(main())
