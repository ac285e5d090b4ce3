#!/usr/bin/env python3
# killed_service - clguardd under load, killed at random moments: what it acknowledged over HTTP is in its database
# SPDX-License-Identifier: Apache-2.0
import glob
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
SEED = int(os.environ.get("CLGUARD_SEED", "7"))
LANES = 4  # services side by side, each killed and started again on a database of its own
KILLS = 2000 if os.environ.get("CLGUARD_STRESS") else 200
CLIENTS, TARGETS, LIMIT, WINDOW_S, LEASE_S = 3, 10, 5, 1.0, 1
POLICY = """tosca_definitions_version: tosca_simple_yaml_1_1_0
topology_template:
  policies:
    - limit:
        type: onap.policies.controlloop.guard.common.FrequencyLimiter
        version: 1.0.0
        properties: {actor: SO, operation: Restart, timeWindow: 1, timeUnits: second, limit: %d}
""" % LIMIT


class Client(threading.Thread):
    """Takes rights and settles them until the service goes; notes what it was told, in the order it was told."""

    def __init__(self, name_of, port, journal, dice):
        super().__init__()
        self.name_of, self.port, self.journal, self.dice = name_of, port, journal, dice

    def ask(self, connection, method, path, body):
        connection.request(method, path, json.dumps(body), {"Content-Type": "application/json"})
        answer = connection.getresponse()
        return answer.status, json.loads(answer.read())

    def take(self, connection, request):
        guard = {"actor": "SO", "operation": "Restart", "target": "vm-%d" % self.dice.randrange(TARGETS),
                 "requestId": request}
        status, answer = self.ask(connection, "POST", "/clguard/v1/reservations",
                                  {"action": "guard", "resource": {"guard": guard}})
        if status != 201:
            time.sleep(0.002)
            return
        self.journal.append((request, False))
        status, _ = self.ask(connection, "PUT", "/clguard/v1/reservations/" + answer["reservation"],
                             {"outcome": "Success"})
        if status == 200:
            self.journal.append((request, True))

    def run(self):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        try:
            for i in range(1000000):
                self.take(connection, "%s-%d" % (self.name_of, i))
        except (OSError, http.client.HTTPException, ValueError):
            pass  # the service was killed


class Lane(threading.Thread):
    """One database, and a service on it that is killed so many times."""

    def __init__(self, number, kills):
        super().__init__()
        self.number, self.kills = number, kills
        self.work = tempfile.mkdtemp(prefix="clguard-killed-")
        self.dice = random.Random(SEED * 1000 + number)
        self.journal, self.faults, self.early, self.worst = [], [], 0, 0
        with open(self.work + "/policy.yaml", "w") as file:
            file.write(POLICY)

    def start_service(self):
        return subprocess.Popen(
            [BUILD + "/clguardd", "--listen", "127.0.0.1:0", "--policies", self.work + "/policy.yaml", "--data",
             self.work + "/data", "--lease-s", str(LEASE_S), "--workers", "2"], stderr=subprocess.PIPE, text=True)

    def port_of(self, process):
        """None, and a fault noted, when the service does not come up."""
        said = []
        for line in process.stderr:
            if line.startswith("listening on "):
                return int(line.rsplit(":", 1)[1])
            said.append(line)
        self.faults.append("does not start: " + "".join(said))
        return None

    def kill_one(self, kill):
        process = self.start_service()
        clients = []
        if self.dice.randrange(10) == 0:
            time.sleep(self.dice.uniform(0, 0.02))  # while it starts
            self.early += 1
        else:
            port = self.port_of(process)
            for i in range(CLIENTS if port else 0):
                dice = random.Random(self.dice.random())
                clients.append(Client("%d-%d" % (kill, i), port, self.journal, dice))
                clients[-1].start()
            time.sleep(self.dice.uniform(0, 0.15))
        process.send_signal(signal.SIGKILL)
        process.wait()
        for client in clients:
            client.join()
        process.stderr.close()

    def run(self):
        for kill in range(self.kills):
            self.kill_one(kill)
            if self.faults:
                return
        self.check()

    def check(self):
        verified = subprocess.run([BUILD + "/clguard", "db", "verify", "--data", self.work + "/data"],
                                  stdout=subprocess.DEVNULL)
        dump = subprocess.run([BUILD + "/clguard", "db", "dump", "--data", self.work + "/data"],
                              stdout=subprocess.PIPE)
        if verified.returncode or dump.returncode or glob.glob(self.work + "/data/damaged-*"):
            self.faults.append("the database is damaged")
            return
        rows = {row["requestId"]: row for row in json.loads(dump.stdout)["operations"]}
        lost = [r for r, settled in self.journal
                if r not in rows or (settled and rows[r].get("outcome") != "Success")]
        if lost:
            self.faults.append("%d acknowledged and lost: %s" % (len(lost), lost[:5]))
        for target in range(TARGETS):
            mine = [row for row in rows.values() if row["target"] == "vm-%d" % target]
            self.worst = max(self.worst, fullest([starts(row) for row in mine]), fullest([ends(row) for row in mine]))
        if self.worst > LIMIT:
            self.faults.append("%d in a window of %d" % (self.worst, LIMIT))


def seconds(text):
    return time.mktime(time.strptime(text[:19], "%Y-%m-%dT%H:%M:%S")) + float("0" + (text[19:-1] or ".0"))


def starts(row):
    return seconds(row["starttime"])


def ends(row):
    """When it ended; one that nobody ended did with its lease."""
    return seconds(row["endtime"]) if "endtime" in row else starts(row) + LEASE_S


def fullest(times):
    times.sort()
    first = most = 0
    for i, now in enumerate(times):
        while times[first] < now - WINDOW_S - 1e-6:
            first += 1
        most = max(most, i - first + 1)
    return most


def main():
    started = time.monotonic()
    lanes = [Lane(i, KILLS // LANES) for i in range(LANES)]
    try:
        for lane in lanes:
            lane.start()
        for lane in lanes:
            lane.join()
    finally:
        for lane in lanes:
            shutil.rmtree(lane.work)
    faults = [fault for lane in lanes for fault in lane.faults]
    acknowledged = sum(len(lane.journal) for lane in lanes)
    worst = max(lane.worst for lane in lanes)
    print("%d kills (%d of them while it started) of %d services, %d acknowledgements, at most %d of %d in a window, "
          "%d s" % (KILLS, sum(lane.early for lane in lanes), LANES, acknowledged, worst, LIMIT,
                    time.monotonic() - started))
    for fault in faults:
        print("FAIL " + fault)
    return 0 if not faults and worst == LIMIT and acknowledged > 5 * KILLS else 1


sys.exit(main())
