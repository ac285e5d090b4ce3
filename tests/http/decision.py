#!/usr/bin/env python3
"""decision - bodies and headers of POST decision, in both modes."""
# SPDX-License-Identifier: Apache-2.0
import datetime
import json
import os
import re
import signal
import subprocess
import tempfile
import time

import service
from service import DECISION, JSON, LIMITER, BLACKLIST, Service, ask, wait_for

UUID = re.compile(r"^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$")
BLOCKED = {"actor": "RANC", "operation": "Cell Reset", "target": "gnb-041"}


def test_onap_bodies_are_exact_bytes(suite):
    with Service("--mode", "onap", policies={"b.yaml": BLACKLIST % "gnb-041"}) as server:
        suite.equal(server.decide(**BLOCKED).body, b'{"status":"Deny"}\n', "deny")
        suite.equal(server.decide(actor="X", operation="o").body, b'{"status":"Permit"}\n', "permit")
        reply = server.decide(actor="RANC", vfCount="many")
        suite.equal((reply.status, reply.body), (200, b'{"status":"error","message":"Failed to decode vfCount"}\n'),
                    "a vfCount that is none")
        reply = server.request("POST", DECISION, {"action": "foo"})
        suite.equal((reply.status, reply.body), (400, b'{"code":"BAD_REQUEST","error":"No application for action foo",'
                                                      b'"details":["No application for action foo"]}\n'), "another action")
        reply = server.request("POST", DECISION, "{}")
        suite.equal(reply.json["error"], "No application for action null", "no action")
        reply = server.request("POST", DECISION, '{"action":')
        suite.equal((reply.status, reply.body), (400, b'{"errorDetails":"Invalid request"}\n'), "half a body")


def test_onap_takes_values_as_java_spells_them(suite):
    blacklist = BLACKLIST % '"3", "2.5", "1.0E20", "true", "[SO]", "{a=1}", "1.0E-4", "0.001", "1.0E7", "1234567.5"'
    with Service("--mode", "onap", policies={"b.yaml": blacklist}) as server:
        for value in ("3", "3.0", "3e0", "2.5", "1e20", "true", '["SO"]', '{"a":1.0}', "0.0001", "0.001", "1.0E7",
                      "1234567.5"):
            body = '{"action":"guard","resource":{"guard":{"actor":"RANC","operation":"Cell Reset","target":%s}}}' % value
            wanted = b'{"status":"Permit"}\n' if value == "1.0E7" else b'{"status":"Deny"}\n'
            suite.equal(server.request("POST", DECISION, body).body, wanted, value)
        for value, status in (("0x10", "Permit"), ("#F", "Permit"), ("-010", "Permit"), (" 1", "error"), ("", "error"),
                              (2.0, "Permit"), (2.5, "error"), (True, "error"), ("2147483648", "error"),
                              ("-2147483648", "Permit"), ("09", "error"), ("0", "Permit")):
            suite.equal(server.decide(actor="A", vfCount=value).json["status"], status, f"vfCount {value!r}")


def test_strict_bodies_carry_a_reason(suite):
    with Service(policies={"b.yaml": BLACKLIST % "gnb-041", "l.yaml": LIMITER.replace("limit: 2", "limit: 1")}) as server:
        suite.equal(server.decide(**BLOCKED).body, b'{"status":"Deny","reason":"blacklisted"}\n', "deny")
        suite.equal(server.decide(actor="X", operation="o").body, b'{"status":"Permit","reason":"no_applicable_guard"}\n', "none")
        suite.equal(server.decide(actor="RANC", operation="Cell Reset", target="x").body,
                    b'{"status":"Permit","reason":"permit"}\n', "permit")
        suite.equal(server.decide(actor="RANC", operation="Cell Reset").json,
                    {"status": "Deny", "reason": "missing_attribute", "missing": "target"}, "missing")


def test_a_vf_count_as_text_is_taken_and_said_once(suite):
    policy = BLACKLIST.replace("Blacklist", "MinMax").replace("blacklist: [%s]", "target: x\n          min: 1\n          max: 3")
    with Service("--mode", "strict", policies={"m.yaml": policy}) as server:
        ask = dict(actor="RANC", operation="Cell Reset", target="x")
        suite.equal([server.decide(**ask, vfCount=count).json["status"] for count in (3, 4)], ["Permit", "Deny"], "as numbers")
        suite.check("vfCount as text" not in server.log_text(), "nothing to say")
        suite.equal([server.decide(**ask, vfCount=count).json["status"] for count in ("3", "4")], ["Permit", "Deny"], "as text")
        suite.check(wait_for(lambda: "warning a client sends vfCount as text" in server.log_text()), "the log says so")
        server.decide(**ask, vfCount="3")
        many = server.request("POST", "/clguard/v1/decisions", {"decisions": [service.ask(**ask, vfCount="3")]})
        suite.equal(many.status, 200, "in a batch")
        time.sleep(0.6)  # two looks of the main thread
        suite.equal(server.log_text().count("vfCount as text"), 1, "once")


