#!/usr/bin/env python3
# newcomer - what stops a new user: answers at once, bodies that are read in a terminal, sockets, reloads, service managers
# SPDX-License-Identifier: Apache-2.0
import datetime
import gzip
import grp
import json
import os
import random
import signal
import socket
import stat
import subprocess
import tempfile
import threading
import time

from service import BUILD, JSON, LIMITER, Service, basic, main, wait_for

CLGUARD = os.path.abspath(os.path.join(BUILD, "clguard"))
ORIGIN = "https://noc.example"
YESCRYPT = "$y$j75$odgQz7Ole.ATuAlmV0TO.1$T.q0848tgQKSddyHznLHT4Exa59.eBx5WZ7WHYUhSx6"  # of "good"


def clguard(*words, **more):
    return subprocess.run([CLGUARD, *words], capture_output=True, text=True, timeout=60, **more)


def raw(service, text):
    """What a request gets as bytes, until the service closes or two seconds pass."""
    with service.connect() as sock:
        sock.settimeout(2)
        sock.sendall(text.encode())
        got = b""
        try:
            while True:
                piece = sock.recv(65536)
                if not piece:
                    return got
                got += piece
        except (socket.timeout, ConnectionResetError):
            return got


def test_many_query_parameters_are_answered_at_once(suite):
    """libmicrohttpd's pool is full at some 115 of them."""
    for size, few in (("8K", 80), ("1K", 8)):
        with Service("--header-size", size) as service:
            for count in (few, 100, 110, 115, 120, 150, 400, 800, 3000):
                query = "&".join(f"a{i}={i}" for i in range(count))
                began = time.monotonic()
                answer = raw(service, f"GET /live?{query} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
                status = answer[9:12].decode()
                wanted = ("200",) if count == few else ("200", "414", "431")
                suite.check(status in wanted, f"{count} parameters, {size}: '{status}' in {wanted}")
                suite.check(time.monotonic() - began < 1.5, f"{count} parameters are answered at once")
            suite.equal(service.request("GET", "/live").status, 200, "others are served")


def test_no_request_line_ends_the_service(suite):
    """libmicrohttpd goes on with a request that it has given up for lack of room; nothing may be lost under it."""
    dice = random.Random(5)
    for kib in (1, 8):
        with Service("--header-size", f"{kib}K") as service:
            slow = 0
            for _ in range(200):
                query = "&".join(f"a{i}={i}" for i in range(dice.randrange(kib * 26)))
                path = "/live?" + query + dice.choice(("", "&")) + "p" * dice.randrange(dice.choice((60, kib * 1024)))
                headers = "".join(f"h{i}: {'x' * dice.randrange(80)}\r\n" for i in range(dice.randrange(40)))
                began = time.monotonic()
                raw(service, f"GET {path} HTTP/1.1\r\nHost: x\r\n{headers}Connection: close\r\n\r\n")
                slow += time.monotonic() - began > 1.5
                if service.process.poll() is not None:
                    break
            suite.equal((service.process.poll(), slow), (None, 0), f"it lives and answers at once, {kib} KiB")


def test_bodies_end_in_a_newline(suite):
    with Service(policies={"limit.yaml": LIMITER}) as service:
        for method, path, body in (("GET", "/live", None), ("GET", "/ready", None), ("GET", "/clguard/v1/generation", None),
                                   ("GET", "/clguard/v1/types", None), ("GET", "/nothing", None),
                                   ("GET", "/onap/controlloop/v2/participants", None),
                                   ("POST", "/policy/pdpx/v1/decision", {"action": "guard", "resource": {"guard": {
                                       "actor": "RANC", "operation": "Cell Reset", "target": "x"}}})):
            for _ in range(2):  # made, and used again
                reply = service.request(method, path, body)
                suite.check(reply.body.endswith(b"}\n") or reply.body.endswith(b"]\n"), f"{path}: {reply.body[-20:]}")
                suite.check(not reply.body.endswith(b"\n\n"), f"{path}: one newline")
                json.loads(reply.body)


def test_a_compressed_body_is_415(suite):
    with Service() as service:
        body = gzip.compress(b'{"actor":"a","operation":"o"}')
        reply = service.request("POST", "/clguard/v1/operations", body, {**JSON, "Content-Encoding": "gzip"})
        suite.equal(reply.status, 415, "gzip")
        suite.check("Content-Encoding" in reply.json["details"][0] and "gzip" in reply.json["details"][0], reply.body)
        reply = service.request("POST", "/clguard/v1/operations", [], {**JSON, "Content-Encoding": "identity"})
        suite.equal(reply.status, 200, "identity is none")


def test_pages_of_listed_origins_may_read_answers(suite):
    with Service("--origins", ORIGIN) as service:
        reply = service.request("GET", "/live", headers={"Origin": ORIGIN})
        suite.equal((reply.status, reply.headers.get("access-control-allow-origin"), reply.headers.get("vary")),
                    (200, ORIGIN, "Origin"), "a listed one")
        asked = {"Origin": ORIGIN, "Access-Control-Request-Method": "PUT"}
        reply = service.request("OPTIONS", "/clguard/v1/state", headers=asked)
        suite.equal((reply.status, reply.body), (204, b""), "what it may do")
        suite.equal(reply.headers.get("access-control-allow-methods"), "GET, HEAD, PUT", "methods")
        suite.check("Authorization" in reply.headers.get("access-control-allow-headers", ""), "headers")
        suite.equal(service.request("OPTIONS", "/nothing", headers=asked).status, 404, "of no path")
        reply = service.request("OPTIONS", "/clguard/v1/state", headers={**asked, "Origin": "https://evil.example"})
        suite.equal((reply.status, reply.headers.get("access-control-allow-origin")), (403, None), "another origin")
        suite.equal(service.request("OPTIONS", "/clguard/v1/state").status, 405, "no page")
        reply = service.request("GET", "/live")
        suite.equal(reply.headers.get("access-control-allow-origin"), None, "answers to others are not theirs")


def test_onap_counts_an_operation_that_ended_just_now(suite):
    """The decision clock stands between two ticks: the caller's is finer."""
    policy = LIMITER.replace("limit: 2", "limit: 1")
    with Service("--mode", "onap", policies={"limit.yaml": policy}) as service:
        connection = service.connection()
        missed = 0
        for i in range(150):
            now = datetime.datetime.now(datetime.timezone.utc)
            row = {"actor": "RANC", "operation": "Cell Reset", "target": f"c{i}", "outcome": "Success",
                   "requestId": f"r{i}", "endtime": now.strftime("%Y-%m-%dT%H:%M:%S.") + f"{now.microsecond // 1000:03d}Z"}
            service.request("POST", "/clguard/v1/operations", row, connection=connection)
            guard = {"actor": "RANC", "operation": "Cell Reset", "target": f"c{i}"}
            reply = service.request("POST", "/policy/pdpx/v1/decision", {"action": "guard", "resource": {"guard": guard}},
                                    connection=connection)
            missed += reply.json["status"] != "Deny"
        suite.equal(missed, 0, "operations that were acknowledged and not counted")


def test_unix_sockets_have_the_rights_that_are_set(suite):
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "socket")
        group = grp.getgrgid(os.getgid()).gr_name
        with Service("--socket-mode", "0620", "--socket-group", group, "--socket-owner", str(os.getuid()),
                     listen="unix:" + path) as service:
            found = os.stat(path)
            suite.equal((stat.S_IMODE(found.st_mode), found.st_gid, found.st_uid), (0o620, os.getgid(), os.getuid()), "rights")
            suite.equal(service.request("GET", "/live").status, 200, "it answers")
        suite.check(not os.path.exists(path), "it goes with the service")
        for options, text in ((("--socket-group", "no-such-group"), "there is no group 'no-such-group'"),
                              (("--socket-owner", "no-such-user"), "there is no user 'no-such-user'"),
                              (("--socket-mode", "0888"), "is not an octal mode")):
            run = subprocess.run([os.path.join(BUILD, "clguardd"), "--listen", "unix:" + path, *options], text=True,
                                 capture_output=True, timeout=20)
            suite.check(run.returncode != 0 and text in run.stderr, f"{options}: {run.returncode} {run.stderr}")
            suite.check(not os.path.exists(path), f"{options} leave no socket")


