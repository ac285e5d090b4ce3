#!/usr/bin/env python3
"""verifying - after a kill the service listens at once: what counts is denied until the database is verified beside serving"""
# SPDX-License-Identifier: Apache-2.0
import contextlib
import fcntl
import os
import re
import signal
import struct
import subprocess
import tempfile
import time

import service
from service import BLACKLIST, LIMITER, Service, wait_for

STRESS = os.environ.get("CLGUARD_STRESS")
MEMORY = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None  # where a large file is made soon
ROWS = 3000000 if STRESS else 300000
LIMIT = ROWS // 5000 + 5
RESERVATIONS = "/clguard/v1/reservations"
OPERATIONS = "/clguard/v1/operations"
POLICIES = {
    "l.yaml": LIMITER.replace("limit: 2", f"limit: {LIMIT}").replace("timeWindow: 10", "timeWindow: 10000000"),
    "b.yaml": BLACKLIST % "gnb-bad",
    "c.yaml": """tosca_definitions_version: tosca_simple_yaml_1_1_0
topology_template:
  policies:
    - edge.turns:
        type: onap.policies.controlloop.guard.coordination.FirstBlocksSecond
        type_version: 1.0.0
        version: 1.0.0
        properties: {controlLoop: [loop-1, loop-2]}
""",
}
FREE = {"actor": "SO", "operation": "VF Module Create", "target": "m-1"}
COUNTED = {"actor": "RANC", "operation": "Cell Reset", "target": "gnb-1"}


def fill(folder):
    """A database of so many operations, as a kill leaves it."""
    rows = os.path.join(folder, "rows.csv")
    now = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() - 3600))
    with open(rows, "w", encoding="utf-8") as file:
        file.write("actor,operation,target,requestId,starttime,outcome,endtime\n")
        for number in range(ROWS):
            file.write(f"RANC,Cell Reset,gnb-{number % 5000},r{number},{now},Success,{now}\n")
    database = os.path.join(folder, "data")
    subprocess.run([os.path.join(service.BUILD, "clguard"), "db", "import", database, rows], check=True,
                   stdout=subprocess.DEVNULL)
    os.unlink(rows)
    forget(database)
    return database


def forget(database):
    """As if it had not been stopped cleanly."""
    if os.path.exists(os.path.join(database, "clguard.clean")):
        os.unlink(os.path.join(database, "clguard.clean"))


def answer(reply):
    return reply.json["status"], reply.json.get("reason")


def reserve(server, number, **more):
    return server.request("POST", RESERVATIONS, service.ask(**COUNTED, requestId=f"r-{number}", **more))


def is_ready(server):
    return server.request("GET", "/ready").json["ready"]


def check_early(suite, server):
    """All doors while it is verified."""
    def early(what):
        got = what()
        suite.equal(server.request("GET", "/ready").json.get("why"), "verifying", "it is still being verified")
        return got
    suite.equal(answer(early(lambda: server.decide(**COUNTED))), ("Deny", "verifying"), "a limiter")
    suite.equal(answer(early(lambda: server.decide(**FREE, clname="loop-2"))),
                ("Deny", "verifying"), "a coordination")
    suite.equal(answer(early(lambda: server.decide(**FREE))),
                ("Permit", "no_applicable_guard"), "what no guard is for")
    suite.equal(early(lambda: server.decide(**dict(COUNTED, target="gnb-bad"))).json["status"], "Deny", "a blacklist")
    reply = early(lambda: reserve(server, 1))
    suite.equal((reply.status, *answer(reply)), (200, "Deny", "verifying"), "a reservation")
    reply = early(lambda: server.request("POST", service.DECISION + "?explain=true", service.ask(**COUNTED)))
    guards = [guard for guard in reply.json["explanation"]["guards"] if guard["kind"] == "FrequencyLimiter"]
    suite.check("verified" in guards[0].get("note", "") and "used" not in guards[0], "its explanation")
    limiters = early(lambda: server.request("GET", "/clguard/v1/headroom?actor=RANC&operation=Cell+Reset&target=gnb-1"))
    suite.equal([(one["reason"], one["used"], one["remaining"]) for one in limiters.json["limiters"]],
                [("verifying", None, 0)], "headroom")
    for method, path, body in (("GET", OPERATIONS, None), ("POST", OPERATIONS, [{"actor": "a", "operation": "o"}]),
                               ("PUT", RESERVATIONS + "/0123", {"outcome": "Success"}),
                               ("DELETE", RESERVATIONS + "/0123", None), ("GET", "/events/t/g/c", None),
                               ("POST", "/events/t", {"a": 1}), ("GET", "/onap/controlloop/v2/commission", None),
                               ("GET", "/policy/pap/v1/pdps", None), ("GET", "/clguard/v1/transactions", None)):
        reply = early(lambda: server.request(method, path, body))
        suite.equal((reply.status, reply.headers.get("retry-after"), b"verified" in reply.body),
                    (503, "1", True), f"{method} {path}")
    suite.equal(early(lambda: server.request("GET", "/live")).status, 200, "/live")
    ready = early(lambda: server.request("GET", "/ready"))
    progress = ready.json["database"]["verifying"]
    suite.equal((ready.status, progress["waiting"]), (503, False), "/ready")
    suite.check(0 <= progress["entries"] <= progress["of"] and progress["of"] > 0, "its progress")
    metrics = early(lambda: server.request("GET", "/metrics", headers={}))
    suite.check(b"\nclguard_database_verifying 1\n" in metrics.body, "/metrics")
    suite.equal(early(lambda: server.request("GET", service.HEALTH_PATH)).status, 200, "healthcheck")
    status = early(lambda: subprocess.run([os.path.join(service.BUILD, "clguard"), "status", "--service", server.address()],
                                          capture_output=True, text=True))
    suite.check(status.returncode == 1 and re.search(r"not ready: verifying.*\n(.*\n)*.*verifying: \d+ of \d+", status.stdout),
                "clguard status")


