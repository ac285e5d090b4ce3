#!/usr/bin/env python3
"""floods - slow, idle, waiting and guessing clients by the hundred: the others do not notice, and memory stays flat.

As it stands the small form, for make check. CLGUARD_STRESS=1, as make stress has it: 2,000 slow connections, 10,000 idle ones.
"""
# SPDX-License-Identifier: Apache-2.0
import http.client
import json
import multiprocessing
import os
import resource
import socket
import subprocess
import tempfile
import time

from service import BLACKLIST, DECISION, JSON, LIMITER, Service, ask, basic, main, sanitized, wait_for

WHOLE = bool(os.environ.get("CLGUARD_STRESS"))
SECONDS = 15 if WHOLE else 1.5
SANITIZED = sanitized()
NOTICED_S = 0.5 if SANITIZED else 0.02 if WHOLE else 0.1  # a machine that runs other tests beside this one has hiccups of its own


class Flood:
    """`count` connections, each kept as one() makes it; what the service closes is opened again, as an attacker would.

    In a process of its own, so that those who are asked meanwhile wait for the service and not for this one's interpreter.
    """

    def __init__(self, server, count, one, again=None):
        self.server, self.count, self.one, self.again = server, count, one, again
        self.counts = multiprocessing.RawArray("q", 1)
        self.stop = multiprocessing.Event()
        self.process = multiprocessing.Process(target=self.run, daemon=True)

    @property
    def opened(self):
        return self.counts[0]

    def open(self):
        try:
            sock = self.server.connect()
            sock.setblocking(False)
            self.one(sock)
        except OSError:
            return None
        self.counts[0] += 1
        return sock

    def run(self):
        socks = []
        while not self.stop.is_set():
            begun = time.monotonic()
            for i in range(self.count):
                if self.stop.is_set():
                    return
                if i >= len(socks):
                    socks.append(None)
                if socks[i] is None:
                    socks[i] = self.open()
                    continue
                try:
                    if self.again:
                        self.again(socks[i])
                    elif socks[i].recv(65536) == b"":
                        raise ConnectionError
                except BlockingIOError:
                    pass
                except OSError:
                    socks[i].close()
                    socks[i] = None
            self.stop.wait(max(0.0, 1 - (time.monotonic() - begun)))

    def __enter__(self):
        self.process.start()
        wait_for(lambda: self.opened >= self.count, 30 if WHOLE else 5)
        return self

    def __exit__(self, *_):
        self.stop.set()
        self.process.join()


def memory(server):
    with open(f"/proc/{server.process.pid}/status", encoding="ascii") as file:
        return int(next(line.split()[1] for line in file if line.startswith("VmRSS:")))


def honest(servers, headers, seconds):
    """Seconds of decisions to each server in turn, each on a connection of its own, and of /live between them; (p99 of each in
    seconds, failures)."""
    times, failures, until = [[] for _ in servers], [], time.monotonic() + seconds
    number = 0
    while time.monotonic() < until:
        number += 1
        for server, taken in zip(servers, times):
            begun = time.monotonic()
            try:
                if number % 5 == 0:
                    status = server.request("GET", "/live", headers={}).status
                else:
                    status = server.request("POST", DECISION, ask(actor="RANC", operation="Cell Reset", target="x"), headers).status
                if status != 200:
                    failures.append(status)
            except OSError as problem:
                failures.append(repr(problem))
            taken.append(time.monotonic() - begun)
    return [sorted(taken)[int(len(taken) * 0.99)] for taken in times], failures


def unnoticed(suite, server, flood, name, headers=JSON, options=()):
    """A server in the flood, and one that is left alone, asked in turn: what else the machine does meets both alike."""
    with service_for(*options) as alone:
        (quiet, _), failures = honest([server, alone], headers, SECONDS)
        suite.equal(failures, [], name + ": in quiet")
        before = memory(server)
        with flood:
            first = memory(server)
            for _ in range(3):  # what a flood does is there each time; a hiccup of the machine is not
                (p99, beside), failures = honest([server, alone], headers, SECONDS)
                if failures or p99 <= max(2 * beside, NOTICED_S):
                    break
            last = memory(server)
    suite.equal(failures, [], name + ": everybody else is answered")
    suite.check(p99 <= max(2 * beside, NOTICED_S),
                f"{name}: p99 {p99 * 1000:.2f} ms, of one left alone {beside * 1000:.2f} ms, in quiet {quiet * 1000:.2f} ms")
    suite.check(SANITIZED or last - first < 16384, f"{name}: memory grows from {first} to {last} KiB in the flood")
    print(f"{name}: {flood.count} connections, {flood.opened} opened; p99 {p99 * 1000:.2f} ms, of one left alone {beside * 1000:.2f} ms, "
          f"in quiet {quiet * 1000:.2f} ms; memory {before} KiB before, {first} to {last} KiB in it")


