#!/usr/bin/env python3
# killed_service - clguardd under load, killed at random moments: what it acknowledged over HTTP is in its database
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

BUILD = os.environ.get("top_builddir", ".")
KILLS = 300 if os.environ.get("CLGUARD_STRESS") else 15
CLIENTS, LIMIT, WINDOW_S = 4, 5, 1.0
POLICY = """tosca_definitions_version: tosca_simple_yaml_1_1_0
topology_template:
  policies:
    - limit:
        type: onap.policies.controlloop.guard.common.FrequencyLimiter
        version: 1.0.0
        properties: {actor: SO, operation: Restart, timeWindow: 1, timeUnits: second, limit: %d}
""" % LIMIT


class Service:
    def __init__(self, work):
        self.process = subprocess.Popen(
            [BUILD + "/clguardd", "--listen", "127.0.0.1:0", "--policies", work + "/policy.yaml", "--data",
             work + "/data", "--lease-s", "1", "--workers", "2"], stderr=subprocess.PIPE, text=True)
        self.port = None
        for line in self.process.stderr:
            if line.startswith("listening on "):
                self.port = int(line.rsplit(":", 1)[1])
                break
        threading.Thread(target=self.process.stderr.read, daemon=True).start()

    def end(self, how):
        self.process.send_signal(how)
        return self.process.wait()


class Client(threading.Thread):
    """Takes rights and settles them until the service goes; notes what it was told."""

    def __init__(self, number, port, journal):
        super().__init__()
        self.name_of, self.port, self.journal = number, port, journal

    def ask(self, connection, method, path, body):
        connection.request(method, path, json.dumps(body), {"Content-Type": "application/json"})
        answer = connection.getresponse()
        return answer.status, json.loads(answer.read())

    def run(self):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        try:
            for i in range(1000000):
                request = "%s-%d" % (self.name_of, i)
                guard = {"actor": "SO", "operation": "Restart", "target": "vm-%d" % (i % 3), "requestId": request}
                status, answer = self.ask(connection, "POST", "/clguard/v1/reservations",
                                          {"action": "guard", "resource": {"guard": guard}})
                if status != 201:
                    time.sleep(0.005)
                    continue
                self.journal.append((request, False))
                status, answer = self.ask(connection, "PUT", "/clguard/v1/reservations/" + answer["reservation"],
                                          {"outcome": "Success"})
                if status == 200:
                    self.journal.append((request, True))
        except (OSError, http.client.HTTPException, ValueError):
            pass  # the service was killed


def seconds(text):
    return time.mktime(time.strptime(text[:19], "%Y-%m-%dT%H:%M:%S")) + float("0" + (text[19:-1] or ".0"))


def fullest(times):
    times.sort()
    first = most = 0
    for i, now in enumerate(times):
        while times[first] < now - WINDOW_S - 1e-6:
            first += 1
        most = max(most, i - first + 1)
    return most


def check(work, journal):
    verified = subprocess.run([BUILD + "/clguard", "db", "verify", "--data", work + "/data"])
    dump = subprocess.run([BUILD + "/clguard", "db", "dump", "--data", work + "/data"], stdout=subprocess.PIPE)
    rows = {row["requestId"]: row for row in json.loads(dump.stdout)["operations"]}
    lost = [r for r, settled in journal if r not in rows or (settled and rows[r].get("outcome") != "Success")]
    worst = 0
    for target in ("vm-0", "vm-1", "vm-2"):
        mine = [row for row in rows.values() if row["target"] == target]
        worst = max(worst, fullest([seconds(row["starttime"]) for row in mine]),
                    fullest([seconds(row["endtime"]) if "endtime" in row else seconds(row["starttime"]) + 1
                             for row in mine]))
    print("%d kills, %d acknowledgements, %d lost, at most %d of %d in a window" %
          (KILLS, len(journal), len(lost), worst, LIMIT))
    return verified.returncode == 0 and not lost and worst <= LIMIT and len(journal) > KILLS


def main():
    work = tempfile.mkdtemp(prefix="clguard-killed-")
    journal = []
    random.seed(7)
    try:
        with open(work + "/policy.yaml", "w") as file:
            file.write(POLICY)
        for kill in range(KILLS):
            service = Service(work)
            clients = [Client("%d-%d" % (kill, i), service.port, journal) for i in range(CLIENTS)]
            for client in clients:
                client.start()
            time.sleep(random.uniform(0.0, 0.5))
            service.end(signal.SIGKILL)
            for client in clients:
                client.join()
        return 0 if check(work, journal) else 1
    finally:
        shutil.rmtree(work)


sys.exit(main())
