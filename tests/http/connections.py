#!/usr/bin/env python3
"""connections - pipelining, slow clients, keep-alive, sockets of all kinds, garbage."""
# SPDX-License-Identifier: Apache-2.0
import fcntl
import json
import os
import random
import socket
import subprocess
import sys
import tempfile
import threading
import time

import service
from service import BLACKLIST, DECISION, Service, ask, wait_for


def raw(body, target="/policy/pdpx/v1/decision"):
    body = json.dumps(body).encode()
    return (b"POST %s HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n" %
            (target.encode(), len(body))) + body


def read_replies(sock, count):
    """Bodies of `count` replies with a length, in order."""
    data, bodies = b"", []
    while len(bodies) < count:
        head, found, rest = data.partition(b"\r\n\r\n")
        length = int(head.lower().split(b"content-length: ")[1].split(b"\r\n")[0]) if found else 0
        if found and len(rest) >= length:
            bodies.append(rest[:length])
            data = rest[length:]
            continue
        more = sock.recv(65536)
        if not more:
            break
        data += more
    return bodies


def test_pipelined_requests_are_answered_in_order(suite):
    with Service("--mode", "onap", policies={"b.yaml": BLACKLIST % "bad"}) as server:
        choice = random.Random(4)
        targets = [choice.choice(["bad", "good"]) for _ in range(200)]
        sock = server.connect()
        wire = b"".join(raw(ask(actor="RANC", operation="Cell Reset", target=target)) for target in targets)
        threading.Thread(target=sock.sendall, args=(wire,)).start()
        got = read_replies(sock, len(targets))
        wanted = [b'{"status":"Deny"}\n' if target == "bad" else b'{"status":"Permit"}\n' for target in targets]
        suite.equal(got, wanted, "answers")


def test_pipelined_operations_and_decisions_keep_their_order(suite):
    with Service() as server:
        row = {"actor": "A", "operation": "O", "outcome": "Success", "requestId": "r"}
        sock = server.connect()
        sock.sendall(b"".join((raw(row, "/clguard/v1/operations") + raw(ask(actor="A", operation="O"))) for _ in range(20)))
        got = read_replies(sock, 40)
        suite.equal(got, [b'{"recorded":1}\n', b'{"status":"Permit","reason":"no_applicable_guard"}\n'] * 20, "answers")


def test_who_reads_late_gets_no_other_explanation(suite):
    """Explanations of one length share a response; one that waits for its client must not change meanwhile."""
    with Service("--workers", "1", policies={"b.yaml": BLACKLIST % "bad"}) as server:
        count, targets = 5000, [letter * 900 for letter in "abc"]
        socks = [server.connect() for _ in targets]
        for sock, target in zip(socks, targets):
            wire = raw(ask(actor="RANC", operation="Cell Reset", target=target), DECISION + "?explain=true") * count
            threading.Thread(target=sock.sendall, args=(wire,), daemon=True).start()
        for sock, target in zip(socks, targets):
            got = read_replies(sock, count)
            own = sum(f'"target":"{target}"'.encode() in body for body in got)
            suite.equal(own, count, f"answers about {target[0]}")


def test_a_request_may_come_byte_by_byte(suite):
    with Service() as server:
        sock = server.connect()
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for byte in raw(ask(actor="slow")):
            sock.send(bytes([byte]))
        suite.equal(len(read_replies(sock, 1)), 1, "answered")


def test_a_slow_body_has_a_deadline(suite):
    with Service("--body-timeout-s", "1") as server:
        sock = server.connect()
        wire = raw(ask(actor="slow"))
        sock.sendall(wire[:-20])
        began = time.monotonic()
        try:
            for byte in wire[-20:]:
                time.sleep(0.2)
                sock.send(bytes([byte]))
            suite.equal(sock.recv(100), b"", "closed")
        except OSError:
            suite.check(time.monotonic() - began >= 0.9, "not before its time")
        suite.equal(server.decide(actor="a", operation="o").status, 200, "others are served")


def test_idle_connections_are_closed(suite):
    with Service("--idle-timeout-s", "1") as server:
        sock = server.connect()
        suite.equal(sock.recv(10), b"", "closed after a second")