def service_for(*options, connections=4096 if WHOLE else 256):
    return Service("--connections", str(connections), *options, policies={"b.yaml": BLACKLIST % "bad"})


def test_slow_headers(suite):
    head = b"POST /policy/pdpx/v1/decision HTTP/1.1\r\nHost: x\r\nX-Slow: "
    with service_for("--header-timeout-s", "5") as server:
        flood = Flood(server, 6000 if WHOLE else 500, lambda sock: sock.send(head), lambda sock: sock.send(b"y"))
        unnoticed(suite, server, flood, "a byte a second of a header")


def test_slow_bodies(suite):
    head = b"POST /policy/pdpx/v1/decision HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n\r\n{"
    with service_for("--body-timeout-s", "5") as server:
        flood = Flood(server, 6000 if WHOLE else 400, lambda sock: sock.send(head), lambda sock: sock.send(b" "))
        unnoticed(suite, server, flood, "a byte a second of a body")


def test_idle_connections(suite):
    with service_for() as server:
        flood = Flood(server, 10000 if WHOLE else 500, lambda sock: sock.send(b"GET /live HTTP/1.1\r\nHost: x\r\n\r\n"))
        unnoticed(suite, server, flood, "one request, then nothing")


def test_long_polls(suite):
    poll = b"GET /events/T/g%d/c?timeout=60000 HTTP/1.1\r\nHost: x\r\n\r\n"
    numbers = iter(range(1 << 30))
    with service_for() as server:
        flood = Flood(server, 10000 if WHOLE else 500, lambda sock: sock.send(poll % (next(numbers) % 50)))
        unnoticed(suite, server, flood, "long polls")
        text = server.request("GET", "/metrics", headers={}).body.decode()
        suite.check("clguard_http_polls_refused_total" in text and "clguard_http_polls_refused_total 0\n" not in text,
                    "those over the limit were refused")


def test_bad_passwords(suite):
    hashed = subprocess.run(["openssl", "passwd", "-6", "good"], capture_output=True, text=True, check=True).stdout
    with tempfile.TemporaryDirectory() as folder:
        users = os.path.join(folder, "users")
        with open(users, "w", encoding="utf-8") as file:
            file.write("ann:" + hashed)
        os.chmod(users, 0o600)
        with service_for("--users", users) as server:
            numbers = iter(range(1 << 30))

            def guess(sock):
                who = basic("ann", f"guess-{next(numbers)}")["Authorization"]
                sock.send(f"GET /clguard/v1/generation HTTP/1.1\r\nHost: x\r\nAuthorization: {who}\r\n\r\n".encode())

            headers = {**JSON, **basic("ann", "good")}
            suite.equal(server.request("POST", DECISION, ask(actor="a", operation="o"), headers).status, 200, "known")
            flood = Flood(server, 1000 if WHOLE else 200, guess)
            unnoticed(suite, server, flood, "bad passwords", headers, ("--users", users))


def test_a_byte_a_second_does_not_stretch_a_deadline(suite):
    shapes = {"headers": b"GET /live HTTP/1.1\r\nHost: x\r\nX: ", "nothing at all": b"",
              "a second request": b"GET /live HTTP/1.1\r\nHost: x\r\n\r\nGET /live HTTP/1.1\r\nHo",
              "a body": b"POST /policy/pdpx/v1/decision HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 99\r\n\r\n{"}
    with Service("--header-timeout-s", "1", "--body-timeout-s", "1", "--idle-timeout-s", "1") as server:
        socks = {name: server.connect() for name in shapes}
        for name, sock in socks.items():
            sock.sendall(shapes[name])
        begun, ended = time.monotonic(), {}
        while len(ended) < len(socks) and time.monotonic() - begun < 8:
            for name, sock in socks.items():
                if name in ended:
                    continue
                try:
                    if name != "nothing at all":
                        sock.send(b"x")
                    sock.setblocking(False)
                    if sock.recv(65536) == b"":
                        raise ConnectionError
                except BlockingIOError:
                    pass
                except OSError:
                    ended[name] = time.monotonic() - begun
            time.sleep(0.1)
        for name in shapes:
            suite.check(0.5 < ended.get(name, 99) < 4, f"{name}: ended after {ended.get(name)} s")
        suite.equal(server.request("GET", "/live", headers={}).status, 200, "and others go on")