def test_reload_tells_the_outcome(suite):
    with Service(policies={"limit.yaml": LIMITER}) as service:
        before = service.generation()
        run = clguard("reload", "--service", service.address())
        suite.equal(run.returncode, 0, f"reload: {run.stderr}")
        suite.equal(run.stdout, f"generation {before + 1}: policies 1, guards 1\n", "what is in force")
        service.write("limit.yaml", LIMITER.replace("limit: 2", "limit: none"))
        run = clguard("reload", "--service", service.address())
        suite.equal((run.returncode, run.stdout), (1, ""), "a bad policy")
        suite.check("409" in run.stderr and "limit.yaml:11" in run.stderr, f"says what and where: {run.stderr}")
        suite.equal(service.generation(), before + 1, "the old set stays")
        service.write("limit.yaml", LIMITER)
        answers = []
        threads = [threading.Thread(target=lambda: answers.append(clguard("reload", "--json", "--service",
                                                                          service.address()))) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        suite.equal([run.returncode for run in answers], [0] * 4, "several at once")
        suite.check(all(json.loads(run.stdout)["last_error"] is None for run in answers), "and all are told")
        suite.equal(clguard("reload", "--service", "127.0.0.1:1").returncode, 3, "nobody there")


def test_reload_tells_of_refused_users(suite):
    with tempfile.TemporaryDirectory() as folder:
        users = os.path.join(folder, "users")
        with open(users, "w", encoding="utf-8") as file:
            file.write("ann:secret\n")
        with Service("--users", users) as service:
            words = ("--service", service.address(), "--user", "ann:secret")
            suite.equal(clguard("reload", *words).returncode, 0, "good users")
            with open(users, "w", encoding="utf-8") as file:
                file.write("nonsense\n")
            run = clguard("reload", *words)
            suite.equal(run.returncode, 1, "bad users")
            suite.check("the old users stay" in run.stderr, run.stderr)
            suite.equal(service.request("GET", "/clguard/v1/state", headers=basic("ann", "secret")).status, 200, "they do")
            suite.equal(clguard("reload", "--service", service.address()).returncode, 1, "needs credentials")


def test_secrets_that_others_can_read_are_a_warning(suite):
    with tempfile.TemporaryDirectory() as folder:
        users = os.path.join(folder, "users")
        for text, mode, warned in (("ann:secret\nbob:x\n", 0o644, ("others than its owner may read it", "2 passwords stand in plain text")),
                                   ("ann:" + YESCRYPT + "\n", 0o600, ())):
            with open(users, "w", encoding="utf-8") as file:
                file.write(text)
            os.chmod(users, mode)
            with Service("--users", users) as service:
                password = "good" if YESCRYPT in text else "secret"
                suite.equal(service.request("GET", "/clguard/v1/state", headers=basic("ann", password)).status, 200, "let in")
                suite.equal(service.request("GET", "/clguard/v1/state", headers=basic("ann", "bad")).status, 401, "not let in")
                for words in ("others than its owner may read it", "2 passwords stand in plain text"):
                    suite.equal(words in service.log_text(), words in warned, f"{oct(mode)}: {words}")


def test_state_by_command(suite):
    with Service() as service:
        words = ("--service", service.address())
        suite.equal(clguard("state", *words).stdout, "ACTIVE\n", "shown")
        suite.equal(clguard("state", "passive", *words).stdout, "PASSIVE\n", "set")
        suite.equal(json.loads(clguard("state", "--json", *words).stdout), {"state": "PASSIVE"}, "JSON")
        suite.equal(service.decide(actor="a", operation="o").status, 409, "it is")
        suite.equal(clguard("state", "asleep", *words).returncode, 2, "no such state")
        run = clguard("state", "--service", "no-such-host.invalid:1")
        suite.check(run.returncode == 3 and "the host 'no-such-host.invalid' is unknown" in run.stderr, run.stderr)


class Manager:
    """The socket of a service manager, and what it was told."""

    def __enter__(self):
        self.folder = tempfile.TemporaryDirectory()
        self.path = os.path.join(self.folder.name, "notify")
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(self.path)
        self.socket.settimeout(0.05)
        self.told = ""
        os.environ["NOTIFY_SOCKET"], os.environ["WATCHDOG_USEC"] = self.path, "600000"
        return self

    def hears(self, text):
        def heard():
            try:
                while True:
                    self.told += self.socket.recv(4096).decode() + "\n"
            except socket.timeout:
                return text in self.told
        return wait_for(heard)

    def __exit__(self, *_):
        del os.environ["NOTIFY_SOCKET"], os.environ["WATCHDOG_USEC"]
        self.socket.close()
        self.folder.cleanup()


def test_a_service_manager_is_told(suite):
    with Manager() as manager:
        with Service(policies={"limit.yaml": LIMITER}) as service:
            suite.check(manager.hears("READY=1"), "ready")
            suite.check(manager.hears("STATUS=generation 1: 1 policies, 1 guards in force"), manager.told)
            suite.check(manager.hears("WATCHDOG=1"), "the watchdog is fed")
            manager.told = ""
            service.write("limit.yaml", LIMITER.replace("limit: 2", "limit: none"))
            service.process.send_signal(signal.SIGHUP)
            suite.check(manager.hears("RELOADING=1\nMONOTONIC_USEC="), f"reloading: {manager.told}")
            suite.check(manager.hears("READY=1"), "ready again")
            suite.check(manager.hears("STATUS=generation 1 in force; refused: "), f"what was refused: {manager.told}")
            manager.told = ""
        suite.check(manager.hears("STOPPING=1"), "stopping")


def test_lines_for_the_journal_have_priorities(suite):
    with tempfile.TemporaryFile() as log:
        found = os.fstat(log.fileno())
        environment = {**os.environ, "JOURNAL_STREAM": f"{found.st_dev}:{found.st_ino}"}
        process = subprocess.Popen([os.path.join(BUILD, "clguardd"), "--listen", "127.0.0.1:0"], stderr=log, env=environment)

        def text():
            log.seek(0)
            return log.read().decode()

        suite.check(wait_for(lambda: "listening on" in text()), "it comes up")
        process.terminate()
        process.wait()
        suite.check("\n<4>warning no --users" in "\n" + text() and "\n<6>info stopping" in text(), text())


main(globals())