def test_strict_refusals_say_what_and_where(suite):
    with Service() as server:
        for body, where in (
                ('{"action":"guard","resource":{"guard":{"actor":null}}}', "line 1, column 48: resource.guard.actor"),
                ('{"action":"guard","resource":{"guard":{"vfCount":"one"}}}', "resource.guard.vfCount"),
                ('{"action":"guard","resource":{"guard":{"actor":"a","operaton":"b"}}}',
                 "line 1, column 52: resource.guard.operaton: unknown attribute 'operaton'; did you mean 'operation'?"),
                ('{"action":"guard","resource":{"guard":{"vfCount":1.0}}}', "vfCount"),
                ('{"action":"guard","resource":{"guard":{"vfCount":2147483648}}}', "vfCount"),
                ('{"action":"guard","resource":{"guard":{"target":2.5}}}', "target"),
                ('{"action":"guard","resource":{"guard":{"target":["x"]}}}', "target"),
                ('{"action":"guard","resource":{"guard":[]}}', "resource.guard"),
                ('{"action":"guard","resource":[]}', "resource"),
                ('{"action":"guard","action":"guard"}', "action"),
                ('{"action":"guard","currentTime":"25:00:00Z"}', "currentTime"),
                ('{"action":"guard","currentDate":"2026-02-29"}', "currentDate"),
                ('{"action":"guard","currentDateTime":"2026-02-28 10:00:00Z"}', "currentDateTime"),
                ('{"action":"guard","timeZone":"Europe/Paris"}', "timeZone"),
                ('{"action":"guard","context":"x"}', "context"),
                ('{"action":["guard"]}', "action"),
                ("[1,2]", "line 1, column 1"),
                ("", ""),
                ('{"action":"guard",}', "line 1, column 19")):
            reply = server.request("POST", DECISION, body)
            suite.equal(reply.status, 400, body)
            suite.equal(reply.json["errorDetails"], "Invalid request", body)
            suite.check(where in reply.json["details"][0], f"{body}: {reply.json['details']}")
        suite.equal(server.request("POST", DECISION, '{"action":"no"}').json["code"], "BAD_REQUEST", "action")


def test_what_may_be_left_out_may_be_left_out(suite):
    with Service() as server:
        for body in ('{"action":"guard"}', '{"action":"guard","resource":null}', '{"action":"guard","resource":{}}',
                     '{"action":"guard","resource":{"guard":null}}', '{"action":"guard","resource":{"guard":{}}}',
                     '{"action":"guard","other":[1],"currentTime":null,"resource":{"guard":{"actor":"a"},"x":1}}',
                     '{"action":"guard","currentTime":"12:00Z","currentDate":"2028-02-29","timeZone":"+02:00",'
                     '"currentDateTime":"2026-02-28T10:00:00+01:00","context":{}}'):
            suite.equal(server.request("POST", DECISION, body).status, 200, body)


def test_attribute_values_end_at_1024_bytes(suite):
    with Service() as server:
        suite.equal(server.decide(actor="a" * 1024, operation="o").status, 200, "1024")
        suite.equal(server.decide(actor="a" * 1025, operation="o").status, 400, "1025")


def test_version_headers_and_request_id(suite):
    given = "5A5c3f0e-6a27-4d47-9c40-3a6f6a8c0001"
    with Service() as server:
        connection = server.connection()
        seen = set()
        for _ in range(50):
            reply = server.request("POST", DECISION, ask(actor="a"), connection=connection)
            seen.add(reply.headers["x-onap-requestid"])
            suite.check(UUID.match(reply.headers["x-onap-requestid"]), reply.headers)
        suite.equal(len(seen), 50, "each answer has its own id")
        reply = server.request("POST", DECISION, ask(actor="a"), {**JSON, "X-ONAP-RequestID": given}, connection)
        suite.equal(reply.headers["x-onap-requestid"], given.lower(), "echo")
        suite.equal([reply.headers[h] for h in ("x-latestversion", "x-minorversion", "x-patchversion")],
                    ["1.0.0", "0", "0"], "versions")
        for bad in ("x", given + "0", given[:-1], given.replace("-", "_"), ""):
            reply = server.request("POST", DECISION, ask(actor="a"), {**JSON, "X-ONAP-RequestID": bad}, connection)
            suite.equal(reply.status, 400, f"id {bad!r}")


