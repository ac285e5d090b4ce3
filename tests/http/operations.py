#!/usr/bin/env python3
"""operations - recording, listing, counting, surviving kill -9, stopping while commits are under way; the manual clock."""
# SPDX-License-Identifier: Apache-2.0
import os
import tempfile
import threading

import service
from service import LIMITER, Service

OPERATIONS = "/clguard/v1/operations"
ASK = {"actor": "RANC", "operation": "Cell Reset", "target": "gnb-041"}


def row(request, outcome="Success", **more):
    return {"actor": "RANC", "operation": "Cell Reset", "target": "gnb-041", "closedLoopName": "cl", "requestId": request,
            "outcome": outcome, **more}


def test_two_recorded_operations_reach_the_limit(suite):
    with Service(policies={"l.yaml": LIMITER}) as server:
        suite.equal(server.decide(**ASK).json["status"], "Permit", "none yet")
        suite.equal(server.request("POST", OPERATIONS, row("1")).json, {"recorded": 1}, "one")
        suite.equal(server.decide(**ASK).json["status"], "Permit", "one")
        suite.equal(server.request("POST", OPERATIONS, [row("2"), row("2b", target="other")]).json, {"recorded": 2}, "two")
        suite.equal(server.decide(**ASK).json, {"status": "Deny", "reason": "limit_reached"}, "two")
        suite.equal(server.decide(**{**ASK, "target": "gnb-7"}).json["status"], "Permit", "another target")
        why = server.request("POST", service.DECISION + "?explain=true", service.ask(**ASK)).json["explanation"]["guards"][0]
        suite.equal((why["used"], why["limit"]), (2, 2), "used and limit")
        suite.check(why["permit_at"] > why.get("now", ""), why)


def test_started_then_final_is_one_operation(suite):
    with Service(policies={"l.yaml": LIMITER}) as server:
        server.request("POST", OPERATIONS, row("1", "Started", starttime="2026-01-01T00:00:00Z"))
        server.request("POST", OPERATIONS, row("1", "Success", starttime="2026-01-01T00:00:00Z",
                                               endtime="2026-01-01T00:01:00.5Z", message="done"))
        rows = server.request("GET", OPERATIONS, headers={}).json
        suite.equal(rows, [row("1", starttime="2026-01-01T00:00:00Z", endtime="2026-01-01T00:01:00.500Z", message="done")],
                    "an update")


def test_listing_filters_and_limits(suite):
    with Service() as server:
        rows = [row(str(i), endtime=f"2026-01-01T00:{i:02}:00Z", target=f"t{i % 3}") for i in range(12)]
        suite.equal(server.request("POST", OPERATIONS, rows).json, {"recorded": 12}, "recorded")

        def ids(query):
            return [r["requestId"] for r in server.request("GET", OPERATIONS + query, headers={}).json]
        suite.equal(ids(""), [str(i) for i in reversed(range(12))], "newest first")
        suite.equal(ids("?limit=3"), ["11", "10", "9"], "limit")
        suite.equal(ids("?target=t1"), ["10", "7", "4", "1"], "target")
        suite.equal(ids("?actor=RANC&operation=Cell%20Reset&closedLoopName=cl&limit=1"), ["11"], "all filters")
        suite.equal(ids("?actor=nobody"), [], "nobody")
        suite.equal(ids("?from=2026-01-01T00:09:00Z&to=2026-01-01T00:10:00Z"), ["10", "9"], "from and to, inclusive")
        for bad in ("limit=0", "limit=1001", "limit=x", "limit=", "limit=99999999999999999999", "from=today", "to=1"):
            suite.equal(server.request("GET", OPERATIONS + "?" + bad, headers={}).status, 400, bad)
        suite.equal(len(ids("?limit=1000")), 12, "the largest limit")
        server.request("POST", OPERATIONS, row("scale", operation="VFModuleCreate"))
        for spelling in ("VFModuleCreate", "VF%20Module%20Create"):
            suite.equal(ids("?operation=" + spelling), ["scale"], "two spellings of one operation")


def test_a_reservation_needs_what_a_row_needs(suite):
    with Service() as server:
        for lacks in ("actor", "operation"):
            reply = server.request("POST", "/clguard/v1/reservations",
                                   service.ask(**{k: v for k, v in ASK.items() if k != lacks}))
            suite.equal((reply.status, lacks in reply.body.decode()), (400, True), "no " + lacks)
        suite.equal(server.request("GET", OPERATIONS, headers={}).json, [], "nothing is entered")
        suite.equal(server.request("POST", "/clguard/v1/reservations", service.ask(**ASK)).status, 201, "both")


def test_bad_rows_are_refused_whole(suite):
    with Service() as server:
        for body, where in (([row("1"), row("2", endtime="yesterday")], "[1].endtime"), (row(None, "Started"), "requestId"),
                            (row("1", colour="red"), "colour"), ({"actor": "a"}, "operation"), ("x", ""), (7, ""),
                            ({"actor": "", "operation": "o"}, "actor"),
                            ([[row("1")]], "[0]"), (row("1", target=["x"]), "target"), (row("1", target="x" * 1025), "")):
            reply = server.request("POST", OPERATIONS, service.json.dumps(body))
            suite.equal(reply.status, 400, str(body)[:80])
            suite.check(where in reply.json["details"][0], reply.body)
        suite.equal(server.request("POST", OPERATIONS, []).json, {"recorded": 0}, "none")
        suite.equal(server.request("GET", OPERATIONS, headers={}).json, [], "nothing entered")


