#!/usr/bin/env python3
"""look - what people who look ask for: events, guards, limiters, denials, topics, sources, tries; and the console's files."""
# SPDX-License-Identifier: Apache-2.0
import datetime
import json
import os
import re
import subprocess
import threading
import time

import service
from service import BLACKLIST, LIMITER, JSON, Service, main, wait_for

OURS = "/clguard/v1/"
POLICIES = {"limit.yaml": LIMITER, "block.yaml": BLACKLIST % "cell-9"}


def get(server, path, status=200):
    reply = server.request("GET", path, headers={"Accept": "application/json"})
    if reply.status != status:
        raise RuntimeError(f"GET {path}: {reply.status} {reply.body[:200]}")
    return reply.json


def record(server, target, count, **more):
    server.request("POST", OURS + "operations", [{"actor": "RANC", "operation": "Cell Reset", "target": target, "outcome": "Success", **more}] * count)


class Listener:
    """Reads events until the stream ends."""

    def __init__(self, server, query="?seconds=30"):
        self.sock = server.connect()
        self.sock.settimeout(40)
        self.sock.sendall(f"GET {OURS}events{query} HTTP/1.0\r\nHost: 127.0.0.1\r\n\r\n".encode())
        self.heard = []
        self.ended = False
        self.head = b""
        self.thread = threading.Thread(target=self._read, daemon=True)
        self.thread.start()

    def _read(self):
        rest = b""
        while True:
            try:
                more = self.sock.recv(65536)
            except OSError:
                more = b""
            if not more:
                break
            rest += more
            if not self.head and b"\r\n\r\n" in rest:
                self.head, rest = rest.split(b"\r\n\r\n", 1)
            while self.head and b"\n\n" in rest:
                block, rest = rest.split(b"\n\n", 1)
                found = re.search(rb"event: (\w+)\ndata: (.*)", block)
                self.heard.append((found[1].decode(), json.loads(found[2])))
        self.ended = True

    def of(self, kind):
        return [data for name, data in self.heard if name == kind]


def test_events_are_told_as_they_happen(suite):
    with Service(policies=POLICIES) as server:
        first, second = Listener(server), Listener(server)
        suite.check(wait_for(lambda: first.of("past") and len(first.of("now")) > 1), "past comes first, and now each second")
        suite.equal(first.heard[0][0], "past", "the first event")
        suite.check(b"text/event-stream" in first.head, "its type")
        server.decide(actor="RANC", operation="Cell Reset", target="cell-9")
        denied = wait_for(lambda: first.of("denied"))
        suite.equal({name: denied[0][0].get(name) for name in ("actor", "target", "reason", "policy", "door")},
                    {"actor": "RANC", "target": "cell-9", "reason": "blacklisted", "policy": "edge.block", "door": "decision"}, "a denial")
        suite.check(wait_for(lambda: second.of("denied")), "each hears it")
        before = len(first.of("changed"))
        record(server, "cell-1", 1)
        suite.check(wait_for(lambda: len(first.of("changed")) > before), "a commit")
        server.request("POST", "/events/CLGUARD-NOTIFICATION", {"notification": "HELLO"})
        told = wait_for(lambda: first.of("notification"))
        suite.equal(json.loads(told[0]["messages"][0]["message"]), {"notification": "HELLO"}, "a notification")
        suite.check(wait_for(lambda: first.of("now")[-1]["denied"] == 1), "counts")
        suite.check(wait_for(lambda: first.of("now")[-1]["connections"] >= 2), "connections")
        second.sock.close()
        server.process.send_signal(15)
        suite.check(wait_for(lambda: first.ended, 10), "the end of the service ends the stream")


def test_streams_are_bounded(suite):
    with Service(policies=POLICIES) as server:
        short = Listener(server, "?seconds=0")
        suite.check(wait_for(lambda: short.ended), "a stream ends when it is to")
        suite.equal(server.request("GET", OURS + "events?seconds=x").status, 400, "seconds")
        many = [Listener(server, "") for _ in range(64)]
        suite.check(wait_for(lambda: all(one.of("now") for one in many)), "64 listen")
        suite.equal(server.request("GET", OURS + "events").status, 503, "one more")
        for one in many:
            one.sock.shutdown(2)
            one.sock.close()
        last = wait_for(lambda: server.request("GET", OURS + "events?seconds=0").status == 200, 10)
        suite.check(last, "room again when they have gone")


def test_a_slow_reader_ends_and_holds_nobody_up(suite):
    with Service(policies=POLICIES) as server:
        slow = server.connect()
        slow.sendall(f"GET {OURS}events HTTP/1.0\r\nHost: 127.0.0.1\r\n\r\n".encode())  # and reads nothing
        quick = Listener(server)
        wait_for(lambda: quick.of("now"))
        for i in range(40):
            server.request("POST", "/events/CLGUARD-NOTIFICATION", [{"notification": "x" * 50000}] * 4)
        heard = len(quick.of("now"))
        suite.check(wait_for(lambda: len(quick.of("now")) > heard + 1) and not quick.ended, "others go on hearing")
        suite.check(any(one["missed"] for one in quick.of("notification")), "what does not fit is counted")
        suite.equal(server.request("GET", "/live", headers={}).status, 200, "and the service answers")
        slow.close()


