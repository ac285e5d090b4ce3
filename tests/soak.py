#!/usr/bin/env python3
"""soak - everything at once, for as long as asked: nothing is lost, no limit is passed, nothing grows.

Load by two processes on one database, reloads, clients that reset, clocks that step, the second process killed, a disk that
is full for seconds. Argument: seconds (default 10; `make soak` runs two hours). CLGUARD_SEED repeats the dice.
"""
# SPDX-License-Identifier: Apache-2.0
import http.client
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "http"))
import service  # noqa: E402
from service import BLACKLIST, Service, Steps, ask, documented  # noqa: E402

SECONDS = float(sys.argv[1]) if len(sys.argv) > 1 else 10
SEED = int(os.environ.get("CLGUARD_SEED", "11"))
LIMIT, WINDOW_S, TARGETS, LEASE_S, KEPT_S = 5, 1.0, 20, 5, 120
RESERVATIONS, TOPIC = "/clguard/v1/reservations", "/events/SOAK"
OPTIONS = ["--lease-s", str(LEASE_S), "--retention-s", str(KEPT_S), "--topic-size", "4M"]
EXPECTED = {200, 201, 409, 429, 503, 507}
MI = 1 << 20

POLICY = """tosca_definitions_version: tosca_simple_yaml_1_1_0
topology_template:
  policies:
    - limit:
        type: onap.policies.controlloop.guard.common.FrequencyLimiter
        version: 1.0.0
        properties: {actor: SO, operation: Restart, timeWindow: %d, timeUnits: second, limit: %d}
""" % (WINDOW_S, LIMIT)


