#!/usr/bin/env python3
"""answers - whatever door gave an answer, the decision log has its line and the metrics count it; nothing more, nothing less."""
# SPDX-License-Identifier: Apache-2.0
import collections
import json
import os
import re
import sys
import tempfile

import service
from service import BLACKLIST, DECISION, JSON, LIMITER, Service, ask, wait_for

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
import gateway  # noqa: E402
import operational_live_own as operational  # noqa: E402

RESERVATIONS = "/clguard/v1/reservations"
DECISIONS = "/clguard/v1/decisions"
TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
HEADERS = {**JSON, "traceparent": f"00-{TRACE}-00f067aa0ba902b7-01", "X-ONAP-RequestID": "5a5c3f0e-6a27-4d47-9c40-3a6f6a8c0001"}
BLOCKED = {"actor": "RANC", "operation": "Cell Reset", "target": "gnb-041"}
FREE = {**BLOCKED, "target": "gnb-1"}
ACCESS = {"action": "access", "resource": {"access": {"clname": "nowhere", "element": gateway.CACHE, "service": "limits",
                                                      "method": "GET", "path": "/v1"}}}
HELD_BACK = """type: onap.policies.controlloop.guard.common.Blacklist
name: hold.cache
properties:
  actor: org.example.participants.Kubernetes
  operation: UPDATE
  blacklist: [/org.example.edge.CacheServiceElement.*/]
"""


class Logged:
    """A service with a decision log, and what it must have in it."""

    def __init__(self, suite, folder, *options, **more):
        self.suite, self.path, self.wanted = suite, os.path.join(folder, "decisions.json"), []
        self.server = Service("--decision-log", self.path, "--clock", "manual", "--workers", "1", *options, **more)

    def expect(self, door, **members):
        self.wanted.append({"door": door, **members})

    def lines(self):
        with open(self.path, encoding="utf-8") as file:
            lines = [json.loads(line) for line in file]
        return [line for line in lines if line.get("door", "log") not in ("log", "counters")]

    def metrics(self):
        return self.server.request("GET", "/metrics", headers={}).body.decode()

    def check(self):
        """The lines are those that are wanted, door by door in their order, and the metrics count what they tell."""
        wait_for(lambda: len(self.lines()) >= len(self.wanted), 5)
        lines = self.lines()
        self.suite.equal(len(lines), len(self.wanted), f"lines: {lines}")
        for door in {line["door"] for line in lines + self.wanted}:
            told, wanted = ([line for line in some if line["door"] == door] for some in (lines, self.wanted))
            for line, members in zip(told, wanted):
                self.suite.equal({key: line.get(key) for key in members}, members, f"{door}: {line}")
        self.compare(lines, self.metrics())

    def compare(self, lines, text):
        doors = collections.Counter((line["door"], line["status"].lower()) for line in lines if "status" in line)
        counted = {(door, status): int(n) for door, status, n in
                   re.findall(r'clguard_door_decisions_total\{door="(\w+)",status="(\w+)"\} (\d+)', text)}
        self.suite.equal({key: n for key, n in counted.items() if n}, dict(doors), "decisions by door")
        events = collections.Counter(line["event"] for line in lines if "event" in line)
        counted = {event: int(n) for event, n in re.findall(r'clguard_reservation_events_total\{event="(\w+)"\} (\d+)', text)}
        self.suite.equal({key: n for key, n in counted.items() if n}, dict(events), "events")
        reasons = collections.Counter(line["reason"] for line in lines if "reason" in line)
        counted = {reason: int(n) for reason, n in re.findall(r'clguard_decisions_total\{reason="(\w+)"\} (\d+)', text)}
        self.suite.equal({key: n for key, n in counted.items() if n}, dict(reasons), "reasons")
        onap = collections.Counter()
        for application, n in re.findall(r'pdpx_policy_decisions_total\{application="(\w+)",status="\w+"\} (\d+)', text):
            onap[application] += int(n)
        access = sum(line["door"] == "access" for line in lines)
        self.suite.equal((onap["guard"], onap["access"]), (sum(doors.values()) - access, access), "as ONAP counts")
        statistics = self.server.request("GET", "/policy/pdpx/v1/statistics").json
        self.suite.equal(sum(statistics[key] for key in ("permitDecisionsCount", "denyDecisionsCount",
                                                         "indeterminantDecisionsCount", "notApplicableDecisionsCount")),
                         sum(doors.values()), "statistics")

    def __enter__(self):
        return self

    def __exit__(self, *what):
        self.server.__exit__(*what)