def test_kill_9_keeps_what_was_acknowledged(suite):
    with tempfile.TemporaryDirectory() as data:
        with Service(policies={"l.yaml": LIMITER}, data=data) as server:
            server.request("POST", OPERATIONS, [row("1"), row("2")])
            server.kill()
            server.start()
            suite.equal(server.decide(**ASK).json["reason"], "limit_reached", "after kill -9")
            suite.equal(len(server.request("GET", OPERATIONS, headers={}).json), 2, "rows")


def test_every_acknowledged_row_is_there_after_kill_9_under_load(suite):
    with tempfile.TemporaryDirectory() as data:
        with Service(data=data) as server:
            acknowledged, lock = [], threading.Lock()

            def post(worker):
                connection = server.connection()
                for i in range(10000):
                    name = f"{worker}-{i}"
                    try:
                        if server.request("POST", OPERATIONS, row(name), connection=connection).status != 200:
                            return
                    except OSError:
                        return
                    except service.http.client.HTTPException:
                        return
                    with lock:
                        acknowledged.append(name)
            threads = [threading.Thread(target=post, args=(i,)) for i in range(8)]
            for thread in threads:
                thread.start()
            service.wait_for(lambda: len(acknowledged) > 300)
            server.kill()
            for thread in threads:
                thread.join()
            server.start()
            there = {r["requestId"] for r in server.request("GET", OPERATIONS + "?limit=1000", headers={}).json}
            suite.check(len(acknowledged) > 300, len(acknowledged))
            suite.equal([name for name in acknowledged if name not in there][:3], [], "missing")


def test_stopping_while_commits_are_awaited_is_clean(suite):
    for _ in range(6):
        server = Service()
        stop = threading.Event()

        def post(connection):
            while not stop.is_set():
                try:
                    server.request("POST", OPERATIONS, row("x"), connection=connection)
                except (OSError, service.http.client.HTTPException):
                    return
        threads = [threading.Thread(target=post, args=(server.connection() if i % 2 else None,)) for i in range(24)]
        for thread in threads:
            thread.start()
        service.time.sleep(0.05)
        suite.equal(server.stop(), 0, "exit code")
        stop.set()
        for thread in threads:
            thread.join()
        service.shutil.rmtree(server.folder)


def test_a_manual_clock_moves_only_when_told(suite):
    with tempfile.TemporaryDirectory() as data:
        with Service("--clock", "manual", policies={"l.yaml": LIMITER}, data=data) as server:
            clock = "/clguard/v1/clock"
            suite.equal(server.request("PUT", clock, {"advance_ms": 0}).json, {"now": "1970-01-01T00:00:00Z"}, "start")
            suite.equal(server.request("PUT", clock, {"now": "2026-04-14T12:00:00Z"}).json,
                        {"now": "2026-04-14T12:00:00Z"}, "set")
            server.request("POST", OPERATIONS, [row("1", endtime="2026-04-14T12:00:00Z"),
                                                row("2", endtime="2026-04-14T12:00:00Z")])
            suite.equal(server.request("PUT", clock, {"advance_ms": 600000}).json, {"now": "2026-04-14T12:10:00Z"}, "move")
            suite.equal(server.decide(**ASK).json["status"], "Deny", "to the end of the window")
            suite.equal(server.request("PUT", clock, {"advance_ms": 1}).json, {"now": "2026-04-14T12:10:00.001Z"}, "on")
            suite.equal(server.decide(**ASK).json["status"], "Permit", "behind it")
            suite.equal(server.request("PUT", clock, {"now": "2026-04-14T12:00:00Z"}).status, 409, "never back")
            for bad in ({}, {"now": 1}, {"advance_ms": -1}, {"advance_ms": "1"}, {"now": "x"}, {"advance_ms": 1.5},
                        {"now": "2027-01-01T00:00:00Z", "advance_ms": 1}, {"advance_ms": 2 ** 63 - 1}):
                suite.equal(server.request("PUT", clock, bad).status, 400, bad)
            server.stop()
            server.start()
            suite.check(server.request("GET", clock, headers={}).json["now"] >= "2026-04-14T12:00:00Z", "after a restart")


def test_rows_are_kept_as_long_as_a_limiter_in_force_may_ask(suite):
    """30 days; but 60 where a limiter looks back as far, though nobody has asked it yet; and for ever when a setting says so."""
    long = service.LIMITER.replace("limit: 2", "limit: 1").replace("timeWindow: 10", "timeWindow: 60").replace("minute", "day")
    for name, policies, options, kept in (("the default", {"b.yaml": service.BLACKLIST % "x"}, (), 0),
                                          ("a window of 60 days", {"l.yaml": long}, (), 1),
                                          ("for ever", {"b.yaml": service.BLACKLIST % "x"}, ("--retention-s", "0"), 1)):
        with service.Service("--clock", "manual", *options, policies=policies) as server:
            def clock(**to):
                return server.request("PUT", "/clguard/v1/clock", to).status
            clock(now="2026-04-14T12:00:00Z")
            row = {"actor": "RANC", "operation": "Cell Reset", "target": "gnb-1", "requestId": "r", "outcome": "Success"}
            suite.equal(server.request("POST", "/clguard/v1/operations", [row]).status, 200, "a row")
            clock(now="2026-05-16T12:00:00Z")

            def pruned():
                metrics = server.request("GET", "/metrics", headers={}).body.decode()
                return "\nclguard_pruned_total 1\n" in metrics
            suite.equal(service.wait_for(pruned, 2.5 if kept else 10), not kept, f"{name}: after 32 days")
            rows = len(server.request("GET", "/clguard/v1/operations", headers={}).json)
            suite.equal(rows, kept, f"{name}: rows")


service.main(globals())
