#!/usr/bin/env python3
"""abandoned - clients that go away at every stage of every route: nothing of their requests stays."""
# SPDX-License-Identifier: Apache-2.0
import fcntl
import json
import os
import re
import tempfile
import time

import service
from service import BLACKLIST, LIMITER, Service, documented, reset, wait_for

ROUNDS = 40 if os.environ.get("CLGUARD_STRESS") else 4
PARTS = {"topic": "T", "group": "g", "instance": "i", "id": "0123456789abcdef", "name": "n", "version": "1.0.0"}
BODIES = {
    "/clguard/v1/operations": {"actor": "A", "operation": "O", "outcome": "Success", "requestId": "r"},
    "/clguard/v1/state": {"state": "ACTIVE"},
    "/events": {"messageType": "PARTICIPANT_STATUS", "participantId": {"name": "p", "version": "1.0.0"}, "more": "x" * 200},
}


def body_of(path):
    for start, body in BODIES.items():
        if path.startswith(start):
            return json.dumps(body).encode()
    return json.dumps(service.ask(actor="RANC", operation="Cell Reset", target="t", requestId="r")).encode()


def wire_of(method, path):
    """A request that is good as far as this file needs it: what it waits for is what the route waits for."""
    path = re.sub(r"{(\w+)}", lambda part: PARTS.get(part.group(1), "x"), path)
    query = "?timeout=30000" if path.count("/") == 4 and path.startswith("/events/") else "?explain=true"
    body = body_of(path) if method in ("POST", "PUT") else b""
    head = f"{method} {path}{query} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    return head.encode(), body


def metric(server, name):
    return float(re.search(rf"^{name} (\S+)$", server.request("GET", "/metrics", headers={}).body.decode(), re.M).group(1))


def what_stays(server):
    return {name: metric(server, "clguard_" + name) for name in ("http_connections", "http_suspended", "memory_held_bytes")}


def settled(server):
    """Only the asker is left, and nothing is held."""
    return what_stays(server) == {"http_connections": 1, "http_suspended": 0, "memory_held_bytes": 0}


class Stall:
    """Nobody commits: another process has its turn to write, for as long as this is open."""

    def __init__(self, data):
        self.file = open(os.path.join(data, "clguard.turn"), "r+b")

    def __enter__(self):
        fcntl.lockf(self.file, fcntl.LOCK_EX, 1)
        return self

    def __exit__(self, *_):
        self.file.close()


def routes():
    return [(method, path) for path, methods in documented().items() for method in sorted(methods)]


def abandon(server, cut):
    """Every route, each connection reset after cut(head, body) has been sent and 'wait' seconds have passed."""
    for _ in range(ROUNDS):
        for method, path in routes():
            sock = server.connect()
            sock.sendall(cut(*wire_of(method, path)))
            reset(sock)


def check_stage(suite, server, name, cut):
    abandon(server, cut)
    suite.check(wait_for(lambda: settled(server), 20), f"{name}: {what_stays(server)}")


STAGES = {
    "in the request line": lambda head, body: head[:5],
    "in the headers": lambda head, body: head[:-10],
    "before the body": lambda head, body: head,
    "in the body": lambda head, body: head + body[:len(body) // 2],
    "with the answer under way": lambda head, body: head + body,
    "with two requests in the pipe": lambda head, body: (head + body) * 2,
}


def started(data):
    return Service("--data", data, policies={"b.yaml": BLACKLIST % "bad", "l.yaml": LIMITER})


def warm(server):
    """Every route once, so that what a first request leaves is there: buffers of workers and threads."""
    for method, path in routes():
        head, body = wire_of(method, path.replace("{group}", "w"))
        head = head.replace(b"timeout=30000", b"timeout=0")
        sock = server.connect()
        sock.sendall(head + body)
        sock.recv(65536)
        sock.close()
    wait_for(lambda: metric(server, "clguard_http_connections") == 1)


def test_a_client_that_resets_at_any_stage_of_any_route_leaves_nothing(suite):
    with tempfile.TemporaryDirectory() as data, started(data) as server:
        suite.check(len(routes()) > 40, "routes are found")
        warm(server)
        for name, cut in STAGES.items():
            check_stage(suite, server, name, cut)
        suite.equal(server.decide(actor="a").status, 200, "others are served")


def test_who_goes_while_nobody_commits_leaves_nothing(suite):
    """Every route that waits does wait here; its clients are gone before the answer, or before the time is over."""
    with tempfile.TemporaryDirectory() as data, started(data) as server:
        warm(server)
        for _ in range(2):
            with Stall(data):
                socks = []
                for method, path in routes():
                    sock = server.connect()
                    sock.sendall(b"".join(wire_of(method, path)))
                    socks.append(sock)
                suite.check(wait_for(lambda: metric(server, "clguard_http_suspended") >= 10), "many wait")
                suite.check(metric(server, "clguard_memory_held_bytes") > 10000, "and hold something")
                for sock in socks:
                    reset(sock)
                time.sleep(.1)
            suite.check(wait_for(lambda: settled(server), 20), f"nothing stays of them: {what_stays(server)}")


def test_messages_that_a_reader_did_not_live_to_see_are_offered_again(suite):
    with tempfile.TemporaryDirectory() as data, started(data) as server:
        server.request("GET", "/events/T/g/one?timeout=0")
        wire = wire_of("GET", "/events/T/g/one")[0]
        for number in range(20):
            sock = server.connect()
            sock.sendall(wire)
            wait_for(lambda: metric(server, "clguard_http_suspended") == 1)
            reset(sock)
            server.request("POST", "/events/T", {"number": number})
            got = wait_for(lambda: server.request("GET", "/events/T/g/two?timeout=0").json)
            suite.equal([json.loads(text)["number"] for text in got or []], [number], "offered to the next one")


def test_a_small_message_reserves_little(suite):
    with tempfile.TemporaryDirectory() as data, started(data) as server:
        warm(server)
        with Stall(data):
            socks, held = [], []
            for waiting in (50, 100):  # what the first 50 make the runtime's thread hold is not each message's own
                more = [server.connect() for _ in range(50)]
                for sock in more:
                    sock.sendall(b"".join(wire_of("POST", "/events/{topic}")))
                socks += more
                suite.check(wait_for(lambda: metric(server, "clguard_http_suspended") == waiting), "they wait")
                held.append(metric(server, "clguard_memory_held_bytes"))
            each = (held[1] - held[0]) / 50
            suite.check(0 < each < 16384, f"{each} bytes for a message of 300")
        for sock in socks:
            sock.close()


service.main(globals())