def test_decisions_of_both_actions(suite):
    with tempfile.TemporaryDirectory() as folder, \
            Logged(suite, folder, policies={"b.yaml": BLACKLIST % "gnb-041"}) as log:
        post = log.server.request
        post("POST", DECISION, ask(**BLOCKED), HEADERS)
        log.expect("decision", status="Deny", reason="blacklisted", policy="edge.block", version="1.0.0", line=4, trace=TRACE,
                   id=HEADERS["X-ONAP-RequestID"], **BLOCKED)
        post("POST", DECISION + "?explain=true", ask(**FREE))
        log.expect("decision", status="Permit", reason="permit", policy=None, file=None, trace=None, **FREE)
        post("POST", DECISION, ask(actor="A", operation="O"), {**JSON, "Content-Type": "application/yaml", "traceparent": "00-x"})
        log.expect("decision", status="Permit", reason="no_applicable_guard", trace=None)
        post("POST", DECISION, ask(actor="A"))
        log.expect("decision", status="Deny", reason="missing_attribute", missing="operation", policy=None)
        post("POST", DECISION, ACCESS, HEADERS)
        log.expect("access", status="Deny", reason="not_allowed", clname="nowhere", element=gateway.CACHE, service="limits",
                   method="GET", path="/v1", trace=TRACE)
        for refused in (ask(actor="A", operaton="O"), {"action": "no"}, {"action": "access"}):
            suite.equal(post("POST", DECISION, refused).status, 400, "what is refused is not a decision")
        log.check()
        suite.check("clguard_decision_errors_total 3\n" in log.metrics(), "and counted apart")
        suite.check(log.lines()[0]["file"].endswith("b.yaml"), "the guard's file")


def test_all_that_becomes_of_a_right(suite):
    with tempfile.TemporaryDirectory() as folder, \
            Logged(suite, folder, policies={"b.yaml": BLACKLIST % "gnb-041"}) as log:
        def reserve(**more):
            return log.server.request("POST", RESERVATIONS, {**ask(**{"requestId": "r-1", **FREE, **more}), "lease_s": 60}, HEADERS)

        def end(name, method, body=None):
            return log.server.request(method, f"{RESERVATIONS}/{name}", body, HEADERS if body else {}).status
        first = reserve().json["reservation"]
        log.expect("reservation", event="reserved", status="Permit", reservation=first, requestId="r-1", trace=TRACE,
                   id=HEADERS["X-ONAP-RequestID"], **FREE)
        reserve()
        log.expect("reservation", event="repeated", status="Permit", reservation=first)
        suite.equal(reserve(target="gnb-2").status, 409, "another request")
        log.expect("reservation", event="refused", status=None, reservation=None, target="gnb-2")
        reserve(requestId="r-2", target="gnb-041")
        log.expect("reservation", event="denied", status="Deny", reason="blacklisted", policy="edge.block", line=4,
                   reservation=None)
        suite.equal(end(first, "PUT", {"outcome": "Success"}), 200, "settle")
        log.expect("reservation", event="settled", reservation=first, outcome="Success", status=None)
        suite.equal(reserve().status, 409, "settled ids")
        log.expect("reservation", event="refused", reservation=first, state="settled", status=None)
        suite.equal(end(first, "DELETE"), 409, "abort what is settled")
        log.expect("reservation", event="refused", reservation=first, state="settled")
        second = reserve(requestId="r-3").json["reservation"]
        log.expect("reservation", event="reserved", reservation=second, requestId="r-3")
        suite.equal(end(second, "DELETE"), 200, "abort")
        log.expect("reservation", event="aborted", reservation=second)
        third = reserve(requestId="r-4").json["reservation"]
        log.expect("reservation", event="reserved", reservation=third)
        log.server.request("PUT", "/clguard/v1/clock", {"advance_ms": 60000})
        log.expect("reservation", event="expired", reservation=third, requestId="r-4", status=None, **FREE)
        wait_for(lambda: len(log.lines()) >= len(log.wanted), 5)  # by itself, within the committer's second
        suite.equal(end(third, "PUT", {"outcome": "Success"}), 409, "too late")
        log.expect("reservation", event="refused", reservation=third, state="expired", outcome="Success")
        suite.equal(end("0" * 32, "DELETE"), 404, "one that never was")
        log.check()