def test_guards_and_values(suite):
    with Service(policies=POLICIES) as server:
        got = get(server, OURS + "guards")
        suite.equal((got["total"], [one["policy"] for one in got["guards"]]), (2, ["edge.block", "edge.limit"]), "all of them")
        suite.equal(got["guards"][1]["scope"], {"actor": "RANC", "operation": "Cell Reset"}, "a scope")
        suite.equal([one["policy"] for one in get(server, OURS + "guards?text=LIMIT")["guards"]], ["edge.limit"], "by a text")
        suite.equal([one["policy"] for one in get(server, OURS + "guards?limit=1&offset=1")["guards"]], ["edge.limit"], "a page")
        suite.equal(get(server, OURS + "guards/values?attribute=actor&begin=ra")["values"], ["RANC"], "values")
        suite.equal(get(server, OURS + "guards/values?attribute=target")["values"], [], "none")
        suite.equal(server.request("GET", OURS + "guards/values?attribute=x").status, 400, "no such attribute")
        suite.equal(server.request("GET", OURS + "guards?limit=1001").status, 400, "limit")
        suite.equal(server.request("GET", OURS + "guards?limit=x").status, 400, "limit is a number")


def test_limiters_are_those_of_the_explanation(suite):
    with Service(policies={"limit.yaml": LIMITER}) as server:
        suite.equal([(one["used"], one["limit"]) for one in get(server, OURS + "limiters")["limiters"]], [(0, 2)], "an empty one")
        record(server, "cell-1", 1)
        record(server, "cell-2", 3)
        record(server, "cell-3", 1, endtime="2020-01-01T00:00:00Z")
        got = get(server, OURS + "limiters")
        suite.equal([(one["target"], one["used"], one["denies"]) for one in got["limiters"]], [("cell-2", 3, True), ("cell-1", 1, False)], "the fullest first")
        suite.equal((got["total"], got["whole"]), (2, True), "all")
        why = server.request("POST", service.DECISION + "?explain=true", service.ask(actor="RANC", operation="Cell Reset", target="cell-2")).json["explanation"]
        suite.equal((got["limiters"][0]["used"], got["limiters"][0]["next"]), (why["guards"][0]["used"], why["guards"][0]["permit_at"]), "as the explanation says")
        suite.equal([one["target"] for one in get(server, OURS + "limiters?text=cell-1")["limiters"]], ["cell-1"], "by a text")


def test_denials_are_kept_for_each_thread(suite):
    with Service(policies=POLICIES) as server:
        for i in range(200):
            server.decide(actor="RANC", operation="Cell Reset", target="cell-9", clname=f"loop-{i}")
        long = "x" * 500
        server.decide(actor="RANC", operation="Cell Reset", target="cell-9", clname=long)
        record(server, "cell-1", 2)
        server.request("POST", OURS + "reservations", {"action": "guard", "resource": {"guard": {
            "actor": "RANC", "operation": "Cell Reset", "target": "cell-1", "requestId": "r"}}})
        got = get(server, OURS + "denials?limit=1000")
        suite.equal(got["count"], 202, "all are counted")
        suite.check(64 <= len(got["denials"]) <= 64 * 4, f"the last are kept: {len(got['denials'])}")
        suite.equal([one["door"] for one in got["denials"]].count("reservation"), 1, "of each door")
        suite.check(any(one.get("clname") == "x" * 95 for one in got["denials"]), "long texts are cut")
        times = [one["time"] for one in got["denials"]]
        suite.equal(times, sorted(times, key=datetime.datetime.fromisoformat, reverse=True), "the newest first")


def test_topics_are_looked_at_and_nothing_is_taken(suite):
    with Service() as server:
        server.request("GET", "/events/t/readers/1?timeout=0")
        for i in range(5):
            server.request("POST", "/events/t", {"n": i})
        topic = get(server, OURS + "topics")["topics"][0]
        suite.equal((topic["topic"], topic["first"], topic["next"], [(one["group"], one["lag"]) for one in topic["groups"]]), ("t", 0, 5, [("readers", 5)]), "a topic")
        got = get(server, OURS + "topics/t?limit=2")
        suite.equal([(one["number"], json.loads(one["message"])["n"]) for one in got["messages"]], [(3, 3), (4, 4)], "the newest")
        suite.equal([one["number"] for one in get(server, OURS + "topics/t?limit=2&before=3")["messages"]], [1, 2], "those before")
        suite.equal(len(server.request("GET", "/events/t/readers/1?timeout=0").json), 5, "the group has all of them still")
        suite.equal(get(server, OURS + "topics/none")["messages"], [], "one that is not there")
        suite.equal(server.request("GET", OURS + "topics/a%20b").status, 400, "a name that cannot be")