def test_a_slow_reader_does_not_hold_an_answer_for_ever(suite):
    policies = {f"p{i}.yaml": BLACKLIST.replace("edge.block", f"edge.block{i}") % ", ".join(f"target-{i}-{j}" for j in range(3000))
                for i in range(40)}
    with Service("--answer-timeout-s", "1", policies=policies) as server:
        sock = socket.socket()
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        sock.settimeout(10)
        sock.connect(("127.0.0.1", server.port))
        body = json.dumps(ask(actor="RANC", operation="Cell Reset", target="x" * 1000)).encode()
        one = (b"POST /policy/pdpx/v1/decision?explain=true HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
               b"Content-Length: %d\r\n\r\n" % len(body)) + body
        begun = time.monotonic()
        try:
            sock.settimeout(0.5)
            for _ in range(2000):
                sock.sendall(one)
        except OSError:
            pass
        ended = False
        while time.monotonic() - begun < 15 and not ended:
            try:
                sock.settimeout(2)
                ended = sock.recv(1) == b""
            except TimeoutError:
                pass
            except OSError:
                ended = True
            time.sleep(0.05)
        suite.check(ended or wait_for(lambda: "clguard_http_connections 1\n" in
                                      server.request("GET", "/metrics", headers={}).body.decode(), 10), "the connection ends")
        sock.close()


def test_an_address_has_its_limits(suite):
    with Service("--address-limits", "all", "--address-connections", "5", "--address-requests", "50") as server:
        socks = [server.connect() for _ in range(5)]
        for sock in socks:
            sock.sendall(b"GET /live HTTP/1.1\r\nHost: x\r\n\r\n")
        suite.check(all(sock.recv(1000).startswith(b"HTTP/1.1 200") for sock in socks), "five connections")
        sixth = server.connect()
        try:
            sixth.sendall(b"GET /live HTTP/1.1\r\nHost: x\r\n\r\n")
            suite.equal(sixth.recv(1000), b"", "the sixth is turned away")
        except OSError:
            suite.check(True, "the sixth is turned away")
        for sock in socks[1:]:
            sock.close()
        connection = server.connection()
        statuses = []

        def room():
            try:
                return server.request("GET", "/metrics", headers={}).status == 200
            except (OSError, http.client.HTTPException):  # the service has not seen yet that the others have gone
                return False

        wait_for(room)
        connection.close()
        connection = server.connection()
        begun = time.monotonic()
        while statuses.count(429) < 20 and len(statuses) < 1000:
            reply = server.request("GET", "/clguard/v1/generation", connection=connection)
            statuses.append(reply.status)
            if reply.status == 429:
                refused = reply
        seconds = time.monotonic() - begun
        suite.equal(statuses.count(429), 20, f"of {len(statuses)} in {seconds:.2f} s are refused")
        suite.check(statuses.count(200) <= 50 + 50 * seconds + 1, f"{statuses.count(200)} pass in {seconds:.2f} s")
        suite.equal({name: refused.headers.get(name) for name in ("ratelimit-limit", "ratelimit-remaining", "ratelimit-reset", "retry-after")},
                    {"ratelimit-limit": "50", "ratelimit-remaining": "0", "ratelimit-reset": "1", "retry-after": "1"}, "and told when")
        suite.equal(server.request("GET", "/live", headers={}, connection=connection).status, 200, "probes are not counted")
        connection.close()
    with Service() as server:
        connection = server.connection()
        suite.equal({server.request("GET", "/clguard/v1/generation", connection=connection).status for _ in range(300)}, {200},
                    "this machine has no limits by default")
        connection.close()


def test_when_all_are_at_work_the_rest_is_kept_for_decisions(suite):
    """8 connections and 4 kept back: 8 long polls hold the first, so that nobody can be sent away."""
    with Service("--workers", "1", "--connections", "8", "--polls", "8") as server:
        polls = [server.connect() for _ in range(8)]
        for number, sock in enumerate(polls):
            sock.sendall(b"GET /events/T/g%d/c?timeout=30000 HTTP/1.1\r\nHost: x\r\n\r\n" % number)
        wait_for(lambda: "clguard_http_suspended 8\n" in server.request("GET", "/metrics", headers={}).body.decode())
        suite.equal(server.decide(actor="a", operation="o").status, 200, "a decision")
        suite.equal(server.request("GET", "/live", headers={}).status, 200, "a probe")
        suite.equal(server.request("PUT", "/clguard/v1/state", {"state": "ACTIVE"}).status, 200, "administration")
        reply = server.request("GET", "/clguard/v1/operations")
        suite.equal((reply.status, reply.headers.get("retry-after"), reply.headers.get("connection")), (503, "1", "close"), "a list waits")
        for sock in polls:
            sock.close()
        suite.check(wait_for(lambda: server.request("GET", "/clguard/v1/operations").status == 200), "until there is room")