def test_slow_clients_do_not_hold_up_others(suite):
    with Service() as server:
        socks = [server.connect() for _ in range(200)]
        for sock in socks:
            sock.sendall(raw(ask(actor="slow"))[:-5])
        for _ in range(50):
            suite.equal(server.decide(actor="quick", operation="o").status, 200, "quick")
        for sock in socks:
            sock.sendall(raw(ask(actor="slow"))[-5:])
        suite.equal([len(read_replies(sock, 1)) for sock in socks], [1] * 200, "slow ones too")


def test_keep_alive_serves_many_on_one_connection(suite):
    with Service() as server:
        connection = server.connection()
        for _ in range(300):
            suite.equal(server.request("POST", DECISION, ask(actor="a"), connection=connection).status, 200, "reply")
        suite.check(wait_for(lambda: "clguard_http_connections 2\n" in
                             server.request("GET", "/metrics", headers={}).body.decode()), "one connection, and the asker's")


def test_connections_over_the_limit_make_others_go(suite):
    with Service("--workers", "1", "--connections", "4") as server:
        socks = []
        for _ in range(30):
            socks.append(server.connect())
            socks[-1].sendall(raw(ask(actor="a")))
            suite.equal(len(read_replies(socks[-1], 1)), 1, "each is served")
        socks[0].settimeout(5)
        suite.equal(socks[0].recv(10), b"", "the one that has waited longest for a request has gone")
        socks[-1].sendall(raw(ask(actor="a")))
        suite.equal(len(read_replies(socks[-1], 1)), 1, "the last one stays")
        load = server.request("GET", "/metrics", headers={}).body.decode()
        suite.check("clguard_http_evicted_total 0\n" not in load, "and it is counted")


def test_a_unix_socket_serves_and_goes_away(suite):
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "s")
        with Service(listen="unix:" + path) as server:
            for _ in range(20):
                suite.equal(server.decide(actor="a", operation="o").status, 200, "over a unix socket")
            second = subprocess.run([service.PROGRAM, "--listen", "unix:" + path], capture_output=True, text=True)
            suite.equal(second.returncode, 3, "in use: " + second.stderr)
        suite.check(not os.path.exists(path), "removed")
        stale = socket.socket(socket.AF_UNIX)
        stale.bind(path)
        stale.close()
        with Service(listen="unix:" + path) as server:
            suite.equal(server.decide(actor="a", operation="o").status, 200, "a stale file is replaced")


def test_an_inherited_socket_is_served(suite):
    with socket.socket() as listener, tempfile.TemporaryDirectory() as folder:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        port = listener.getsockname()[1]
        starter = os.path.join(folder, "start")
        with open(starter, "w", encoding="utf-8") as file:
            file.write('#!/bin/sh\nexport LISTEN_PID=$$ LISTEN_FDS=1\nexec 3<&%d "%s" --workers 2\n' %
                       (listener.fileno(), service.PROGRAM))
        process = subprocess.Popen(["sh", starter], pass_fds=[listener.fileno()], stderr=subprocess.PIPE, text=True)
        line = next((line for line in process.stderr if line.startswith("listening on")), "")
        suite.equal(line, f"listening on 127.0.0.1:{port}\n", "its name")
        with socket.create_connection(("127.0.0.1", port), timeout=10) as sock:
            sock.sendall(raw(ask(actor="a")))
            suite.equal(len(read_replies(sock, 1)), 1, "served")
        process.terminate()
        suite.equal(process.wait(timeout=20), 0, "stopped")
        process.stderr.close()


