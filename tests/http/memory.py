#!/usr/bin/env python3
"""memory - what requests can make grow is bounded: one budget over all of it, topics, and what each caller publishes."""
# SPDX-License-Identifier: Apache-2.0
import json
import os
import re
import select
import tempfile

import service
from service import BLACKLIST, DECISION, Service, ask, wait_for

MI = 1 << 20
# Freed memory that the address sanitizer keeps back is not growth.
os.environ["ASAN_OPTIONS"] = ":".join((os.environ.get("ASAN_OPTIONS", ""), "quarantine_size_mb=0",
                                       "thread_local_quarantine_size_kb=0", "allocator_release_to_os_interval_ms=100"))
YAML = {"Content-Type": "application/yaml", "Accept": "application/json"}
COMMISSION = "/onap/controlloop/v2/commission"


def metric(server, name):
    return float(re.search(rf"^{name} (\S+)$", server.request("GET", "/metrics", headers={}).body.decode(), re.M).group(1))


def private_bytes(server):
    with open(f"/proc/{server.process.pid}/smaps_rollup", encoding="ascii") as file:
        return 1024 * sum(int(line.split()[1]) for line in file if line.startswith("Private_Dirty"))


def get(sock, path):
    sock.sendall(f"GET {path} HTTP/1.1\r\nHost: x\r\n\r\n".encode())


def read_body(sock):
    data = b""
    while b"\r\n\r\n" not in data:
        data += sock.recv(65536)
    head, _, body = data.partition(b"\r\n\r\n")
    length = int(head.lower().split(b"content-length: ")[1].split(b"\r\n")[0])
    while len(body) < length:
        body += sock.recv(1 << 20)
    return body


def rest(server, most):
    """Whether private memory comes down to `most` by itself."""
    return wait_for(lambda: private_bytes(server) <= most, 15)


def test_a_message_for_many_readers_is_kept_once(suite):
    with Service() as server:
        server.request("POST", "/events/T", {"warm": "x" * 900000})
        before = private_bytes(server)
        readers = [server.connect() for _ in range(200)]
        for number, sock in enumerate(readers):
            get(sock, f"/events/T/g{number}/i?timeout=30000")
        suite.check(wait_for(lambda: metric(server, "clguard_http_suspended") == 200), "they wait")
        server.request("POST", "/events/T", {"message": "z" * 900000})
        suite.check(wait_for(lambda: metric(server, "clguard_http_suspended") == 0), "they are answered")
        grown, held = private_bytes(server) - before, metric(server, "clguard_memory_held_bytes")
        suite.check(grown < 40 * MI, f"private memory grew by {grown >> 20} MiB")
        suite.check(held < 8 * MI, f"held: {held}")
        bodies = {read_body(sock) for sock in readers}
        suite.equal([json.loads(json.loads(body)[0])["message"] for body in bodies], ["z" * 900000], "the message")
        for sock in readers:
            sock.close()
        suite.check(wait_for(lambda: metric(server, "clguard_memory_held_bytes") == 0), "nothing is held afterwards")


def test_over_the_budget_others_wait_and_decisions_go_on(suite):
    with Service("--memory-budget", "16M", policies={"b.yaml": BLACKLIST % "bad"}) as server:
        server.decide(actor="a")
        before, crowd, refused = private_bytes(server), [], 0
        for number in range(40):  # each body is whole but for its last byte: half a megabyte is held
            sock = server.connect()
            body = json.dumps({"message": "z" * 500000}).encode()
            sock.sendall(b"POST /events/T HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n" %
                         len(body) + body[:-1])
            crowd.append(sock)
        suite.check(wait_for(lambda: metric(server, "clguard_memory_refused_total") > 0), "the budget is full")
        suite.check(metric(server, "clguard_memory_held_bytes") <= 16 * MI, "and is not passed")
        suite.equal(metric(server, "clguard_memory_budget_bytes"), 16 * MI, "the metric of the limit")
        reply = server.request("POST", "/events/T", {"message": "z" * 900000})
        suite.equal((reply.status, reply.headers.get("retry-after")), (503, "1"), f"refused: {reply.body}")
        for number in range(100):
            suite.equal(server.decide(actor="RANC", operation="Cell Reset", target="bad").json["status"], "Deny", "a decision")
        large = ask(actor="RANC", operation="Cell Reset", target="bad", **{"generic-vnf.vnf-name": "x" * 1000})
        suite.equal(server.request("POST", DECISION, " " * 60000 + json.dumps(large)).status, 200, "a large one too")
        for sock in crowd:
            sock.close()
        suite.check(wait_for(lambda: server.request("POST", "/events/T", {"message": "z" * 900000}).status == 200),
                    "it takes messages again when the crowd has gone")
        suite.check(wait_for(lambda: metric(server, "clguard_memory_held_bytes") == 0), "nothing is held afterwards")
        suite.check(rest(server, before + 12 * MI), f"private memory: {before >> 20}, then {private_bytes(server) >> 20} MiB")


