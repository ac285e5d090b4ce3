#!/usr/bin/env python3
# backup - copies of a database under load: each verifies and holds what was acknowledged before it; restored; carried by dumps
# SPDX-License-Identifier: Apache-2.0
import http.client
import json
import os
import re
import signal
import subprocess
import sys
import threading
import time

sys.path.insert(0, os.path.join(os.environ.get("top_srcdir", "."), "tests", "http"))
from service import JSON, LIMITER, SOURCE, BUILD, Service, main, wait_for  # noqa: E402

COPIES = 50 if os.environ.get("CLGUARD_STRESS") else 10
CLGUARD = os.path.abspath(os.environ.get("CLGUARD", os.path.join(BUILD, "clguard")))
OPERATIONS, RESERVATIONS = "/clguard/v1/operations", "/clguard/v1/reservations"


def clguard(*words, cwd=None):
    return subprocess.run([CLGUARD, *words], capture_output=True, text=True, timeout=60, cwd=cwd)


def dumped(data):
    """What `clguard db dump` prints of a database."""
    run = clguard("db", "dump", data)
    if run.returncode:
        raise AssertionError(run.stderr)
    return json.loads(run.stdout)


class Writer(threading.Thread):
    """Enters operations, with and without ids, and takes and settles rights, until it is told to stop."""

    def __init__(self, number, port):
        super().__init__()
        self.number, self.port = number, port
        self.acknowledged, self.failure, self.stopping = [], None, False

    def ask(self, connection, method, path, body):
        connection.request(method, path, json.dumps(body), JSON)
        answer = connection.getresponse()
        return answer.status, json.loads(answer.read())

    def write(self, connection, i):
        name = f"{self.number}-{i}"
        row = {"actor": "SO", "operation": "Restart", "target": f"vm-{i % 7}", "outcome": "Success", "message": name}
        if i % 3:
            row["requestId"] = name
        if i % 5 == 4:
            guard = {"actor": "SO", "operation": "Restart", "target": "vm-r", "requestId": "r" + name}
            status, answer = self.ask(connection, "POST", RESERVATIONS, {"action": "guard", "resource": {"guard": guard}})
            status, answer = self.ask(connection, "PUT", f"{RESERVATIONS}/{answer['reservation']}",
                                      {"outcome": "Success", "message": name})
        else:
            status, answer = self.ask(connection, "POST", OPERATIONS, row)
        if status != 200:
            raise AssertionError(f"{name} is answered with {status}: {answer}")
        self.acknowledged.append(name)

    def run(self):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        try:
            for i in range(1000000):
                if self.stopping:
                    return
                self.write(connection, i)
        except Exception as problem:  # told by stop()
            self.failure = problem


class Load:
    """Three writers on a service."""

    def __init__(self, service):
        self.writers = [Writer(i, service.port) for i in range(3)]

    def __enter__(self):
        for writer in self.writers:
            writer.start()
        wait_for(lambda: len(self.acknowledged()) > 30)
        return self

    def acknowledged(self):
        return [name for writer in self.writers for name in list(writer.acknowledged)]

    def __exit__(self, kind, *_):
        for writer in self.writers:
            writer.stopping = True
        for writer in self.writers:
            writer.join()
        failures = [writer.failure for writer in self.writers if writer.failure]
        if failures and kind is None:
            raise failures[0]


def numbers(data):
    """{name: number of its record} of the operations that are never updated."""
    return {row["message"]: row["number"] for row in dumped(data)["operations"] if "reservation" not in row}


