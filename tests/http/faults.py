#!/usr/bin/env python3
"""faults - the disk is full, a file may not grow, descriptors run out: nobody is permitted by that, and it passes by itself."""
# SPDX-License-Identifier: Apache-2.0
import os
import resource
import socket
import subprocess
import tempfile
import time
from datetime import datetime, timedelta, timezone

import service
from service import LIMITER, Service, wait_for

RESERVATIONS = "/clguard/v1/reservations"
OPERATIONS = "/clguard/v1/operations"
MANY = LIMITER.replace("limit: 2", "limit: 100000")


def guard(number):
    return {"actor": "RANC", "operation": "Cell Reset", "target": f"gnb-{number}", "requestId": f"r-{number}"}


def reserve(server, number):
    """True when the right was given; a refusal must be the declared one: 503, or Deny with reason error."""
    reply = server.request("POST", RESERVATIONS, service.ask(**guard(number)))
    if reply.status == 201:
        return True
    if reply.status == 503 or (reply.json.get("status") == "Deny" and reply.json.get("reason") == "error"):
        return False
    raise AssertionError(f"{reply.status} {reply.body!r}")


def stored(server):
    """Request ids in the database, as the listing tells them."""
    return {row["requestId"] for row in server.request("GET", OPERATIONS + "?limit=1000", headers={}).json}


def reserve_until_refused(server, first, most=600):
    """Numbers of the rights that were given, and whether one was refused."""
    given = []
    for number in range(first, first + most):
        if not reserve(server, number):
            return given, True
        given.append(number)
    return given, False


def check_fault_and_recovery(suite, server, given, heal):
    suite.check(given, "some rights were given before the fault")
    for number in range(10001, 10006):
        suite.check(not reserve(server, number), "refused as long as the fault stays")
    row = {"actor": "RANC", "operation": "Cell Reset", "target": "gnb-9", "requestId": "row", "outcome": "Success"}
    statuses = {server.request("POST", OPERATIONS, [dict(row, target=f"gnb-{i}") for i in range(count)]).status
                for count in (1, 2, 5, 10, 20, 50, 100, 200, 400)}
    suite.check(507 in statuses and statuses <= {200, 507}, f"rows of any number, wherever the room ended: {statuses}")
    suite.equal(server.decide(**guard(1)).json.get("reason"), "error", "what is not entered is not counted: Deny")
    suite.equal(server.request("GET", service.HEALTH_PATH, headers={}).status, 200, "the service lives")
    suite.equal(server.process.poll(), None, "the process lives")
    heal()
    suite.check(wait_for(lambda: reserve(server, 20000)), "rights are given again when the fault has gone")
    suite.equal({f"r-{number}" for number in given + [20000]} - stored(server), set(), "acknowledged and lost")
    suite.equal(server.request("GET", "/metrics", headers={}).body.decode().count("reservations_difference 0\n"), 1,
                "the sum of the reservations")


def set_file_size(server, limit):
    _, hard = resource.prlimit(server.process.pid, resource.RLIMIT_FSIZE)
    resource.prlimit(server.process.pid, resource.RLIMIT_FSIZE, (limit, hard))


def test_a_file_that_may_not_grow_denies_until_it_may(suite):
    with tempfile.TemporaryDirectory() as data, Service("--data", data, policies={"l.yaml": MANY}) as server:
        given, _ = reserve_until_refused(server, 0, 20)
        set_file_size(server, os.path.getsize(os.path.join(data, "data.mdb")))
        more, refused = reserve_until_refused(server, 100)
        suite.check(refused, "the fault strikes")
        check_fault_and_recovery(suite, server, given + more, lambda: set_file_size(server, resource.RLIM_INFINITY))


def warnings(server):
    return {warning["id"]: warning["text"] for warning in server.request("GET", "/ready", headers={}).json["warnings"]}


def metric(server, name):
    lines = server.request("GET", "/metrics", headers={}).body.decode().splitlines()
    return [float(line.split()[1]) for line in lines if line.startswith(name + " ")][0]