def test_an_order_over_the_budget_is_refused_and_holds_nothing(suite):
    def concept(name):
        return {"name": name, "version": "1.0.0"}

    base, clamp = "/onap/controlloop/v2", "org.onap.policy.clamp.controlloop."
    nodes = {"m.E": dict(version="1.0.0", type=clamp + "ControlLoopElement", type_version="1.0.1",
                         properties={"participantType": concept("m.P")}),
             "m.L": dict(version="1.0.0", type=clamp + "ControlLoop", type_version="1.0.1",
                         properties={"elements": [concept("m.E")]})}
    with Service("--memory-budget", "8M") as server:
        server.request("POST", COMMISSION, {"tosca_definitions_version": "tosca_simple_yaml_1_3",
                                            "topology_template": {"node_templates": nodes}})
        server.request("POST", "/events/POLICY-CLRUNTIME-PARTICIPANT", {
            "messageType": "PARTICIPANT_REGISTER", "participantType": concept("m.P"), "participantId": concept("p")})
        for first in range(0, 1000, 100):
            reply = server.request("POST", base + "/instantiation", {"controlLoopList": [
                dict(concept(f"l-{i}"), definition=concept("m.L"), elements={
                    f"{i:08}-0000-4000-8000-000000000000": {"definition": concept("m.E"), "participantId": concept("p")}})
                for i in range(first, first + 100)]})
            suite.equal(reply.status, 200, "instances")

        def order(numbers):
            return server.request("PUT", base + "/instantiation/command", {
                "orderedState": "PASSIVE", "controlLoopIdentifierList": [concept(f"l-{i}") for i in numbers]})

        reply = order(range(1000))
        suite.equal((reply.status, reply.headers.get("retry-after")), (503, "1"), f"refused: {reply.body}")
        suite.check(b"memory_budget" in reply.body, f"it says why: {reply.body}")
        states = {loop["state"] for loop in server.request("GET", base + "/instantiation?limit=1000").json["controlLoopList"]}
        suite.equal(states, {"UNINITIALISED"}, "nothing of it was done")
        suite.equal(order(range(100)).status, 202, "a smaller one")
        suite.check(wait_for(lambda: metric(server, "clguard_memory_held_bytes") == 0), "nothing is held afterwards")


def bomb(levels):
    """YAML of some hundred bytes for 10 ** levels values."""
    text, last = "a: &a [x,x,x,x,x,x,x,x,x,x]\n", "a"
    for name in "bcdefghij"[:levels - 1]:
        text += f"{name}: &{name} [{','.join(['*' + last] * 10)}]\n"
        last = name
    return text


def test_a_small_document_does_not_become_a_large_one(suite):
    with Service("--workers", "1") as server:
        server.request("POST", COMMISSION, "a: 1\n", headers=YAML)
        before = private_bytes(server)
        reply = server.request("POST", COMMISSION, bomb(6), headers=YAML)
        suite.equal(reply.status, 400, "refused")
        suite.check(b"values, aliases expanded" in reply.body, f"it says why: {reply.body}")
        suite.check(private_bytes(server) - before < 4 * MI, "and takes no memory")


