#!/usr/bin/env python3
"""start - clguardd with a large database: how long until it answers, and what it holds in memory

A start verifies the whole database in a child process, maps it, and compiles the policies. Memory is looked at when
every key has been asked about once, so that the pages of all counters have been read. Operations were recorded 64 a
commit, as a service's are that has as many clients; or imported by `clguard db import`; or, for comparison, recorded
1,000 a commit: what one such commit leaves behind is free pages, which the kernel maps with their neighbours.
"""

# SPDX-License-Identifier: Apache-2.0
import os
import re
import socket
import subprocess
import tempfile
import time

from results import bar, middle, number

BUILD = os.environ.get("top_builddir", ".")
BODY = '{"action":"guard","resource":{"guard":{"actor":"SO","operation":"operation-0","clname":"loop-0","target":"vm-%d"}}}'


class Service:
    """clguardd on a data directory and a folder of policies."""

    def __init__(self, folder, *more):
        begin = time.monotonic()
        self.process = subprocess.Popen(
            [
                os.path.join(BUILD, "clguardd"),
                "--listen",
                "127.0.0.1:0",
                "--workers",
                "1",
                "--data",
                os.path.join(folder, "data"),
                "--policies",
                os.path.join(folder, "policies"),
                *more,
            ],
            stderr=subprocess.PIPE,
            text=True,
        )
        for line in self.process.stderr:
            found = re.match(r"listening on \S*:(\d+)", line)
            if found:
                self.port, self.took = int(found.group(1)), time.monotonic() - begin
                return
        raise SystemExit("clguardd does not start")

    def stop(self):
        self.process.terminate()
        self.process.wait()

    def memory(self):
        with open(f"/proc/{self.process.pid}/status", encoding="ascii") as file:
            lines = dict(line.split(":", 1) for line in file)
        return {name: int(lines[name].split()[0]) / 1024 for name in ("VmRSS", "RssAnon", "RssFile")}

    def ask(self, targets):
        """All at once, a hundred on their way at a time. True when all were permitted."""
        bodies = (BODY % target for target in targets)
        requests = [
            f"POST /policy/pdpx/v1/decision HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
            f"Content-Length: {len(body)}\r\n\r\n{body}".encode()
            for body in bodies
        ]
        permits = 0
        with socket.create_connection(("127.0.0.1", self.port)) as connection:
            for i in range(0, len(requests), 100):
                part = requests[i : i + 100]
                connection.sendall(b"".join(part))
                got = b""
                while got.count(b'"}') < len(part):
                    got += connection.recv(1 << 16)
                permits += got.count(b'"status":"Permit"')
        return permits == len(requests)


def filled(folder, keys, policies, together=1000):
    os.mkdir(os.path.join(folder, "policies"))
    subprocess.run(
        [
            os.path.join(BUILD, "bench", "fill"),
            os.path.join(folder, "data"),
            str(keys),
            str(together),
            os.path.join(folder, "policies"),
            str(policies),
        ],
        check=True,
    )


def cold_start(keys, policies):
    with tempfile.TemporaryDirectory() as folder:
        filled(folder, keys, policies)
        took = []
        for _ in range(3):
            service = Service(folder)
            took.append(service.took)
            if not service.ask(range(100)):
                raise SystemExit("a counter was lost")
            service.stop()
        number(f"start/keys={keys}/policies={policies}/until it listens", middle(took), "s")
        size = sum(
            os.stat(os.path.join(folder, "data", name)).st_blocks for name in os.listdir(os.path.join(folder, "data"))
        )
        number(f"start/keys={keys}/policies={policies}/database", size / 2048, "MiB")


def imported(folder):
    """Takes the operations out of the database, and in again into a new one."""
    tool, data = os.path.join(BUILD, "clguard"), os.path.join(folder, "data")
    dump, original = os.path.join(folder, "dump.json"), os.path.join(folder, "original")
    os.rename(data, original)
    with open(dump, "wb") as file:
        subprocess.run([tool, "db", "dump", original], stdout=file, check=True)
    subprocess.run([tool, "db", "import", data, dump], stdout=subprocess.DEVNULL, check=True)


def memory(keys, policies, how, together, then=None):
    """What is resident of a service on such a database, in MiB, when every key has been asked about."""
    with tempfile.TemporaryDirectory() as folder:
        filled(folder, keys, policies, together)
        if then:
            then(folder)
        service = Service(folder)
        if not service.ask(range(keys)):
            raise SystemExit("a decision was refused")
        found = service.memory()
        service.stop()
    path = f"start/keys={keys}/policies={policies}/{how}/memory"
    number(f"{path}/of the process alone", found["RssAnon"], "MiB")
    number(f"{path}/pages of files, the database among them", found["RssFile"], "MiB")
    return f"{path}/resident, MiB", found["VmRSS"]


cold_start(1000, 10000)
cold_start(1000000, 10000)
bar(*memory(100000, 10000, "recorded 64 a commit", 64), 60)
bar(*memory(100000, 10000, "imported", 64, imported), 60)
number(*memory(100000, 10000, "recorded 1000 a commit", 1000), "MiB")