def check_verified(suite, server):
    """Afterwards every count is exact."""
    suite.check(wait_for(lambda: is_ready(server), 600), "it becomes ready")
    used = ROWS // 5000
    room = server.request("GET", "/clguard/v1/headroom?actor=RANC&operation=Cell+Reset&target=gnb-1").json["limiters"]
    suite.equal([(one["used"], one["limit"]) for one in room], [(used, LIMIT)], "what was used")
    rights = [reserve(server, f"after-{number}").status for number in range(LIMIT - used + 1)]
    suite.equal(rights, [201] * (LIMIT - used) + [200], "rights to the last one")
    suite.equal(answer(server.decide(**dict(COUNTED, target="gnb-2"))), ("Permit", "permit"), "another target")
    suite.check(f"verified: {ROWS} operations in" in server.log_text(), "the log says how many")


def counting(server):
    """How far the verification is, when it has begun to count; {} while it has not, None when it is over."""
    told = server.request("GET", "/ready").json
    progress = told.get("database", {}).get("verifying")
    return None if told["ready"] or not progress else progress if progress["of"] else {}


def hold_child(server):
    """The child that verifies stands still until it is released, so that nobody has to hurry: its process number. None when it
    was too fast for that."""
    pid = server.process.pid

    def has_begun():  # and said whether policies are deployed in the database: nothing is permitted before
        return counting(server) is None or (counting(server) and server.decide(**FREE).json["status"] == "Permit")
    wait_for(has_begun, 60)
    with open(f"/proc/{pid}/task/{pid}/children", encoding="ascii") as file:
        children = file.read().split()
    if not children:
        return None
    os.kill(int(children[0]), signal.SIGSTOP)
    progress = counting(server)
    if progress and progress["entries"] < progress["of"]:
        return int(children[0])
    os.kill(int(children[0]), signal.SIGCONT)
    return None


@contextlib.contextmanager
def another_verifies(data):
    """The lock of a process that verifies the database just now."""
    lock = os.open(os.path.join(data, "clguard.lock"), os.O_RDWR)
    fcntl.fcntl(lock, 37, struct.pack("hhqqi4x", fcntl.F_WRLCK, os.SEEK_SET, 0, 1, 0))  # F_OFD_SETLK
    try:
        yield
    finally:
        os.close(lock)


def check_killed_verification(suite, data):
    """It is no damage."""
    with Service("--data", data, policies=POLICIES, start_timeout=60, check_exit=False, early=True) as server:
        child = hold_child(server)
        if not child:
            print("verified before anybody could look")
            forget(data)
            return
        os.kill(child, signal.SIGKILL)
        suite.equal(server.process.wait(60), 3, "a verification is killed: the service ends")
        suite.check("was killed (signal 9)" in server.log_text(), "and says why")
        suite.check(not [name for name in os.listdir(data) if name.startswith("damaged")], "nothing is put aside")


def test_it_answers_at_once_and_counts_when_it_is_verified(suite):
    with tempfile.TemporaryDirectory(dir=MEMORY) as folder:
        data = fill(folder)
        check_killed_verification(suite, data)
        began = time.monotonic()
        with Service("--data", data, policies=POLICIES, start_timeout=60, early=True) as server:
            suite.equal(server.decide(**dict(COUNTED, target="gnb-bad")).json["status"], "Deny", "a blacklist needs no count")
            first = time.monotonic() - began
            child = hold_child(server)
            if not child:
                print("verified before anybody could look")
            else:
                check_early(suite, server)
                os.kill(child, signal.SIGCONT)
            check_verified(suite, server)
            print(f"{ROWS} operations: a decision after {first:.2f} s, counts after {time.monotonic() - began:.1f} s")
            suite.check(first < 5, "soon, however many operations there are")
            server.kill()
            server.start()
            suite.check(wait_for(lambda: is_ready(server), 600), "ready after another kill")
            suite.equal(reserve(server, "late").json, {"status": "Deny", "reason": "limit_reached"}, "rights are remembered")