class Soak:
    def __init__(self, data):
        self.data = data
        self.until = time.monotonic() + SECONDS
        self.lock = threading.Lock()
        self.faults, self.counts = [], {}
        self.granted = {}      # target: [(sent, received)] in true time
        self.journal = {}      # requestId: (when, settled)
        self.published, self.read = set(), set()
        self.samples = []
        self.full_until = float("-inf")  # when the disk was full last
        self.first = self.second = None

    def on(self):
        return time.monotonic() < self.until and len(self.faults) < 20

    def fault(self, text):
        with self.lock:
            self.faults.append(f"at {SECONDS - (self.until - time.monotonic()):.1f} s: {text}")

    def count(self, what, by=1):
        with self.lock:
            self.counts[what] = self.counts.get(what, 0) + by

    def was_full(self):
        return self.full_until > time.monotonic() - 5

    def ask(self, connection, method, path, body=None):
        connection.request(method, path, json.dumps(body) if body is not None else None, service.JSON)
        answer = connection.getresponse()
        text = answer.read()
        if answer.status not in EXPECTED:
            self.fault(f"{method} {path}: {answer.status} {text[:200]!r}")
        self.count(f"answers {answer.status}")
        return answer.status, json.loads(text) if text else {}

    # --- load ---

    def take(self, connection, request, target):
        sent = time.monotonic()
        status, answer = self.ask(connection, "POST", RESERVATIONS,
                                  ask(actor="SO", operation="Restart", target=target, requestId=request))
        if status != 201:
            time.sleep(.01)
            return
        received = time.monotonic()
        with self.lock:
            self.granted.setdefault(target, []).append((sent, received))
            self.journal[request] = (received, False)
        status, _ = self.ask(connection, "PUT", f"{RESERVATIONS}/{answer['reservation']}", {"outcome": "Success"})
        if status == 200:
            with self.lock:
                self.journal[request] = (received, True)

    def client(self, name, server_of):
        dice, number = random.Random(f"{SEED} {name}"), 0
        while self.on():
            server = server_of()
            if not server:
                time.sleep(.05)
                continue
            try:
                connection = server.connection()
                for _ in range(dice.randrange(1, 200)):
                    number += 1
                    self.take(connection, f"{name}-{number}", f"vm-{dice.randrange(TARGETS)}")
                    if number % 7 == 0:
                        self.ask(connection, "POST", service.DECISION + "?explain=true",
                                 ask(actor="SO", operation="Restart", target="vm-1"))
                    if not self.on():
                        break
                connection.close()
            except (OSError, http.client.HTTPException, ValueError) as problem:
                if server is self.first and self.on():
                    self.fault(f"{name}: {type(problem).__name__} {problem}")

    def abandon(self):
        """Clients that reset wherever they are."""
        dice = random.Random(f"{SEED} abandon")
        routes = [(method, path) for path, methods in documented().items() for method in sorted(methods)
                  if "state" not in path]
        while self.on():
            method, path = dice.choice(routes)
            body = json.dumps({"messageType": "PARTICIPANT_STATUS", "more": "x" * dice.choice([10, 5000])}).encode()
            path = path.replace("{topic}", "ABANDONED").replace("{", "").replace("}", "")
            wire = (f"{method} {path} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
                    f"Content-Length: {len(body)}\r\n\r\n").encode() + body
            try:
                sock = self.first.connect()
                sock.sendall(wire[:dice.randrange(len(wire)) if dice.random() < .5 else len(wire)])
                if dice.random() < .3:
                    time.sleep(.01)
                service.reset(sock)
                self.count("clients that reset")
            except OSError:
                pass
            time.sleep(.005)

    def publish(self):
        number = 0
        while self.on():
            try:
                connection = self.first.connection()
                while self.on():
                    number += 1
                    status, _ = self.ask(connection, "POST", TOPIC, {"number": number, "more": "m" * (number % 50) * 100})
                    if status == 200:
                        with self.lock:
                            self.published.add(number)
                    time.sleep(.02)
            except (OSError, http.client.HTTPException) as problem:
                if self.on():
                    self.fault(f"publisher: {problem}")

    def poll(self, connection, timeout):
        status, messages = self.ask(connection, "GET", f"{TOPIC}/g/one?timeout={timeout}")
        if status == 200:
            with self.lock:
                self.read.update(json.loads(text)["number"] for text in messages)
        return status, messages

    def subscribe(self):
        while self.on():
            try:
                connection = self.first.connection()
                while self.on():
                    self.poll(connection, 500)
            except (OSError, http.client.HTTPException) as problem:
                if self.on():
                    self.fault(f"subscriber: {problem}")

    # --- what befalls it ---

    def pause(self, dice, least, most):
        end = min(self.until, time.monotonic() + dice.uniform(least, most))
        while self.on() and time.monotonic() < end:
            time.sleep(.05)

    def reload(self):
        dice, number = random.Random(f"{SEED} reload"), 0
        while self.on():
            number += 1
            self.first.write("block.yaml", BLACKLIST % f"gone-{number}")
            if dice.random() < .3:
                self.first.process.send_signal(signal.SIGHUP)
            self.count("reloads")
            self.pause(dice, .5, 3)

    def kill(self):
        dice = random.Random(f"{SEED} kill")
        while self.on():
            self.second = None
            try:
                second = Service(*OPTIONS, data=self.data, policies={"limit.yaml": POLICY}, prepare=self.steps.prepare)
            except RuntimeError as problem:
                self.count("starts of the second process that the full disk refused")
                if "No space" not in str(problem) and "full" not in str(problem):
                    self.fault(f"the second process: {problem}")
                self.pause(dice, 1, 2)
                continue
            self.second = second
            self.pause(dice, .2, 6)
            self.second = None
            second.kill()
            shutil.rmtree(second.folder, ignore_errors=True)
            self.count("kills")

    def step(self):
        dice = random.Random(f"{SEED} step")
        while self.on():
            self.steps.set(wall_ms=dice.choice([0, 1000, -1000, 60000, -60000, 3600000, -3600000]))
            self.count("clock steps")
            self.pause(dice, .5, 8)
        self.steps.set()

    def fill(self):
        dice, ballast = random.Random(f"{SEED} fill"), os.path.join(self.data, "ballast")
        while self.on():
            self.pause(dice, 2, 30)
            if not self.on():
                break
            self.full_until = float("inf")
            with open(ballast, "wb", buffering=0) as file:
                try:
                    while file.write(bytes(65536)):
                        pass
                except OSError:
                    pass
                self.pause(dice, .5, 3)
            os.remove(ballast)
            self.full_until = time.monotonic()
            self.count("full disks")

    # --- what must hold ---

    def check_limits(self):
        """No more than LIMIT rights that were certainly given within one window, by the clients' own clock."""
        with self.lock:
            granted = {target: sorted(list_) for target, list_ in self.granted.items()}
        for target, list_ in granted.items():
            for i in range(len(list_) - LIMIT):
                span = max(received for _, received in list_[i:i + LIMIT + 1]) - list_[i][0]
                if span < WINDOW_S:
                    self.fault(f"{LIMIT + 1} rights for {target} within {span:.6f} s")
            with self.lock:
                del self.granted[target][:max(0, len(list_) - 2 * LIMIT)]

    def audit(self):
        """What was acknowledged, and is not old enough to be pruned, is in the database."""
        with self.lock:
            due = dict(self.journal)
        dump = subprocess.run([os.path.join(service.BUILD, "clguard"), "db", "dump", "--data", self.data],
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        if dump.returncode != 0:
            if b"space" not in dump.stderr and b"full" not in dump.stderr:
                self.fault(f"db dump: {dump.stderr[:300]!r}")
            return
        rows = {row.get("requestId"): row for row in json.loads(dump.stdout)["operations"]}
        oldest = time.monotonic() - KEPT_S / 2
        lost = [request for request, (when, settled) in due.items() if when > oldest and
                (request not in rows or (settled and rows[request].get("outcome") != "Success"))]
        if lost:
            self.fault(f"{len(lost)} acknowledged and lost: {lost[:5]}")
        self.count("audited", len(due))
        with self.lock:
            for request, entry in due.items():
                if entry[0] <= oldest or self.journal[request] == entry and entry[1]:
                    del self.journal[request]

    def sample(self):
        pid = self.first.process.pid
        with open(f"/proc/{pid}/smaps_rollup", encoding="ascii") as file:
            private = 1024 * sum(int(line.split()[1]) for line in file if line.startswith("Private_Dirty"))
        self.samples.append((time.monotonic(), private, len(os.listdir(f"/proc/{pid}/fd")),
                             os.path.getsize(os.path.join(self.data, "data.mdb"))))

    def watch(self):
        last = 0
        while self.on():
            self.sample()
            self.check_limits()
            if time.monotonic() - last > 20:
                last = time.monotonic()
                self.audit()
            time.sleep(1)

    def check_flat(self):
        """The second half against the first, but for its warm-up; a short run says nothing of that."""
        began = self.samples[0][0]
        seconds = self.samples[-1][0] - began  # fewer than asked, when faults have ended it
        if seconds < 120:
            return
        first = [s for s in self.samples if seconds / 6 < s[0] - began < seconds / 2]
        second = [s for s in self.samples if s[0] - began >= seconds * 2 / 3]
        for at, name, slack in ((1, "private memory", 8 * MI), (2, "descriptors", 8), (3, "the database file", 16 * MI)):
            a, b = (sorted(s[at] for s in half)[len(half) // 2] for half in (first, second))
            if b > a * 1.1 + slack:
                self.fault(f"{name} grew from {a} to {b}")

    def check_end(self):
        connection = self.first.connection()
        while self.poll(connection, 200)[1]:
            continue
        lost = self.published - self.read
        if lost:
            self.fault(f"{len(lost)} messages published and not read: {sorted(lost)[:5]}")
        held = {}
        def rests():
            metrics = self.first.request("GET", "/metrics", headers={}).body.decode()
            for name in ("clguard_memory_held_bytes", "clguard_http_suspended", "clguard_reservations_difference"):
                held[name] = float(metrics.split(f"\n{name} ")[1].split("\n")[0])
            return not any(held.values())
        if not service.wait_for(rests, 15):
            self.fault(f"at rest something stays: {held}")
        self.check_limits()
        self.audit()
        self.check_flat()

    def run(self):
        work = [(self.client, (f"a{i}", lambda: self.first)) for i in range(4)]
        work += [(self.client, (f"b{i}", lambda: self.second)) for i in range(2)]
        work += [(f, ()) for f in (self.abandon, self.publish, self.subscribe, self.reload, self.kill, self.step, self.fill,
                                   self.watch)]
        with Steps() as self.steps, Service(*OPTIONS, data=self.data, policies={"limit.yaml": POLICY}, prepare=self.steps.prepare) as self.first:
            self.first.request("GET", f"{TOPIC}/g/one?timeout=0")
            threads = [threading.Thread(target=self.guarded, args=(run, args)) for run, args in work]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
            self.check_end()
        verified = subprocess.run([os.path.join(service.BUILD, "clguard"), "db", "verify", "--data", self.data],
                                  stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        if verified.returncode:
            self.fault(f"db verify: {verified.stdout[:300]!r}")

    def guarded(self, run, args):
        try:
            run(*args)
        except Exception as problem:  # a thread that ends early would be a soak without it
            self.fault(f"{run.__name__}: {type(problem).__name__}: {problem}")
            raise

    def report(self, seconds):
        print(f"{seconds:.0f} s: " + ", ".join(f"{self.counts[name]} {name}" for name in sorted(self.counts)))
        for i in range(0, len(self.samples), max(1, len(self.samples) // 8)):
            when, private, files, size = self.samples[i]
            print(f"  {when - self.samples[0][0]:5.0f} s: private memory {private >> 10} KiB, {files} descriptors, database "
                  f"{size / MI:.1f} MiB")
        print(f"{len(self.published)} messages published, {len(self.published & self.read)} of them read")
        for fault in self.faults:
            print("FAIL " + fault)


def main():
    started = time.monotonic()
    data = tempfile.mkdtemp(prefix="clguard-soak-")
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=256m", "tmpfs", data],
                             stderr=subprocess.DEVNULL).returncode == 0
    soak = Soak(data)
    if not mounted:
        print("left out: no right to mount a tmpfs, so no disk is full")
        soak.fill = lambda: None
    try:
        soak.run()
        if glob_damaged(data):
            soak.fault("a database was put aside")
    except Exception as problem:  # the faults so far tell why
        soak.fault(f"{type(problem).__name__}: {problem}")
    finally:
        if mounted:
            subprocess.run(["umount", data], check=False)
        shutil.rmtree(data, ignore_errors=True)
    soak.report(time.monotonic() - started)
    return 1 if soak.faults or soak.counts.get("answers 201", 0) < 10 else 0


def glob_damaged(data):
    return [name for name in os.listdir(data) if name.startswith("damaged-")]


sys.exit(main())
