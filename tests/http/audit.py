#!/usr/bin/env python3
"""audit - who changed what, as lines apart from the decision log: one each, with identity, address, request and outcome."""
# SPDX-License-Identifier: Apache-2.0
import json
import os
import tempfile

from service import JSON, LIMITER, Service, ask, basic, main, wait_for

PAP = "/policy/pap/v1/pdps/policies"


class Audited:
    def __init__(self, *more, log=None):
        self.folder = tempfile.mkdtemp(prefix="clguard-audit-")
        self.log = log or self.folder + "/audit"
        for name, text in (("users", "ann:pw\nbob:pw\n"), ("roles", "roles:\n  ann: [all]\n  bob: [decide, reserve, record]\n")):
            with open(os.path.join(self.folder, name), "w", encoding="utf-8") as file:
                file.write(text)
            os.chmod(file.name, 0o600)
        self.options = ("--users", self.folder + "/users", "--roles", self.folder + "/roles", "--audit-log", self.log, *more)

    def lines(self):
        with open(self.log, encoding="utf-8") as file:
            return [json.loads(line) for line in file]


def test_each_change_is_one_line(suite):
    audited = Audited("--clock", "manual")
    ann, bob = {**JSON, **basic("ann", "pw")}, {**JSON, **basic("bob", "pw")}
    guard = LIMITER.replace("edge.limit", "edge.deployed").encode()
    yaml = {**ann, "Content-Type": "application/yaml"}
    with Service(*audited.options) as server:
        steps = [
            ("PUT", "/clguard/v1/state", {"state": "PASSIVE"}, ann, 200, "administration", "done"),
            ("PUT", "/clguard/v1/state", {"state": "ACTIVE"}, ann, 200, "administration", "done"),
            ("PUT", "/clguard/v1/state", {"state": "ASLEEP"}, ann, 400, "administration", "failed"),
            ("PUT", "/clguard/v1/state", {"state": "PASSIVE"}, bob, 403, "administration", "refused"),
            ("PUT", "/clguard/v1/clock", {"advance_ms": 1000}, ann, 200, "administration", "done"),
            ("POST", "/policy/api/v1/policies", guard, yaml, None, "administration", "done"),
            ("POST", PAP, {"policies": [{"policy-id": "edge.deployed", "policy-version": "1.0.0"}]}, ann, None, "administration", "done"),
            ("DELETE", PAP + "/edge.deployed", None, ann, None, "administration", "done"),
            ("PUT", "/onap/controlloop/v2/instantiation/command", {"orderedState": "RUNNING", "controlLoopIdentifierList": []}, ann,
             None, "operation", None),
            ("PUT", "/onap/controlloop/v2/instantiation/command", {"orderedState": "RUNNING"}, bob, 403, "operation", "refused"),
            ("POST", "/clguard/v1/policies/rollback", b"{}", {"Content-Type": "application/json"}, 401, "administration", "refused"),
        ]
        for method, path, body, headers, status, event, outcome in steps:
            reply = server.request(method, path, body, {**headers, "X-ONAP-RequestID": "11111111-2222-3333-4444-555555555555"})
            if status:
                suite.equal(reply.status, status, f"{method} {path}")
        # What is asked, decided or only looked at is not a change.
        for _ in range(5):
            server.request("POST", "/policy/pdpx/v1/decision", ask(actor="a", operation="o"), bob)
            server.request("GET", "/clguard/v1/state", headers=ann)
            server.request("GET", "/clguard/v1/state", headers=bob)
        suite.check(wait_for(lambda: len(audited.lines()) >= len(steps)), "the lines are written")
        lines = audited.lines()
        suite.equal(len(lines), len(steps), "one line each")
        for line, (method, path, _, headers, status, event, outcome) in zip(lines, steps):
            who = {ann["Authorization"]: "ann", bob["Authorization"]: "bob"}.get(headers.get("Authorization"))
            suite.equal((line["method"], line["path"], line["event"], line.get("identity"), line["address"], line["requestId"]),
                        (method, path, event, who, "127.0.0.1", "11111111-2222-3333-4444-555555555555"), f"{method} {path}")
            if outcome:
                suite.equal(line["outcome"], outcome, f"{method} {path}: {line}")
            suite.check(isinstance(line["status"], int) and (not status or line["status"] == status), f"a status: {line}")
        metrics = server.request("GET", "/metrics", headers=ann).body.decode()
        suite.check(f"clguard_audit_lines_total {len(steps)}\n" in metrics and "clguard_audit_lines_dropped_total 0\n" in metrics,
                    "the lines are counted")
        reply = server.request("PUT", "/clguard/v1/state", {"state": "ACTIVE"}, ann)
        suite.check(wait_for(lambda: len(audited.lines()) == len(steps) + 1), "one more")
        suite.equal(len(audited.lines()[-1]["requestId"]), 36, "an id of our own where the client has none")


def test_failed_logins_have_their_reason(suite):
    audited = Audited()
    with Service(*audited.options) as server:
        for name, password, why in (("ann", "guess", "the password is wrong"), ("nosuch", "pw", "there is no such user")):
            suite.equal(server.request("GET", "/clguard/v1/state", headers=basic(name, password)).status, 401, why)
            suite.check(wait_for(lambda: any(line.get("identity") == name for line in audited.lines())), why)
            line = next(line for line in audited.lines() if line.get("identity") == name)
            suite.equal((line["event"], line["outcome"], line["address"], line["why"]), ("login", "refused", "127.0.0.1", why), "a line")
        suite.equal(server.request("GET", "/clguard/v1/state", headers={"Authorization": "Bearer x"}).status, 401, "a token")
        suite.check(wait_for(lambda: len(audited.lines()) == 3), "three lines")
        suite.check("guess" not in open(audited.log, encoding="utf-8").read() + server.log_text(), "no password is written down")
        text = server.request("GET", "/metrics", headers=basic("ann", "pw")).body.decode()
        for reason, count in (("password", 1), ("user", 1), ("token", 1), ("form", 0)):
            suite.check(f'clguard_login_failures_total{{reason="{reason}"}} {count}\n' in text, f"{reason} is counted")
        audited_before = len(audited.lines())
        server.process.send_signal(1)
        suite.check(wait_for(lambda: any(line["event"] == "reload" for line in audited.lines())), "a reload is a line")
        suite.check(len(audited.lines()) > audited_before, "added")
    os.rename(audited.log, audited.log + ".1")
    with Service(*audited.options) as server:
        server.request("PUT", "/clguard/v1/state", {"state": "ACTIVE"}, {**JSON, **basic("ann", "pw")})
        suite.check(wait_for(lambda: os.path.exists(audited.log) and audited.lines()), "written")
        os.rename(audited.log, audited.log + ".2")
        server.process.send_signal(1)
        suite.check(wait_for(lambda: os.path.exists(audited.log)), "SIGHUP makes a new file")


def test_lines_may_go_to_stderr(suite):
    with Service(*Audited(log="stderr").options) as server:
        server.request("PUT", "/clguard/v1/state", {"state": "ACTIVE"}, {**JSON, **basic("ann", "pw")})
        suite.check(wait_for(lambda: '"event":"administration"' in server.log_text()), server.log_text())


main(globals())