def test_members_of_a_batch(suite):
    with tempfile.TemporaryDirectory() as folder, \
            Logged(suite, folder, policies={"b.yaml": BLACKLIST % "gnb-041"}) as log:
        post = log.server.request
        reply = post("POST", DECISIONS, {"decisions": [ask(**BLOCKED), ask(**FREE), ask(actor="A")]}, HEADERS)
        suite.equal([d["reason"] for d in reply.json["decisions"]], ["blacklisted", "permit", "missing_attribute"], "decisions")
        log.expect("decision", status="Deny", reason="blacklisted", policy="edge.block", trace=TRACE, **BLOCKED)
        log.expect("decision", status="Permit", reason="permit", **FREE)
        log.expect("decision", status="Deny", reason="missing_attribute")
        reply = post("POST", DECISIONS, json.dumps({"decisions": [ask(**FREE)]}, indent=1))
        log.expect("decision", status="Permit", **FREE)
        for refused, place in (({"decisions": [ask(**FREE), ask(actor="A", operaton="O")]}, "decisions[1].resource.guard"),
                               ([], "decisions"), ({"decisions": [ACCESS]}, "action access"), ({"decisions": 1}, "list")):
            reply = post("POST", DECISIONS, refused)
            suite.check(reply.status == 400 and place in reply.body.decode(), f"{refused}: {reply.status} {reply.body}")
        suite.equal(post("POST", DECISIONS, {"decisions": []}).json, {"decisions": []}, "none")
        explained = post("POST", DECISIONS + "?explain=true", {"decisions": [ask(**BLOCKED)]}).json["decisions"][0]
        suite.equal(explained["explanation"]["guards"][0]["line"], 4, "explained")
        log.expect("decision", status="Deny", **BLOCKED)
        question = {"subject": {"type": "actor", "id": "RANC"}, "action": {"name": "Cell Reset"},
                    "evaluations": [{"resource": {"type": "cell", "id": "gnb-041", "properties": {"site": "north"}}}, {},
                                    {"resource": {"type": "cell", "id": "gnb-1"}}]}
        post("POST", "/access/v1/evaluations", question, HEADERS)
        log.expect("authzen", status="Deny", reason="blacklisted", trace=TRACE, **BLOCKED,
                   fields=[["subject.type", "actor"], ["resource.type", "cell"], ["resource.properties.site", "north"]])
        log.expect("authzen", status="Permit", reason="permit", fields_left_out=None, **FREE)
        log.check()
        suite.check("clguard_decision_errors_total 5\n" in log.metrics(), "what is refused is counted apart")