def test_copies_under_load(suite):
    with Service(data=None, policies={"limit.yaml": LIMITER}) as scratch:
        folder = scratch.folder
        data = os.path.join(folder, "data")
        with Service(policies={"limit.yaml": LIMITER}, data=data) as service:
            copies = []
            with Load(service) as load:
                for i in range(COPIES):
                    before = set(load.acknowledged())
                    run = clguard("db", "backup", data, f"{folder}/copy-{i}")
                    if not suite.equal(run.returncode, 0, f"copy {i}: {run.stderr}"):
                        return
                    copies.append((i, before, int(re.search(r"up to number (\d+)", run.stdout).group(1))))
                suite.check(len(load.acknowledged()) > len(copies[-1][1]), "the writers go on after the last copy")
        listed = numbers(data)
        suite.check(len(listed) > 100, f"{len(listed)} operations are enough of a load")
        for i, before, number in copies:
            path = f"{folder}/copy-{i}"
            suite.equal(sorted(os.listdir(path)), ["clguard.lock", "data.mdb"], f"what is in copy {i}")
            run = clguard("db", "verify", path)
            suite.equal((run.returncode, run.stdout[:6]), (0, "sound:"), f"copy {i} verifies: {run.stderr}")
            held = {row.get("message") for row in dumped(path)["operations"]}
            suite.equal(before - held, set(), f"acknowledged before copy {i} and not in it")
            early = {name for name, at in listed.items() if at <= number}
            suite.equal(early - held, set(), f"numbered up to {number} and not in copy {i}")
        # Restored, it holds the same, and a service works on it.
        i, before, number = copies[-1]
        run = clguard("db", "restore", f"{folder}/copy-{i}", f"{folder}/restored")
        suite.equal(run.returncode, 0, f"restored: {run.stderr}")
        suite.check("count as full" in run.stdout, f"restoring tells what limiters do: {run.stdout}")
        with Service(policies={"limit.yaml": LIMITER}, data=f"{folder}/restored") as service:
            reply = service.decide(actor="RANC", operation="Cell Reset", target="c1")
            suite.equal((reply.json["status"], reply.json["reason"]), ("Deny", "quarantine"), "until it is accepted")
        held = {row.get("message") for row in dumped(f"{folder}/restored")["operations"]}
        suite.equal(before - held, set(), "acknowledged before the copy and not restored")
        suite.equal({name for name, at in listed.items() if at <= number} - held, set(), "not restored")
        suite.equal(clguard("db", "accept", f"{folder}/restored").returncode, 0, "accepted")
        with Service(policies={"limit.yaml": LIMITER}, data=f"{folder}/restored") as service:
            suite.equal(service.decide(actor="RANC", operation="Cell Reset", target="c1").json["status"], "Permit",
                        "after it was accepted")
            service.decide(actor="RANC", operation="Cell Reset", target="c1")