def register(server, name):
    return server.request("POST", "/events/POLICY-CLRUNTIME-PARTICIPANT", {
        "messageType": "PARTICIPANT_REGISTER", "participantType": {"name": "p", "version": "1.0.0"},
        "participantId": {"name": name, "version": "1.0.0"}})


def test_in_onap_mode_counts_that_cannot_be_read_permit_and_that_is_told(suite):
    with tempfile.TemporaryDirectory() as data, Service("--data", data, "--mode", "onap", "--heart-beat-ms", "100",
                                                        policies={"l.yaml": LIMITER.replace("limit: 2", "limit: 1")}) as server:
        server.request("POST", OPERATIONS, {"actor": "RANC", "operation": "Cell Reset", "target": "gnb-1", "outcome": "Success"})
        register(server, "a")
        suite.equal(server.decide(**guard(1)).json["status"], "Deny", "its limit is reached")
        suite.equal((metric(server, "clguard_counts_unread_total"), "counts_unread" in warnings(server)), (0, False), "in quiet")
        set_file_size(server, os.path.getsize(os.path.join(data, "data.mdb")))
        suite.check(reserve_until_refused(server, 100)[1], "the fault strikes")
        suite.equal(server.decide(**guard(1)).json["status"], "Permit", "as ONAP's does")
        suite.check(metric(server, "clguard_counts_unread_total") > 0, "it is counted")
        suite.check(wait_for(lambda: "permitted" in warnings(server).get("counts_unread", "")), "/ready tells")
        suite.check(wait_for(lambda: "supervision_stands" in warnings(server)), "and that no timer gets on")
        set_file_size(server, resource.RLIM_INFINITY)
        suite.check(wait_for(lambda: server.decide(**guard(1)).json["status"] == "Deny"), "it counts again")
        suite.check(wait_for(lambda: "supervision_stands" not in warnings(server)), "timers go on")
        suite.check("counts_unread" in warnings(server), "what was permitted stays told for an hour")
    suite.check("counts that could not be read: limiters and coordinations permitted" in server.log_text(), "the log")
    suite.check("control loops are supervised again" in server.log_text(), "the log of timers")


def test_a_full_disk_denies_until_there_is_room(suite):
    with tempfile.TemporaryDirectory() as data:
        if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", data], stderr=subprocess.DEVNULL).returncode != 0:
            print("left out: no right to mount a tmpfs")
            return
        try:
            with Service("--data", data, policies={"l.yaml": MANY}) as server:
                given, _ = reserve_until_refused(server, 0, 20)
                ballast = os.path.join(data, "ballast")
                with open(ballast, "wb", buffering=0) as file:
                    try:
                        while file.write(bytes(4096)):
                            pass
                    except OSError:
                        pass
                more, refused = reserve_until_refused(server, 100)
                suite.check(refused, "the fault strikes")
                check_fault_and_recovery(suite, server, given + more, lambda: os.remove(ballast))
        finally:
            subprocess.run(["umount", data], check=True)


def post_until_full(server, end):
    """Operations that ended then, until the database takes no more; how many it took."""
    row = {"actor": "RANC", "operation": "Cell Reset", "target": "gnb-1", "outcome": "Success", "endtime": end}
    for batch in range(1000):
        status = server.request("POST", OPERATIONS, [row] * 100).status
        if status != 200:
            return batch * 100, status
    return 0, 200


def test_a_database_at_max_bytes_denies_until_it_is_pruned(suite):
    with tempfile.TemporaryDirectory() as data, Service("--data", data, "--max-bytes", "1M",
                                                        policies={"l.yaml": LIMITER}) as server:
        now = datetime.now(timezone.utc)
        taken, status = post_until_full(server, (now - timedelta(hours=1)).strftime("%Y-%m-%dT%H:%M:%SZ"))
        suite.check(taken > 0 and status == 507, "it grows to its limit")
        suite.equal(server.decide(**guard(1)).json.get("reason"), "error", "a decision that counts")
        suite.check(not reserve(server, 1), "a reservation")
        metrics = server.request("GET", "/metrics", headers={}).body.decode()
        suite.check("clguard_database_refusing 1\n" in metrics, "the metric")
        pruned = subprocess.run([os.path.join(service.BUILD, "clguard"), "db", "prune", "--data", data, "--before",
                                 (now - timedelta(minutes=30)).strftime("%Y-%m-%dT%H:%M:%SZ")], stdout=subprocess.PIPE)
        suite.equal(pruned.returncode, 0, "pruned")
        suite.check(wait_for(lambda: server.decide(**guard(1)).json.get("reason") == "permit"), "it recovers by itself")
        suite.check(reserve(server, 2), "a right is given again")