def test_a_stop_answers_what_is_in_flight_and_refuses_the_rest(suite):
    with Service() as server:
        poll, idle = server.connect(), server.connect()
        poll.sendall(b"GET /events/T/g/c?timeout=60000 HTTP/1.1\r\nHost: x\r\n\r\n")
        wait_for(lambda: "clguard_http_suspended 1\n" in server.request("GET", "/metrics", headers={}).body.decode())
        server.process.terminate()
        refused = wait_for(lambda: refuses(server), 5)
        suite.check(refused, "new connections are refused")
        suite.check(poll.recv(1000).startswith(b"HTTP/1.1 200"), "what waits is answered")
        suite.equal(idle.recv(1000), b"", "the others are closed")
        suite.equal(server.process.wait(timeout=10), 0, "and the service ends well")


def test_a_stop_keeps_reservations(suite):
    with tempfile.TemporaryDirectory() as data:
        policies = {"l.yaml": LIMITER}
        with Service(data=data, policies=policies) as server:
            question = ask(actor="RANC", operation="Cell Reset", target="gnb-041")
            reply = server.request("POST", "/clguard/v1/reservations", question)
            suite.equal(reply.status, 201, "reserved")
            server.process.terminate()
            suite.equal(server.process.wait(timeout=10), 0, "a stop")
        with Service(data=data, policies=policies) as server:
            path = "/clguard/v1/reservations/" + reply.json["reservation"]
            suite.equal(server.request("PUT", path, {"outcome": "Success"}).json["state"], "settled", "it is there, and is settled")


def refuses(server):
    try:
        server.connect().close()
        return False
    except ConnectionRefusedError:
        return True


def test_half_closed_connections_go_at_once(suite):
    shapes = [b"", b"GET /li", b"GET /live HTTP/1.1\r\nHost: x\r\n\r\n",
              b"POST /policy/pdpx/v1/decision HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 10\r\n\r\n{",
              b"GET /events/T/g/c?timeout=30000 HTTP/1.1\r\nHost: x\r\n\r\n"]
    with Service() as server:
        for shape in shapes:
            sock = server.connect()
            sock.sendall(shape)
            time.sleep(0.05)
            sock.shutdown(socket.SHUT_WR)
            begun, sock_ended = time.monotonic(), False
            sock.settimeout(8)
            try:
                while not sock_ended:
                    sock_ended = sock.recv(65536) == b""
            except OSError:
                pass
            suite.check(sock_ended and time.monotonic() - begun < 4, f"{shape[:40]}: {time.monotonic() - begun:.1f} s")


def test_errors_of_the_library_are_ours(suite):
    head, host = b"GET /live HTTP/1.1\r\n", b"Host: x\r\n"
    post = b"POST /clguard/v1/state HTTP/1.1\r\n" + host
    shapes = {head + b"\r\n": 400, b"GET /live HTTP/3.0\r\n" + host + b"\r\n": 505, b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n": 505,
              head + host + b"X: " + b"a" * 10000 + b"\r\n\r\n": 431, b"GET /" + b"a" * 20000 + b" HTTP/1.1\r\n" + host + b"\r\n": 414,
              post + b"Content-Length: abc\r\n\r\n": 400, post + b"Content-Length: 99999999999999999999999\r\n\r\n": 413,
              post + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n\r\n": 400, head + b"Host x\r\n\r\n": 400,
              head + b"A: b\r\n" * 2000 + host + b"\r\n": 431, b"GET /live\r\n\r\n": 400}
    with Service() as server:
        for shape, status in shapes.items():
            with server.connect() as sock:
                sock.settimeout(3)
                sock.sendall(shape)
                answer = b""
                try:
                    while True:
                        part = sock.recv(65536)
                        if not part:
                            break
                        answer += part
                except OSError:
                    pass
            top, _, body = answer.partition(b"\r\n\r\n")
            suite.check(top.startswith(b"HTTP/1.1 %d " % status), f"{shape[:50]}: {top[:40]}, not {status}")
            suite.check(b"<html" not in answer and answer.count(b"HTTP/1.1 ") == 1, f"{shape[:50]}: {answer[:200]}")
            try:
                suite.check("errorDetails" in json.loads(body), f"{shape[:50]}: {body}")
            except ValueError:
                suite.check(False, f"{shape[:50]} is answered with JSON: {body!r}")
            suite.check(b"application/json" in top and b"Connection: close" in top, f"{shape[:50]}: {top}")


soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
main(globals())