def test_nothing_is_overwritten(suite):
    with Service(policies={"limit.yaml": LIMITER}, data=None) as scratch:
        folder = scratch.folder
        data, copy = f"{folder}/data", f"{folder}/copy"
        with Service(policies={"limit.yaml": LIMITER}, data=data) as service:
            service.request("POST", OPERATIONS, [{"actor": "SO", "operation": "Restart", "target": f"vm-{i}",
                                                  "outcome": "Success"} for i in range(200)])
            os.mkdir(copy)
            suite.equal(clguard("db", "backup", data, copy).returncode, 0, "an empty directory is a place for a copy")
            kept = os.stat(f"{copy}/data.mdb").st_ino
            run = clguard("db", "backup", data, copy)
            suite.equal(run.returncode, 1, "a copy is not overwritten")
            suite.check("nothing is overwritten" in run.stderr, f"and that is said: {run.stderr}")
            suite.equal(os.stat(f"{copy}/data.mdb").st_ino, kept, "the copy stays")
            run = clguard("db", "restore", copy, data)
            suite.equal(run.returncode, 1, "a database is not overwritten")
            run = clguard("db", "restore", data, f"{folder}/second")
            suite.equal(run.returncode, 3, "a database in use is not copied as a file")
            suite.check("is open by process" in run.stderr, f"and that is said: {run.stderr}")
            suite.check(not os.path.exists(f"{folder}/second"), "nothing is left of it")
            # What a killed backup leaves does not stand in the way.
            os.mkdir(f"{folder}/late.partial")
            with open(f"{folder}/late.partial/data.mdb", "w", encoding="utf-8") as file:
                file.write("half")
            suite.equal(clguard("db", "backup", data, f"{folder}/late").returncode, 0, "after one that was killed")
            suite.check(not os.path.exists(f"{folder}/late.partial"), "the partial copy is gone")
        suite.equal(clguard("db", "backup", f"{folder}/none", f"{folder}/x").returncode, 3, "there is no such database")
        # A damaged backup is not restored.
        with open(f"{copy}/data.mdb", "r+b") as file:
            file.seek(os.path.getsize(f"{copy}/data.mdb") // 2)
            file.write(bytes([0xA5]) * 9000)
        run = clguard("db", "restore", copy, f"{folder}/third")
        suite.equal(run.returncode, 3, f"a damaged backup: {run.stdout}{run.stderr}")
        suite.check(not os.path.exists(f"{folder}/third") and not os.path.exists(f"{folder}/third.partial"),
                    "nothing is left of it")


def reserve(service, **guard):
    reply = service.request("POST", RESERVATIONS, {"action": "guard", "resource": {"guard": guard}, "lease_s": 3000})
    return reply.status, reply.json


def test_dump_and_import(suite):
    with Service(policies={"limit.yaml": LIMITER}, data=None) as scratch:
        folder = scratch.folder
        guard = {"actor": "SO", "operation": "Restart", "target": "vm-1"}
        with Service(policies={"limit.yaml": LIMITER}, data=f"{folder}/a") as service:
            for i in range(3):  # no ids
                service.request("POST", OPERATIONS, {**guard, "outcome": "Success"})
            service.request("POST", OPERATIONS, {**guard, "outcome": "Started", "requestId": "q1"})
            _, live = reserve(service, **guard, requestId="q2")
            _, nameless = reserve(service, **guard)
            _, settled = reserve(service, **guard, requestId="q3")
            service.request("PUT", f"{RESERVATIONS}/{settled['reservation']}", {"outcome": "Success"})
            _, aborted = reserve(service, **guard, requestId="q4")
            service.request("DELETE", f"{RESERVATIONS}/{aborted['reservation']}")
        with open(f"{folder}/dump.json", "w", encoding="utf-8") as file:
            file.write(clguard("db", "dump", f"{folder}/a").stdout)
        first = dumped(f"{folder}/a")
        suite.check("aborted" in json.dumps(first["not_carried"]), "a dump says what it does not carry")
        run = clguard("db", "import", f"{folder}/b", f"{folder}/dump.json")
        suite.equal((run.returncode, run.stdout), (0, "7 operations entered\n"), f"into another: {run.stderr}")
        suite.check("does not carry" in run.stderr, f"an import of a dump says so too: {run.stderr}")
        for data in ("b", "a"):
            run = clguard("db", "import", f"{folder}/{data}", f"{folder}/dump.json")
            suite.equal((run.returncode, run.stdout), (0, "0 operations entered, 7 were here\n"), f"again, into {data}")
        second = dumped(f"{folder}/b")
        suite.equal(second["operation_counters"], first["operation_counters"], "the counters")
        suite.equal({r["reservation"]: r["state"] for r in second["reservations"]},
                    {r["reservation"]: r["state"] for r in first["reservations"] if r["state"] != "aborted"}, "reservations")
        # Into a third by way of the second, and back: still the same operations.
        with open(f"{folder}/dump2.json", "w", encoding="utf-8") as file:
            json.dump(second, file)
        run = clguard("db", "import", f"{folder}/a", f"{folder}/dump2.json")
        suite.equal(run.stdout, "0 operations entered, 7 were here\n", "back again")
        suite.equal(clguard("db", "verify", f"{folder}/b").returncode, 0, "it verifies")
        with Service(policies={"limit.yaml": LIMITER}, data=f"{folder}/b") as service:
            status, again = reserve(service, **guard, requestId="q2")
            suite.equal((status, again["reservation"]), (200, live["reservation"]), "the same ids get the same right")
            for right in (live, nameless):
                reply = service.request("PUT", f"{RESERVATIONS}/{right['reservation']}", {"outcome": "Success"})
                suite.equal((reply.status, reply.json.get("state")), (200, "settled"), "a carried right is settled")
            reply = service.request("PUT", f"{RESERVATIONS}/{settled['reservation']}", {"outcome": "Success"})
            suite.equal(reply.status, 200, "a settled one is settled")
            rows = service.request("GET", OPERATIONS + "?limit=100&ids=true").json
            victim = [row for row in rows if "requestId" not in row and row.get("outcome") == "Success"][-1]
            reply = service.request("DELETE", f"{OPERATIONS}/{victim['id']}?by=me&why=test")
            suite.equal(reply.status, 200, f"an imported operation can be undone: {reply.body}")
        # What has ended or was undone here stays so, whatever an old dump says.
        run = clguard("db", "import", f"{folder}/b", f"{folder}/dump.json")
        suite.equal(run.stdout, "0 operations entered, 7 were here\n", "an old dump into a newer database")
        suite.equal([r["state"] for r in dumped(f"{folder}/b")["reservations"]], ["settled"] * 3, "all are settled")
        # A newer dump into the older database ends what has ended.
        with open(f"{folder}/dump3.json", "w", encoding="utf-8") as file:
            file.write(clguard("db", "dump", f"{folder}/b").stdout)
        run = clguard("db", "import", f"{folder}/a", f"{folder}/dump3.json")
        suite.equal(run.stdout, "2 operations entered, 4 were here\n", "a newer dump into an older database")
        suite.equal(sorted(r["state"] for r in dumped(f"{folder}/a")["reservations"]), ["aborted"] + ["settled"] * 3,
                    "its reservations have ended")
        suite.equal(clguard("db", "verify", f"{folder}/a").returncode, 0, "it verifies")


class Increments:
    """A backup of a database, and what came after it, piece by piece."""

    def __init__(self, suite, folder, data):
        self.suite, self.folder, self.data, self.paths, self.numbers = suite, folder, data, [], []
        run = clguard("db", "backup", data, f"{folder}/base")
        suite.equal(run.returncode, 0, f"the backup: {run.stderr}")
        self.newest = int(re.search(r"up to number (\d+)", run.stdout).group(1))

    def take(self):
        """What is there besides."""
        run = clguard("db", "dump", "--since", str(self.newest), self.data)
        self.suite.equal(run.returncode, 0, f"an increment: {run.stderr}")
        self.newest = int(re.search(r"up to number (\d+)", run.stderr).group(1))
        self.paths.append(f"{self.folder}/increment-{len(self.paths)}.json")
        self.numbers.append(self.newest)
        with open(self.paths[-1], "w", encoding="utf-8") as file:
            file.write(run.stdout)

    def point(self):
        """An increment, and the state of the database at that moment: nobody writes."""
        self.take()
        return dumped(self.data)

    def restored(self, name, *words, paths=None):
        run = clguard("db", "restore", "--accept", *words, f"{self.folder}/base", f"{self.folder}/{name}", *(paths or self.paths))
        self.suite.equal(run.returncode, 0, f"{name}: {run.stdout}{run.stderr}")
        return dumped(f"{self.folder}/{name}") if run.returncode == 0 else None, run.stdout


def same(suite, restored, dump, what):
    for part in ("operations", "operation_counters"):
        suite.equal(restored[part], dump[part], f"{what}: the {part}")
    rights = [{r["reservation"]: (r["state"], r["expires"]) for r in d["reservations"] if r["state"] != "aborted"}
              for d in (restored, dump)]
    suite.equal(*rights, f"{what}: the reservations")


def test_increments(suite):
    """Every kind of change between a backup and its increments; each point comes back as it was."""
    with Service(policies={"limit.yaml": LIMITER}, data=None) as scratch:
        folder, data = scratch.folder, f"{scratch.folder}/data"
        guard = {"actor": "SO", "operation": "Restart", "target": "vm-1"}
        with Service(policies={"limit.yaml": LIMITER}, data=data) as service:
            for i in range(3):
                service.request("POST", OPERATIONS, {**guard, "outcome": "Success"})  # no ids
            for name in ("wrong", "undone"):
                service.request("POST", OPERATIONS, {**guard, "outcome": "Success", "requestId": name})
            rights = {name: reserve(service, **guard, requestId=name)[1]["reservation"] for name in ("kept", "settled", "aborted")}
            taken = Increments(suite, folder, data)
            service.request("DELETE", f"{RESERVATIONS}/{rights['aborted']}")
            service.request("PUT", f"{RESERVATIONS}/{rights['settled']}", {"outcome": "Failure", "message": "no"})
            service.request("POST", OPERATIONS, {**guard, "outcome": "Success", "message": "first of no ids"})
            points = [taken.point()]
            service.request("POST", OPERATIONS, {**guard, "outcome": "Failure_Guard", "requestId": "wrong"})
            victim = [row for row in service.request("GET", OPERATIONS + "?limit=100&ids=true").json if row.get("requestId") == "undone"][0]
            suite.equal(service.request("DELETE", f"{OPERATIONS}/{victim['id']}?by=me&why=test").status, 200, "undone")
            points.append(taken.point())
            points.append(taken.point())  # an empty one
            for i in range(3):
                service.request("POST", OPERATIONS, {**guard, "outcome": "Success", "message": f"second {i}"})
            late = [reserve(service, **guard, requestId=name)[1]["reservation"] for name in ("late", "late-settled", "late-aborted")]
            service.request("PUT", f"{RESERVATIONS}/{late[1]}", {"outcome": "Success"})
            service.request("DELETE", f"{RESERVATIONS}/{late[2]}")
            points.append(taken.point())
            with open(taken.paths[0], encoding="utf-8") as file:
                first_time = json.load(file)["increment"]["time"]
        for i, point in enumerate(points):
            restored, told = taken.restored(f"until-{i}", "--until", str(taken.numbers[i]))
            same(suite, restored, point, f"up to increment {i}")
            suite.check(f"up to number {taken.numbers[i]}, as it was at" in told, told)
        same(suite, taken.restored("by-time", "--until", first_time)[0], points[0], "by time")
        same(suite, taken.restored("all")[0], points[-1], "all of them")
        same(suite, taken.restored("twice", paths=taken.paths + taken.paths[-1:])[0], points[-1], "the last one twice")
        suite.check("as the backup was" in taken.restored("none", "--until", "1")[1], "before the first one")
        suite.equal(clguard("db", "verify", f"{folder}/all").returncode, 0, "it verifies")
        with Service(policies={"limit.yaml": LIMITER}, data=f"{folder}/all") as service:
            reply = service.request("PUT", f"{RESERVATIONS}/{rights['kept']}", {"outcome": "Success"})
            suite.equal((reply.status, reply.json.get("state")), (200, "settled"), "a live right is settled there")
            service.request("POST", OPERATIONS, {**guard, "outcome": "Success", "message": "after"})
        numbers_there = [row["number"] for row in dumped(f"{folder}/all")["operations"]]
        suite.check(len(set(numbers_there)) == len(numbers_there) and max(numbers_there) > taken.newest, "no number is given again")
        # What does not fit is refused, and nothing is left of it.
        for what, paths, text in (("a missing increment", taken.paths[1:], "an increment before it is missing"),
                                  ("a dump", [f"{folder}/dump.json"], "it is not an increment"),
                                  ("another database's", [f"{folder}/other.json"], "of another database")):
            with open(f"{folder}/dump.json", "w", encoding="utf-8") as file:
                file.write(clguard("db", "dump", data).stdout)
            with open(taken.paths[0], encoding="utf-8") as file, open(f"{folder}/other.json", "w", encoding="utf-8") as other:
                other.write(re.sub(r'"database":"....', '"database":"0000', file.read()))
            run = clguard("db", "restore", f"{folder}/base", f"{folder}/refused", *paths)
            suite.equal(run.returncode, 1, f"{what}: {run.stdout}")
            suite.check(text in run.stderr and paths[0] in run.stderr, f"{what}: {run.stderr}")
            suite.check(not os.path.exists(f"{folder}/refused") and not os.path.exists(f"{folder}/refused.partial"), f"{what}: nothing is left")
        run = clguard("db", "import", f"{folder}/all", taken.paths[0])
        suite.check(run.returncode == 1 and "clguard db restore" in run.stderr, f"an import takes no increment: {run.stderr}")
        suite.equal(clguard("db", "dump", "--since", "x", data).returncode, 2, "no number")
        suite.equal(clguard("db", "dump", "--since", "999999", data).returncode, 1, "beyond the newest")


def test_increments_under_load(suite):
    with Service(policies={"limit.yaml": LIMITER}, data=None) as scratch:
        folder, data = scratch.folder, f"{scratch.folder}/data"
        with Service(policies={"limit.yaml": LIMITER}, data=data) as service:
            with Load(service) as load:
                taken = Increments(suite, folder, data)
                befores = []
                for _ in range(COPIES):
                    befores.append(set(load.acknowledged()))
                    taken.take()
                suite.check(len(load.acknowledged()) > len(befores[-1]), "the writers go on after the last increment")
            last = taken.point()
        same(suite, taken.restored("all")[0], last, "after the load")
        for i in (0, COPIES // 2):
            held = {row.get("message") for row in taken.restored(f"at-{i}", "--until", str(taken.numbers[i]))[0]["operations"]}
            suite.equal(befores[i] - held, set(), f"acknowledged before increment {i} and not restored by it")


def blocks_of(path):
    with open(path, encoding="utf-8") as file:
        return re.findall(r"^```sh\n(.*?)^```", file.read(), re.M | re.S)


def test_the_page(suite):
    """doc/backup.md's commands as they are printed, while clients write."""
    blocks = blocks_of(os.path.join(SOURCE, "doc", "backup.md"))
    suite.check(len(blocks) >= 6, "the page has its commands")
    with Service(policies={"limit.yaml": LIMITER}, data=None) as scratch:
        data = os.path.join(scratch.folder, "clguard-data")
        environment = {**os.environ, "PATH": os.path.abspath(BUILD) + ":" + os.environ["PATH"]}
        with Service(policies={"limit.yaml": LIMITER}, data=data) as service, Load(service):
            for block in blocks:
                run = subprocess.run(["sh", "-eu", "-c", block], cwd=scratch.folder, env=environment, text=True,
                                     capture_output=True, timeout=60)
                suite.equal(run.returncode, 0, f"{block}: {run.stdout}{run.stderr}")
                if "import" in block:
                    suite.check(re.search(r"^0 operations entered, \d+ were here$", run.stdout, re.M),
                                f"the second import enters nothing: {run.stdout}")


def test_killed_backup(suite):
    """A backup that is killed leaves no directory of its name, and no lock on the database."""
    with Service(policies={"limit.yaml": LIMITER}, data=None) as scratch:
        folder = scratch.folder
        with Service(policies={"limit.yaml": LIMITER}, data=f"{folder}/data") as service, Load(service):
            for i in range(10):
                process = subprocess.Popen([CLGUARD, "db", "backup", f"{folder}/data", f"{folder}/copy-{i}"],
                                           stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
                time.sleep(0.003 * i)
                process.send_signal(signal.SIGKILL)
                process.wait()
                path = f"{folder}/copy-{i}"
                suite.check(not os.path.exists(path) or clguard("db", "verify", path).returncode == 0,
                            "what has the name is whole")
            suite.equal(clguard("db", "backup", f"{folder}/data", f"{folder}/copy-last").returncode, 0, "the next one")


main(globals())