def leave_killed(data, *options, rights=3):
    """A small database with so many rights for the limiter, left by a kill."""
    with Service("--data", data, *options, policies=POLICIES, check_exit=False) as server:
        taken = [reserve(server, f"before-{number}").status for number in range(rights)]
        assert taken == [201] * rights, taken
        server.kill()


def test_the_second_waits_while_another_verifies_and_says_so(suite):
    for mode in ("strict", "onap"):
        with tempfile.TemporaryDirectory() as folder:
            data = os.path.join(folder, "data")
            leave_killed(data)
            with another_verifies(data):
                server = Service("--data", data, "--mode", mode, policies=POLICIES, early=True)
                suite.equal(server.decide(**COUNTED).json["status"], "Deny", f"{mode}: a limiter")
                suite.equal(server.decide(**FREE, clname="loop-2").json["status"], "Deny", f"{mode}: a coordination")
                suite.equal(server.decide(**FREE).json["status"], "Deny", f"{mode}: guards may be deployed in it")
                suite.equal(answer(reserve(server, 1)), ("Deny", "verifying"), f"{mode}: a reservation")
                told = server.request("GET", "/ready").json
                suite.equal((told["why"], told["database"]["verifying"]["waiting"]), ("verifying", True), "/ready")
                suite.check(wait_for(lambda: "; waiting" in server.log_text()), "the log says that it waits")
                told = subprocess.run([os.path.join(service.BUILD, "clguard"), "status", "--service", server.address()],
                                      capture_output=True, text=True).stdout
                suite.check("waiting for another process" in told, "clguard status says it too")
            with server:
                suite.check(wait_for(lambda: is_ready(server)), f"{mode}: ready")
                suite.equal(server.decide(**COUNTED).json["status"], "Permit", f"{mode}: a limiter, afterwards")
                suite.equal(server.decide(**FREE).json["status"], "Permit", f"{mode}: what no guard is for, afterwards")
                suite.equal(reserve(server, "before-0").status, 200, f"{mode}: a right of before")


def test_nothing_is_permitted_before_guards_that_are_deployed_are_in_force(suite):
    with tempfile.TemporaryDirectory() as folder:
        data = os.path.join(folder, "data")
        with Service("--data", data, early=True) as server:
            reply = server.request("POST", "/policy/api/v1/policies", BLACKLIST % "gnb-1", headers={"Content-Type": "application/yaml"})
            suite.equal(reply.status, 201, "a policy")
            reply = server.request("POST", "/policy/pap/v1/pdps/policies", {"policies": [{"policy-id": "edge.block"}]})
            suite.equal(reply.status, 202, "deployed")
            suite.check(wait_for(lambda: answer(server.decide(**COUNTED)) == ("Deny", "blacklisted")), "in force")
            server.kill()
            with another_verifies(data):
                server.start()
                suite.equal(answer(server.decide(**COUNTED)), ("Deny", "verifying"), "what it forbids")
                suite.equal(answer(server.decide(**FREE)), ("Deny", "verifying"), "what it does not")
                suite.equal(server.request("GET", "/ready").json["policies"], 0, "nobody knows of it yet")
            suite.check(wait_for(lambda: is_ready(server)), "ready")
            suite.equal(answer(server.decide(**COUNTED)), ("Deny", "blacklisted"), "what it forbids, afterwards")
            suite.equal(answer(server.decide(**FREE)), ("Permit", "no_applicable_guard"), "what it does not, afterwards")


def test_it_stops_and_is_killed_while_it_waits(suite):
    with tempfile.TemporaryDirectory() as folder:
        data = os.path.join(folder, "data")
        leave_killed(data)
        with another_verifies(data):
            with Service("--data", data, policies=POLICIES, early=True) as server:
                suite.equal(server.stop(), 0, "SIGTERM")
                server.start()
                server.kill()
                server.start()
                suite.equal(answer(server.decide(**COUNTED)), ("Deny", "verifying"), "once more")


def test_damage_that_is_found_while_it_serves_is_put_aside(suite):
    with tempfile.TemporaryDirectory() as folder:
        data = os.path.join(folder, "data")
        leave_killed(data)
        with another_verifies(data):
            server = Service("--data", data, policies=POLICIES, early=True)
            with open(os.path.join(data, "data.mdb"), "r+b") as file:
                size = file.seek(0, os.SEEK_END)
                file.seek(size // 4)
                file.write(b"\x5a" * (size // 2))
                file.truncate(size * 7 // 8)
            suite.equal(answer(server.decide(**COUNTED)), ("Deny", "verifying"), "before")
        with server:
            suite.check(wait_for(lambda: is_ready(server)), "it serves on")
            suite.equal(answer(server.decide(**COUNTED)), ("Deny", "quarantine"), "how much was used is not known")
            suite.check("put aside" in server.log_text(), "the log says so")
            suite.equal(server.decide(**FREE).json["status"], "Permit", "what does not count")


if __name__ == "__main__":
    service.main(globals())