def test_reservations_of_all_or_none(suite):
    with tempfile.TemporaryDirectory() as folder, Logged(suite, folder, policies={"l.yaml": LIMITER}) as log:
        def reserve(*targets, **more):
            items = [ask(**{**FREE, "target": target, "requestId": target, "clname": "cl"}) for target in targets]
            return log.server.request("POST", RESERVATIONS, {"reservations": items, "lease_s": 60, **more}, HEADERS)

        def live():
            text = log.metrics()
            return int(re.search(r"clguard_reservations_live (\d+)", text).group(1))
        reply = reserve("a", "a2")
        suite.equal((reply.status, reply.json["status"], len(reply.json["reservations"])), (201, "Permit", 2), reply.body)
        for target, taken in zip(("a", "a2"), reply.json["reservations"]):
            log.expect("reservation", event="reserved", status="Permit", target=target, trace=TRACE, reservation=taken["reservation"])
        suite.equal(reserve("a", "a2").json, reply.json, "again: the same")
        for target in ("a", "a2"):
            log.expect("reservation", event="repeated", target=target)
        denied = log.server.request("POST", RESERVATIONS, {"reservations": [ask(**{**FREE, "target": "b", "requestId": str(i)}) for i in range(4)]})
        suite.equal((denied.status, denied.json), (200, {"status": "Deny", "reason": "limit_reached", "denied": 2}), "the third of one target")
        for event, number in (("withdrawn", "0"), ("withdrawn", "1"), ("denied", "2")):
            log.expect("reservation", event=event, requestId=number, target="b", reservation=None)
        suite.equal(live(), 2, "none of them is taken")
        reply = log.server.request("POST", RESERVATIONS, {"reservations": [ask(**{**FREE, "target": "b", "requestId": str(i)}) for i in range(2)]})
        suite.equal(reply.status, 201, "two of them may be")
        for number in ("0", "1"):
            log.expect("reservation", event="reserved", requestId=number)
        one = reply.json["reservations"][0]["reservation"]
        suite.equal(log.server.request("PUT", f"{RESERVATIONS}/{one}", {"outcome": "Success"}).status, 200, "each is settled by itself")
        log.expect("reservation", event="settled", reservation=one)
        reply = log.server.request("POST", RESERVATIONS, {"reservations": [ask(**{**FREE, "target": t, "requestId": r}) for t, r in (("c", "c"), ("b", "0"))]})
        suite.equal((reply.status, reply.json["state"]), (409, "settled"), "one whose ids are settled")
        log.expect("reservation", event="refused", target="c")
        log.expect("reservation", event="refused", target="b", state="settled", reservation=one)
        for wrong in ({"reservations": []}, {"reservations": {}}, {"reservations": [ask(actor="A")]}, {"reservations": [{}]},
                      {"reservations": [ask(**FREE)], "lease_s": 0}):
            suite.equal(log.server.request("POST", RESERVATIONS, wrong).status, 400, f"{wrong}")
        suite.equal(live(), 3, "nothing more was taken")
        log.check()


def test_a_right_whose_client_has_gone_is_logged(suite):
    with tempfile.TemporaryDirectory() as folder, Logged(suite, folder) as log:
        body = json.dumps(ask(requestId="r-1", **FREE)).encode()
        for _ in range(5):
            sock = log.server.connect()
            sock.sendall(b"POST %s HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s"
                         % (RESERVATIONS.encode(), len(body), body))
            sock.close()
        suite.check(wait_for(lambda: log.lines()), "the right was taken, and is logged")
        suite.equal(log.lines()[0]["event"], "reserved", "once")
        suite.check(all(line["event"] == "repeated" for line in log.lines()[1:]), "then it was there")


def test_element_actions_of_control_loops(suite):
    with tempfile.TemporaryDirectory() as folder, Logged(suite, folder, policies={"hold.yaml": HELD_BACK}) as log:
        loop = gateway.Loop(log.server)
        order = {"orderedState": "PASSIVE", "controlLoopIdentifierList": [gateway.concept("loop")]}
        reply = log.server.request("PUT", gateway.BASE + "/instantiation/command", order)
        suite.equal(reply.status, 409, f"a guard denies: {reply.body}")
        for definition, kind, _ in gateway.ELEMENTS.values():
            denied = definition == "CacheServiceElement"
            log.expect("runtime", event="denied" if denied else "withdrawn", status="Deny" if denied else "Permit",
                       actor="org.example.participants." + kind, operation="UPDATE", clname="loop")
        log.check()
        suite.equal([line.get("line") for line in log.lines() if line["event"] == "denied"], [1], "with the guard's place")
        log.server.write("hold.yaml", HELD_BACK.replace("UPDATE", "RUNNING"))
        suite.check(wait_for(lambda: log.server.generation() > 1), "another guard")
        loop.order("PASSIVE")
        for _, kind, _ in gateway.ELEMENTS.values():
            log.expect("runtime", event="reserved", status="Permit", operation="UPDATE",
                       actor="org.example.participants." + kind)
        loop.answer("PASSIVE")
        for _ in gateway.ELEMENTS:
            log.expect("runtime", event="settled", outcome="Success")
        log.check()