def test_sources_are_those_of_policies_only(suite):
    with Service(policies=POLICIES) as server:
        file = get(server, OURS + "guards")["guards"][1]["file"]
        suite.equal(get(server, OURS + "source?file=" + file)["text"], LIMITER, "a policy's file")
        for other in ("/etc/passwd", "../../etc/passwd", file + "/../block.yaml", os.path.dirname(file), "", "policy x 1.0.0"):
            suite.equal(server.request("GET", OURS + "source?file=" + other.replace(" ", "%20")).status, 404, f"'{other}'")
        os.unlink(file)
        suite.equal(server.request("GET", OURS + "source?file=" + file).status, 404, "one that is gone")


def test_a_try_is_apart_and_bounded(suite):
    question = {"action": "guard", "resource": {"guard": {"actor": "RANC", "operation": "Cell Reset", "target": "t"}}}
    rows = [{"actor": "RANC", "operation": "Cell Reset", "target": "t", "outcome": "Success", "endtime": f"2026-01-01T00:00:0{i}Z"} for i in range(2)]
    body = {"policies": [{"name": "p.yaml", "text": LIMITER}], "history": rows, "request": question, "requests": [question, {"action": "x"}], "now": "2026-01-01T00:01:00Z"}
    with Service(policies=POLICIES) as server:
        before = get(server, OURS + "generation")["generation"]
        got = server.request("POST", OURS + "try", body).json
        suite.equal((got["good"], got["answer"]["reason"], got["answer"]["explanation"]["guards"][0]["file"]), (True, "limit_reached", "p.yaml"), "an answer with its reason")
        suite.equal((got["answers"][0], "error" in got["answers"][1]), ({"status": "Deny", "reason": "limit_reached"}, True), "many answers")
        suite.equal(server.request("POST", OURS + "try", {**body, "now": "2026-01-01T00:30:00Z"}).json["answer"]["status"], "Permit", "at another time")
        suite.equal(server.request("POST", OURS + "try", {**body, "history": []}).json["answer"]["status"], "Permit", "with another history")
        bad = server.request("POST", OURS + "try", {"policies": [{"name": "p.yaml", "text": LIMITER.replace("limit:", "limmit:")}]}).json
        suite.equal((bad["good"], bad["findings"][0]["line"]), (False, 11), "findings")
        for wrong in ([], {"policies": 1}, {"policies": [{"name": 1}]}, {**body, "more": 1}, {**body, "mode": "x"}, {**body, "now": "x"},
                      {**body, "requests": [question] * 501}, {**body, "history": rows * 501}, {**body, "policies": body["policies"] * 17}):
            suite.equal(server.request("POST", OURS + "try", wrong).status, 400, f"refused: {str(wrong)[:60]}")
        suite.equal(server.request("POST", OURS + "try", {"policies": [{"name": "p", "text": "x" * 300000}]}).status, 413, "a long body")
        bomb = "a: &a [" + "x," * 500 + "]\n" + "".join(f"b{i}: [{'*a,' * 500}]\n" for i in range(40))
        suite.equal(server.request("POST", OURS + "try", {"policies": [{"name": "p", "text": bomb}]}).json["good"], False, "a bomb")
        statuses = []
        threads = [threading.Thread(target=lambda: statuses.append(server.request("POST", OURS + "try", body).status)) for _ in range(40)]
        for one in threads:
            one.start()
        for one in threads:
            one.join()
        suite.check(set(statuses) <= {200, 503} and 200 in statuses, f"many at once: {set(statuses)}")
        suite.equal(server.request("POST", OURS + "try", body).status, 200, "and again after them")
        suite.equal(get(server, OURS + "generation")["generation"], before, "nothing of it is in force")
        suite.equal(get(server, OURS + "operations"), [], "nothing is recorded")
        suite.equal(get(server, OURS + "denials")["count"], 0, "nothing counts as a denial")


def test_the_commands_show_the_same(suite):
    with Service(policies=POLICIES) as server:
        record(server, "cell-2", 3)
        server.decide(actor="RANC", operation="Cell Reset", target="cell-9")

        def run(*words):
            done = subprocess.run([os.path.join(service.BUILD, "clguard"), *words, "--service", server.address()], capture_output=True, text=True, check=False)
            return done.returncode, done.stdout

        code, out = run("look", "limiters")
        suite.check(code == 0 and out.startswith("3  2  10 m  RANC  Cell Reset  cell-2"), out)
        suite.check("cell-9" in run("look", "denials")[1], "denials")
        suite.check("edge.limit" in run("look", "guards", "limit")[1] and "edge.block" not in run("look", "guards", "limit")[1], "guards")
        suite.check("cell-2" in run("look", "operations", "cell-2")[1], "operations")
        suite.equal(run("look", "nothing")[0], 2, "an unknown list")
        suite.equal(run("end", "x")[0], 1, "an unknown execution")
        code, out = run("events", "1")
        suite.check(code == 0 and "permitted" in out, f"events: {out}")
        code, out = run("events", "1", "--json")
        suite.check(code == 0 and out.startswith("past {"), f"events as they are: {out[:80]}")
        suite.equal(run("events", "x")[0], 1, "seconds")


main(globals())