def test_yaml_in_and_out(suite):
    body = "action: guard\nresource:\n  guard:\n    actor: RANC\n    operation: Cell Reset\n    target: gnb-041\n"
    with Service(policies={"b.yaml": BLACKLIST % "gnb-041"}) as server:
        yaml = "application/yaml"
        reply = server.request("POST", DECISION, body, {"Content-Type": yaml, "Accept": yaml})
        suite.equal((reply.headers["content-type"], reply.body), (yaml, b"status: Deny\nreason: blacklisted\n"), "yaml")
        reply = server.request("POST", DECISION, body, {"Content-Type": yaml})
        suite.equal(reply.json["status"], "Deny", "yaml in, json out")
        reply = server.request("POST", DECISION + "?explain=true", body, {"Content-Type": yaml, "Accept": yaml})
        suite.check(b"\n  guards:\n" in reply.body, reply.body)
        reply = server.request("POST", DECISION, "action: [", {"Content-Type": yaml, "Accept": yaml})
        suite.equal(reply.status, 400, "bad yaml")
        suite.check(reply.body.startswith(b"errorDetails: Invalid request\n"), reply.body)
        reply = server.request("POST", DECISION, ask(**BLOCKED), {**JSON, "Accept": "text/html, application/yaml;q=0.5"})
        suite.equal(reply.headers["content-type"], yaml, "by q")
        reply = server.request("POST", DECISION, ask(**BLOCKED), {**JSON, "Accept": "application/yaml;q=0.5, */*;q=0.6"})
        suite.equal(reply.headers["content-type"], "application/json", "by q, the other way")
        reply = server.request("POST", DECISION, ask(**BLOCKED), {**JSON, "Accept": "application/json;q=0, text/plain"})
        suite.equal(reply.status, 406, "q=0")


def test_an_explanation_names_the_line(suite):
    with Service(policies={"b.yaml": BLACKLIST % "gnb-041"}) as server:
        reply = server.request("POST", DECISION + "?explain=true", ask(**BLOCKED)).json
        guard = reply["explanation"]["guards"][0]
        suite.equal((reply["status"], reply["reason"]), ("Deny", "blacklisted"), "the answer stays")
        suite.equal((guard["policy"], guard["verdict"]), ("edge.block", "deny"), "guard")
        suite.check(guard["file"].endswith("b.yaml") and guard["line"] > 1, guard)
        for query in ("?explain=false", "?explain", "?abbrev=true", "?x=explain"):
            suite.check("explanation" not in server.request("POST", DECISION + query, ask(**BLOCKED)).json, query)


def read_lines(path):
    """The answers."""
    with open(path, encoding="utf-8") as file:
        lines = [json.loads(line) for line in file]
    return [line for line in lines if line.get("door", "log") not in ("log", "counters")]


def test_the_decision_log_has_a_line_for_every_decision(suite):
    with tempfile.TemporaryDirectory() as folder:
        path, moved = os.path.join(folder, "decisions.json"), os.path.join(folder, "moved.json")
        with Service("--decision-log", path, "--workers", "1", policies={"b.yaml": BLACKLIST % "gnb-041"}) as server:
            server.decide(**BLOCKED)
            id = server.request("POST", DECISION + "?explain=true", ask(actor='a"b', operation="o", vfCount=3, requestId="r-1")).headers["x-onap-requestid"]
            server.request("POST", DECISION, {"action": "no"})
            suite.check(wait_for(lambda: len(read_lines(path)) == 2), "two lines, none for what was refused")
            denied, permitted = read_lines(path)
            now = datetime.datetime.now(datetime.timezone.utc)
            for line in (denied, permitted):
                since = now - datetime.datetime.fromisoformat(line["time"].replace("Z", "+00:00"))
                suite.check(abs(since.total_seconds()) < 60, f"when it was decided: {line['time']}")
            suite.equal({k: denied.get(k) for k in ("actor", "operation", "target", "status", "reason", "policy", "version", "generation")},
                        {**BLOCKED, "status": "Deny", "reason": "blacklisted", "policy": "edge.block", "version": "1.0.0",
                         "generation": 1}, "Deny")
            for member in ("n", "time", "mac"):
                del permitted[member]
            suite.equal(permitted, {"id": id, "door": "decision", "client": "127.0.0.1", "generation": 1, "actor": 'a"b', "operation": "o", "requestId": "r-1", "vfCount": 3,
                                    "status": "Permit", "reason": "no_applicable_guard"}, "Permit")
            os.rename(path, moved)
            server.process.send_signal(signal.SIGHUP)
            suite.check(wait_for(lambda: os.path.exists(path)), "a new file after SIGHUP")
            server.decide(actor="z", operation="o")
        suite.equal([line["actor"] for line in read_lines(path)], ["z"], "written at the end at the latest")
        suite.equal(len(read_lines(moved)), 2, "the old file is left alone")