def handed_over(address, count, *arguments):
    """A clguardd that is given `count` listening sockets at address; and their ports."""
    sockets = [socket.socket() for _ in range(count)]
    for sock in sockets:
        sock.bind((address, 0))
        sock.listen()
    high = [fcntl.fcntl(sock.fileno(), fcntl.F_DUPFD, 40) for sock in sockets]  # so that none is 3 or 4 already
    starter = ("import os, sys\n"
               "for i, fd in enumerate(sys.argv[1].split(',')): os.dup2(int(fd), 3 + i)\n"
               "os.environ.update(LISTEN_PID=str(os.getpid()), LISTEN_FDS=str(3 + i - 2))\n"
               "os.execv(sys.argv[2], sys.argv[2:])")
    process = subprocess.Popen([sys.executable, "-c", starter, ",".join(map(str, high)), service.PROGRAM, *arguments],
                               pass_fds=high, stderr=subprocess.PIPE, text=True)
    for fd in high:
        os.close(fd)
    ports = [sock.getsockname()[1] for sock in sockets]
    for sock in sockets:
        sock.close()
    return process, ports


def test_each_listener_has_an_inherited_socket_of_its_own(suite):
    with tempfile.TemporaryDirectory() as folder:
        for count in (1, 2):
            path = os.path.join(folder, f"own{count}")
            process, ports = handed_over("127.0.0.1", count, "--workers", "1", "--listeners", f"unix:{path},roles=metrics")
            try:
                line = next((line for line in process.stderr if line.startswith("listening on")), "")
                suite.equal(line, f"listening on 127.0.0.1:{ports[0]}\n", "the first is that of listen")
                for _ in range(20):  # had the second listener taken it too, some of these would be refused
                    with socket.create_connection(("127.0.0.1", ports[0]), timeout=10) as sock:
                        sock.sendall(raw(ask(actor="a")))
                        suite.check(b'"status"' in read_replies(sock, 1)[0], "decisions are answered there")
                suite.equal(os.path.exists(path), count == 1, "the second address is opened when no socket is left")
                if count == 2:
                    with socket.create_connection(("127.0.0.1", ports[1]), timeout=10) as sock:
                        sock.sendall(raw(ask(actor="a")))
                        suite.check(b'"status"' not in read_replies(sock, 1)[0], "the second carries metrics only")
            finally:
                process.terminate()
                process.wait(timeout=20)
                process.stderr.close()


def test_an_inherited_socket_of_the_network_does_not_open_the_service(suite):
    process, _ = handed_over("0.0.0.0", 1, "--workers", "1")
    suite.check("is reached by other machines" in process.communicate(timeout=20)[1], "it is told")
    suite.check(process.returncode not in (0, None), "and it does not start")


def test_an_address_in_use_is_said_with_exit_3(suite):
    with Service() as server:
        second = subprocess.run([service.PROGRAM, "--listen", server.address()], capture_output=True, text=True)
        suite.equal(second.returncode, 3, second.stderr)
    for bad in ("nonsense", "127.0.0.1", "127.0.0.1:", "127.0.0.1:65536", "::1:80", "unix:"):
        done = subprocess.run([service.PROGRAM, "--listen", bad], capture_output=True, text=True, timeout=20)
        suite.check(done.returncode in (1, 2) and done.stderr, f"{bad}: {done.returncode} {done.stderr}")


def test_a_thousand_random_requests_do_no_harm(suite):
    choice = random.Random(7)
    good = raw(ask(actor="RANC", operation="Cell Reset", target="x", vfCount=1))
    with Service() as server:
        for i in range(1000):
            wire = bytearray(good)
            for _ in range(choice.randint(1, 8)):
                at = choice.randrange(len(wire))
                kind = choice.randrange(4)
                if kind == 0:
                    wire[at] = choice.randrange(256)
                elif kind == 1:
                    del wire[at:at + choice.randint(1, 20)]
                elif kind == 2:
                    wire[at:at] = bytes(choice.randrange(256) for _ in range(choice.randint(1, 20)))
                else:
                    wire[at:at] = choice.choice([b"\r\n", b"\0", b"%00", b"../", b"{" * 50, b'"\\ud800"', b"\xff\xfe"])
            sock = server.connect()
            sock.settimeout(0.05)
            try:
                sock.sendall(wire)
                if i % 3:
                    sock.recv(65536)
            except OSError:
                pass
            sock.close()
        suite.check(server.process.poll() is None, "it runs")
        suite.equal(server.decide(actor="a", operation="o").status, 200, "and answers")


service.main(globals())
