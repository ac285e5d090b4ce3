#!/usr/bin/env python3
"""threads - everything at once: decisions, explanations, a decision log, rows, rights and reloads; for the thread sanitizer

Whoever the service's threads are, they meet here. What is said meanwhile must hold too: no refusal, no right beyond the limit, no
row that was acknowledged and is not counted, a line in the log for every decision.
"""
# SPDX-License-Identifier: Apache-2.0
import os
import signal
import threading
import time

import service
from service import BLACKLIST, DECISION, LIMITER, Service, ask

SECONDS = 2.5
GUARD = {"actor": "RANC", "operation": "Cell Reset"}


class Crew:
    """Threads that do something again and again on connections of their own, until told to stop."""

    def __init__(self, server, suite):
        self.server, self.suite = server, suite
        self.threads, self.stop = [], threading.Event()
        self.done = {}

    def add(self, name, step):
        def work():
            connection, count = self.server.connection(), 0
            try:
                while not self.stop.is_set():
                    step(connection, count)
                    count += 1
            except Exception as failure:  # pylint: disable=broad-except
                self.suite.check(False, f"{name}: {failure!r}")
            self.done[name] = count
            connection.close()
        self.threads.append(threading.Thread(target=work))

    def run(self, meanwhile):
        for thread in self.threads:
            thread.start()
        until = time.monotonic() + SECONDS
        while time.monotonic() < until:
            meanwhile()
            time.sleep(0.05)
        self.stop.set()
        for thread in self.threads:
            thread.join()


def test_all_threads_at_once(suite):
    with service.tempfile.TemporaryDirectory() as folder:
        log = os.path.join(folder, "decisions.json")
        with Service("--decision-log", log, policies={"l.yaml": LIMITER, "b.yaml": BLACKLIST % "cell-b"}) as server:
            crew = Crew(server, suite)
            admitted = []

            def decides(query):
                def step(connection, count):
                    body = ask(**GUARD, target=("cell-b", f"cell-{count % 7}", "cell-r")[count % 3])
                    reply = server.request("POST", DECISION + query, body, connection=connection)
                    suite.equal(reply.status, 200, "a decision")
                return step

            def records(connection, count):
                target = f"row-{count}"

                def decided():
                    return server.request("POST", DECISION, ask(**GUARD, target=target), connection=connection).json["status"]

                row = {**GUARD, "target": target, "outcome": "Success"}
                body = [row] * (1 + count % 2)
                suite.equal(decided(), "Permit", "before any row")
                reply = server.request("POST", "/clguard/v1/operations", body, connection=connection)
                suite.equal(reply.status, 200, "rows")
                suite.equal(decided(), "Deny" if count % 2 else "Permit", f"after {len(body)} rows")

            def reserves(connection, _):
                reply = server.request("POST", "/clguard/v1/reservations", ask(**GUARD, target="cell-r"),
                                       connection=connection)
                suite.check(reply.status in (200, 201), reply.body)
                if reply.status == 201:
                    admitted.append(reply.json["reservation"])

            for i in range(3):
                crew.add(f"decides {i}", decides(""))
            crew.add("explains", decides("?explain=true"))
            crew.add("records", records)
            for i in range(2):
                crew.add(f"reserves {i}", reserves)
            crew.run(lambda: server.process.send_signal(signal.SIGHUP))  # compiles again, opens the log again
            suite.equal(len(admitted), 2, "rights of a limit of 2")
            suite.check(server.generation() > 2, "reloaded")
            suite.check(all(crew.done.get(thread) for thread in ("explains", "records", "reserves 0")), crew.done)
            asked = sum(count * (1 + (name == "records")) for name, count in crew.done.items())
        with open(log, encoding="utf-8") as file:
            lines = [line for line in file if '"door":"counters"' not in line and '"door":"log"' not in line and '{"log":1,' not in line]
            suite.equal(len(lines), asked, "lines of the log")


service.main(globals())
