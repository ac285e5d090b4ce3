#!/usr/bin/env python3
"""undo - rows from the future are refused with their place, and what was entered by mistake leaves the counts"""
# SPDX-License-Identifier: Apache-2.0
import json
import os
import subprocess
import tempfile
from datetime import datetime, timedelta, timezone

import service
from service import LIMITER, Service

OPERATIONS = "/clguard/v1/operations"
ASK = {"actor": "RANC", "operation": "Cell Reset", "target": "gnb-1"}
FAR = "9999-12-31T00:00:00Z"


def row(request=None, **more):
    known = {"actor": "RANC", "operation": "Cell Reset", "target": "gnb-1", "outcome": "Success"}
    return dict(known, **({"requestId": request} if request else {}), **more)


def ahead(**by):
    return (datetime.now(timezone.utc) + timedelta(**by)).strftime("%Y-%m-%dT%H:%M:%SZ")


def run(server, *arguments, stdin=None):
    return subprocess.run([os.path.join(service.BUILD, "clguard"), "record", "--service", server.address(), *arguments],
                          input=stdin, capture_output=True, text=True, timeout=20)


def verify(data):
    return subprocess.run([os.path.join(service.BUILD, "clguard"), "db", "verify", data], capture_output=True, text=True)


def test_a_row_from_the_future_is_refused_with_its_place(suite):
    with Service(policies={"l.yaml": LIMITER}) as server:
        for member in ("starttime", "endtime"):
            reply = server.request("POST", OPERATIONS, "[" + json.dumps(row()) + ",\n " + json.dumps(row(**{member: FAR})) + "]")
            suite.equal(reply.status, 400, member)
            suite.check("max_future_s" in reply.body.decode() and "line 2, column " in reply.body.decode(),
                        reply.body.decode())
        suite.equal(server.request("GET", OPERATIONS, headers={}).json, [], "nothing was entered")
        suite.equal(server.request("POST", OPERATIONS, row(endtime=ahead(hours=23))).status, 200, "within a day")
        suite.equal(server.request("POST", OPERATIONS, row(endtime=ahead(hours=25))).status, 400, "beyond it")
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "rows.csv")
        with open(path, "w", encoding="utf-8") as file:
            file.write(f"actor,operation,endtime\nSO,Restart,2026-01-01T00:00:00Z\nSO,Restart,{FAR}\n")
        got = subprocess.run([os.path.join(service.BUILD, "clguard"), "db", "import", os.path.join(folder, "data"), path],
                             capture_output=True, text=True)
        suite.equal(got.returncode, 1, "an import")
        suite.check("rows.csv:3:3: error: endtime is too far ahead: expected a time up to 20" in got.stderr, got.stderr)
        got = subprocess.run([os.path.join(service.BUILD, "clguard"), "db", "import", "--max-future-s", "3153600000",
                              os.path.join(folder, "data"), path], capture_output=True, text=True)
        suite.check("expected a time up to 21" in got.stderr, f"another bound: {got.stderr}")
        got = subprocess.run([os.path.join(service.BUILD, "clguard"), "db", "import", "--max-future-s", "x",
                              os.path.join(folder, "data"), path], capture_output=True, text=True)
        suite.equal(got.returncode, 2, "a bound that is not a number")


def test_what_was_entered_by_mistake_leaves_the_counts_and_stays_for_the_audit(suite):
    with tempfile.TemporaryDirectory() as data:
        with Service("--data", data, "--max-future-s", "1000000000", policies={"l.yaml": LIMITER}) as server:
            server.request("POST", OPERATIONS, [row(endtime=ahead(days=9)), row("r-1", endtime=ahead(days=9))])
            suite.equal(server.decide(**ASK).json["status"], "Deny", "they count")
            listed = server.request("GET", OPERATIONS + "?ids=true", headers={}).json
            suite.equal(len(listed), 2, "both are listed with an id")
            path = f"{OPERATIONS}/{listed[0]['id']}"
            suite.equal(server.request("DELETE", path, headers={}).status, 400, "not without a reason")
            suite.equal(server.request("DELETE", OPERATIONS + "/77777?by=ann&why=x", headers={}).status, 404, "an unknown one")
            suite.equal(server.request("DELETE", OPERATIONS + "/x7?by=ann&why=x", headers={}).status, 404, "no id")
            reply = server.request("DELETE", path + "?by=ann&why=a%20wrong%20year", headers={})
            suite.equal((reply.status, reply.json), (200, {"undone": listed[0]["id"]}), "undone")
            suite.equal(server.decide(**ASK).json["status"], "Permit", "one is left")
            suite.equal(server.request("DELETE", path + "?by=ann&why=again", headers={}).status // 100, 4 if "requestId" in listed[0] else 2,
                        "once more: its id is another now, if a later record replaced it")
            undone = run(server, "--undo", listed[1]["id"], "--why", "the same & more", "--by", "bob")
            suite.equal(undone.returncode, 0, undone.stderr)
            suite.equal(server.request("GET", OPERATIONS, headers={}).json, [], "they are listed no more")
            audit = server.request("GET", OPERATIONS + "?undone=true", headers={}).json
            suite.equal(sorted((found["undone_by"], found["undone_why"]) for found in audit),
                        [("ann", "a wrong year"), ("bob", "the same & more")], "but for the audit")
            server.request("POST", OPERATIONS, [row("r-2"), row("r-3")])
            suite.equal(server.decide(**ASK).json["status"], "Deny", "others count")
        suite.check("sound: " in verify(data).stdout, "the database is sound")


def test_a_right_that_is_held_is_not_undone(suite):
    with Service(policies={"l.yaml": LIMITER}) as server:
        right = server.request("POST", "/clguard/v1/reservations", service.ask(**ASK, requestId="r-1")).json["reservation"]
        number = server.request("GET", OPERATIONS + "?ids=true", headers={}).json[0]["id"]
        reply = server.request("DELETE", f"{OPERATIONS}/{number}?by=ann&why=x", headers={})
        suite.equal(reply.status, 409, reply.body.decode())
        server.request("PUT", f"/clguard/v1/reservations/{right}", {"outcome": "Success"})
        number = server.request("GET", OPERATIONS + "?ids=true", headers={}).json[0]["id"]
        suite.equal(server.request("DELETE", f"{OPERATIONS}/{number}?by=ann&why=x", headers={}).status, 200, "a settled one is")


def test_record_enters_what_a_file_says(suite):
    with Service(policies={"l.yaml": LIMITER}) as server:
        got = run(server, "-", stdin=json.dumps([row("r-1"), row("r-2")]))
        suite.equal((got.returncode, got.stdout), (0, '{"recorded":2}\n'), got.stderr)
        suite.equal(server.decide(**ASK).json["status"], "Deny", "they count")
        suite.equal(len(json.loads(run(server, "--list").stdout)), 2, "listed")
        suite.equal(run(server, "-", stdin='{"actor":"RANC"}').returncode, 1, "the input is at fault")
        suite.equal(run(server, "--undo", "1").returncode, 2, "usage")
        suite.equal(run(server, "--list", "--undo", "1", "--why", "x").returncode, 2, "one thing at a time")


if __name__ == "__main__":
    service.main(globals())