def test_a_deny_that_a_control_loop_only_reports(suite):
    loop_type = "      type: org.onap.policy.clamp.controlloop.ControlLoop\n"
    text = gateway.document().replace(loop_type, loop_type + "      metadata: {guard: report}\n")
    with tempfile.TemporaryDirectory() as folder, Logged(suite, folder, policies={"hold.yaml": HELD_BACK}) as log:
        loop = gateway.Loop(log.server, text)
        loop.order("PASSIVE")
        for definition, kind, _ in gateway.ELEMENTS.values():
            denied = definition == "CacheServiceElement"
            log.expect("runtime", event="denied" if denied else "reserved", status="Deny" if denied else "Permit",
                       enforced=False if denied else None, actor="org.example.participants." + kind, operation="UPDATE")
        log.check()


def test_rights_of_an_order_that_takes_long_are_renewed(suite):
    with tempfile.TemporaryDirectory() as folder, Logged(suite, folder, "--max-status-wait-ms", "86400000") as log:
        loop = gateway.Loop(log.server)
        loop.order("PASSIVE")
        for _ in gateway.ELEMENTS:
            log.expect("runtime", event="reserved", status="Permit")
        log.server.request("PUT", "/clguard/v1/clock", {"advance_ms": 1800000})
        for _ in gateway.ELEMENTS:
            log.expect("runtime", event="renewed", status=None)
        loop.answer("PASSIVE")
        for _ in gateway.ELEMENTS:
            log.expect("runtime", event="settled", outcome="Success")
        log.check()
        ids = [[line["reservation"] for line in log.lines() if line["event"] == event] for event in ("reserved", "renewed", "settled")]
        suite.check(set(ids[0]) == set(ids[1]) == set(ids[2]), "the same rights")


def test_an_operation_whose_right_was_given_back(suite):
    with tempfile.TemporaryDirectory() as folder, \
            Logged(suite, folder, policies={"p.yaml": operational.document(operational.ONE)}) as log:
        asked = "/events/" + operational.ASKED + "/test/0?timeout=0"
        log.server.request("GET", asked, headers={})
        log.server.request("POST", "/events/" + operational.EVENTS, operational.onset("one", "e-1", "vm"))
        log.expect("operational", event="reserved", status="Permit", target="vm", requestId="e-1")
        request = json.loads(log.server.request("GET", asked, headers={}).json[0])
        wait_for(log.lines)
        right = log.lines()[0]["reservation"]
        suite.equal(log.server.request("DELETE", f"{RESERVATIONS}/{right}", headers={}).status, 200, "somebody gives it back")
        log.expect("reservation", event="aborted", reservation=right)
        log.server.request("POST", "/events/" + operational.ANSWERED, {
            "requestID": request["requestID"], "subRequestID": request["subRequestID"], "result": "Success"})
        log.expect("operational", event="refused", reservation=right, state="aborted", outcome="Success", status=None)
        log.check()


def test_operations_of_operational_policies(suite):
    policies = operational.document(operational.ONE, operational.guard("block", "Blacklist", {
        "actor": "APPC", "operation": "Restart", "blacklist": ["bad"]}))
    with tempfile.TemporaryDirectory() as folder, Logged(suite, folder, policies={"p.yaml": policies}) as log:
        def post(topic, body):
            suite.equal(log.server.request("POST", "/events/" + topic, body).status, 200, "posted")
        asked = "/events/" + operational.ASKED + "/test/0?timeout=0"
        log.server.request("GET", asked, headers={})
        post(operational.EVENTS, operational.onset("one", "e-1", "bad"))
        log.expect("operational", event="denied", status="Deny", reason="blacklisted", policy="guard.block", clname="CL-one",
                   actor="APPC", operation="Restart", target="bad", requestId="e-1")
        post(operational.EVENTS, operational.onset("one", "e-2", "good"))
        log.expect("operational", event="reserved", status="Permit", reason="permit", target="good", requestId="e-2")
        request = json.loads(log.server.request("GET", asked, headers={}).json[0])
        post(operational.ANSWERED, {"requestID": request["requestID"], "subRequestID": request["subRequestID"], "result": "Success"})
        log.expect("operational", event="settled", outcome="Success")
        log.check()


service.main(globals())