def test_a_slow_document_holds_up_no_decision(suite):
    with Service("--workers", "1", "--body-nodes", "10000000") as server:
        document = json.dumps({"topology_template": {"a": [[0] * 1000] * 300}}).encode()
        slow = [server.connect() for _ in range(4)]
        connection = server.connection()
        server.request("POST", DECISION, ask(actor="a"), connection=connection)
        for sock in slow:
            sock.sendall(b"POST %s HTTP/1.1\r\nHost: x\r\nContent-Type: application/yaml\r\nContent-Length: %d\r\n\r\n" %
                         (COMMISSION.encode(), len(document)) + document)
        suite.equal(server.request("POST", DECISION, ask(actor="a"), connection=connection).status, 200, "decided")
        suite.equal(select.select(slow[-1:], [], [], 0)[0], [], "before the last document was read")
        suite.equal([b"errorDetails" in read_body(sock) for sock in slow], [True] * 4, "they are answered")


def publish_to_many(server, topics, size):
    for number in range(topics):
        status = server.request("POST", f"/events/T{number}", {"message": "z" * size}).status
        if status != 200:
            raise AssertionError(f"T{number}: {status}")


def test_all_topics_together_have_a_bound(suite):
    with tempfile.TemporaryDirectory() as data, Service("--data", data, "--topics-size", "4M") as server:
        server.request("POST", "/events/small", {"first": 1})
        publish_to_many(server, 20, 500000)
        suite.check(metric(server, "clguard_topics_bytes") <= 4 * MI, "the bound")
        suite.check(os.path.getsize(os.path.join(data, "data.mdb")) < 16 * MI, "the file")
        suite.equal([json.loads(text) for text in server.request("GET", "/events/T19/g/i?timeout=0").json], [], "a new group")
        publish_to_many(server, 20, 500000)
        suite.equal(len(server.request("GET", "/events/T19/g/i?timeout=0").json), 1, "the newest message is there")
        server.request("GET", "/events/small/g/i?timeout=0")
        server.request("POST", "/events/small", {"second": 2})
        publish_to_many(server, 20, 500000)
        suite.equal(server.request("GET", "/events/small/g/i?timeout=0").json, ['{"second": 2}'],
                    "a small topic does not pay for large ones")


def test_groups_have_a_bound(suite):
    with tempfile.TemporaryDirectory() as data, Service("--data", data, "--topic-groups", "200", "--clock", "manual") as server:
        for number in range(400):
            if number % 50 == 0:  # one that is asked for stays
                server.request("PUT", "/clguard/v1/clock", {"advance_ms": 11000})
                server.request("GET", "/events/kept/g/i?timeout=0")
            server.request("GET", f"/events/none{number}/g/i?timeout=0")
        server.request("POST", "/events/kept", {"a": 1})
        suite.equal(server.request("GET", "/events/kept/g/i?timeout=0").json, ['{"a": 1}'], "what is in use stays")
        suite.check(metric(server, "clguard_topic_groups") <= 200, "the bound")


def test_a_caller_publishes_at_a_bounded_rate(suite):
    with Service("--publish-rate", "1K") as server:
        suite.equal(server.request("POST", "/events/T", {"message": "z" * 90000}).status, 200, "the first")
        reply = server.request("POST", "/events/T", {"message": "z" * 3000})
        suite.equal(reply.status, 429, "then it is too much")
        suite.check(int(reply.headers.get("retry-after", 0)) > 60, f"with the time to wait: {reply.headers}")
        suite.equal(server.decide(actor="a").status, 200, "decisions are not held back")
        suite.check(metric(server, "clguard_publish_refused_total") > 0, "the metric")


def test_lists_are_made_off_the_workers_and_paged(suite):
    with Service("--workers", "1") as server:
        for number in range(30):
            server.request("POST", f"/events/topic-{number:02}", {"a": 1})
        names = server.request("GET", "/topics").json["topics"]
        suite.check(len(names) >= 30, "all")
        suite.equal(server.request("GET", "/topics?limit=3&offset=2").json["topics"], names[2:5], "a page")


service.main(globals())