def test_the_decision_log_follows_the_clock_and_takes_any_text(suite):
    keys = ("actor", "operation", "clname", "target", "generic-vnf.vnf-name", "generic-vnf.vnf-id", "generic-vnf.vnf-type",
            "generic-vnf.nf-naming-code", "vserver.vserver-id", "cloud-region.cloud-region-id")
    longest = {key: "\x01" * 1024 for key in keys}
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "decisions.json")
        with Service("--decision-log", path, "--clock", "manual", "--workers", "1") as server:
            for advance_ms, what in ((0, {"actor": "a"}), (0, longest), (1, {"actor": "\u20ac\\"}), (59999, {"actor": ""})):
                server.request("PUT", "/clguard/v1/clock", {"advance_ms": advance_ms})
                suite.equal(server.decide(**{"operation": "o", **what}).json["status"],
                            "Deny" if what["actor"] == "" else "Permit", "answered")
        lines = read_lines(path)
        suite.equal([line["time"][11:] for line in lines], ["00:00:00Z", "00:00:00Z", "00:00:00.001Z", "00:01:00Z"], "times")
        suite.equal({key: lines[1].get(key) for key in keys}, longest, "as long as texts may be, six bytes for each")
        suite.equal([line["actor"] for line in lines[2:]], ["\u20ac\\", ""], "other texts")


def test_a_decision_does_not_wait_for_its_log(suite):
    with Service("--decision-log", "/dev/full") as server:
        suite.equal(server.decide(actor="a", operation="o").json["status"], "Permit", "answered")
        text = "clguard_decision_log_failing 1\n"
        suite.check(wait_for(lambda: text in server.request("GET", "/metrics", headers={}).body.decode()), "told")
        suite.check(wait_for(lambda: "cannot write the decision log '/dev/full'" in server.log_text()), "said")
        suite.equal(server.decide(actor="a", operation="o").json["status"], "Permit", "answered again")
    done = subprocess.run([service.PROGRAM, "--listen", "127.0.0.1:0", "--decision-log", "/nowhere/log"],
                          capture_output=True, text=True, timeout=20, check=False)
    suite.equal((done.returncode, done.stderr.splitlines()[-1]),
                (3, "clguardd: cannot open the decision log '/nowhere/log': No such file or directory"), "no such folder")


def test_counters_follow_the_guards_not_the_answer(suite):
    with Service("--mode", "onap", policies={"b.yaml": BLACKLIST % "gnb-041"}) as server:
        server.decide(**BLOCKED)
        server.decide(actor="RANC", operation="Cell Reset", target="x")
        server.decide(actor="other", operation="o")
        server.decide(actor="other", operation="o")
        server.request("POST", DECISION, {"action": "no"})
        statistics = server.request("GET", "/policy/pdpx/v1/statistics").json
        suite.equal([statistics[k] for k in ("code", "permitDecisionsCount", "denyDecisionsCount", "totalErrorCount",
                                             "notApplicableDecisionsCount", "indeterminantDecisionsCount",
                                             "totalPoliciesCount", "deploySuccessCount")],
                    [200, 1, 1, 1, 2, 0, 1, 1], "statistics")
        suite.equal(statistics["applicationMetrics"]["guard"],
                    {"permit_decisions_count": 1, "deny_decisions_count": 1, "not_applicable_decisions_count": 2}, "guard")
        metrics = server.request("GET", "/metrics", headers={}).body.decode()
        suite.check('pdpx_policy_decisions_total{application="guard",status="not_applicable"} 2\n' in metrics, metrics)


service.main(globals())