def descriptors(server):
    return len(os.listdir(f"/proc/{server.process.pid}/fd"))


KEPT = 45  # the service keeps 40 for its workers and files


def test_without_descriptors_those_who_are_connected_are_served_and_others_wait(suite):
    with tempfile.TemporaryDirectory() as data, Service("--data", data, policies={"l.yaml": LIMITER}) as server:
        first = server.connection()
        suite.equal(server.request("POST", RESERVATIONS, service.ask(**guard(1)), connection=first).status, 201, "before")
        _, hard = resource.prlimit(server.process.pid, resource.RLIMIT_NOFILE)
        open_before = descriptors(server)
        resource.prlimit(server.process.pid, resource.RLIMIT_NOFILE, (open_before + KEPT, hard))
        crowd = [server.connect() for _ in range(60)]
        time.sleep(.3)
        suite.equal(server.request("POST", RESERVATIONS, service.ask(**guard(2)), connection=first).status, 201,
                    "a connection that stands is served")
        suite.equal(server.process.poll(), None, "the process lives")
        waiting = server.connect()
        waiting.settimeout(.5)
        waiting.sendall(b"GET /live HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        try:
            suite.check(waiting.recv(100) == b"", "no answer without a descriptor")
        except (socket.timeout, ConnectionResetError):
            pass
        suite.check(descriptors(server) < open_before + KEPT - 16, "descriptors are left for other things")
        waiting.close()
        before = cpu_s(server)
        time.sleep(.5)
        suite.check(cpu_s(server) - before < .25, "waiting for descriptors burns no processor")
        for sock in crowd:
            sock.close()
        suite.check(wait_for(lambda: again(server)), "others are served again when the crowd has gone")
        first.close()


def cpu_s(server):
    with open(f"/proc/{server.process.pid}/stat", encoding="ascii") as file:
        fields = file.read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def again(server):
    try:
        return server.request("POST", RESERVATIONS, service.ask(**guard(3))).status in (200, 201)
    except OSError:
        return False


def few_descriptors(count):
    """For a process that is about to start."""
    return lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (count, count))


def test_a_low_limit_of_descriptors_ends_the_idlest_connections_and_nobody_goes_unserved(suite):
    with Service(policies={"l.yaml": LIMITER}, prepare=few_descriptors(96)) as server:
        suite.check("connections, not 4096: the limit of open descriptors" in server.log_text(), "it says so at start")
        first = server.connection()
        suite.equal(server.request("POST", RESERVATIONS, service.ask(**guard(1)), connection=first).status, 201, "before")
        crowd = [server.connect() for _ in range(120)]
        late = server.connect()
        late.sendall(b"GET /live HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        suite.check(late.recv(100).startswith(b"HTTP/1.1 200"), "who comes late is served: the idlest connections go")
        suite.equal(server.request("POST", RESERVATIONS, service.ask(**guard(2))).status, 201, "and so is a new connection")
        before = cpu_s(server)
        time.sleep(.5)
        suite.check(cpu_s(server) - before < .25, "a crowd that waits burns no processor")
        suite.check(descriptors(server) <= 96 - 16, "descriptors are left for other things")
        for sock in crowd:
            sock.close()
        suite.check(again(server), "others too")
        late.close()
        first.close()


def test_too_few_descriptors_for_a_connection_a_worker_end_the_start(suite):
    done = subprocess.run([service.PROGRAM, "--listen", "127.0.0.1:0", "--workers", "2"], stderr=subprocess.PIPE,
                          text=True, preexec_fn=few_descriptors(40), timeout=20)
    suite.equal(done.returncode, 3, "the exit code")
    suite.check("the limit of open descriptors (ulimit -n) is too low" in done.stderr, "the message")


service.main(globals())
