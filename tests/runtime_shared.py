#!/usr/bin/env python3
# runtime_shared - two runtime processes on one database, one of them killed at random moments: nothing is lost or doubled
# SPDX-License-Identifier: Apache-2.0
"""Argument: the number of orders (default 500, under CLGUARD_STRESS 5000). The seed of the random moments is printed.

Two journals are compared with the orders that were taken: what the participants were asked, and the database's own log of
operations, which has a row for each right that an order took.
"""
import collections
import http.client
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import threading
import time

TOP = os.environ.get("top_srcdir", ".")
BUILD = os.environ.get("top_builddir", ".")
CLGUARDD, CLGUARD = os.path.join(BUILD, "clguardd"), os.path.join(BUILD, "clguard")
ORDERS = 5000 if os.environ.get("CLGUARD_STRESS") else 500
BASE, TOPIC = "/onap/controlloop/v2", "POLICY-CLRUNTIME-PARTICIPANT"
LOOPS = 8
ELEMENTS = {"1": ("Policy", "policy-participant-0", 0, "GuardPolicyElement"),
            "2": ("Kubernetes", "k8s-participant-0", 1, "CacheServiceElement"),
            "3": ("Http", "http-participant-0", 2, "CacheConfigElement")}


def uuid(digit):
    return "-".join([digit * 8, digit * 4, "4" + digit * 3, "8" + digit * 3, digit * 12])


class Service:
    def __init__(self, data):
        self.data, self.lock = data, threading.Lock()
        self.start()

    def start(self):
        self.process = subprocess.Popen([CLGUARDD, "--listen", "127.0.0.1:0", "--data", self.data, "--durability",
                                         "process", "--workers", "1"], stderr=subprocess.PIPE, text=True)
        for line in self.process.stderr:
            if line.startswith("listening on "):
                self.port = int(line.rsplit(":", 1)[1])
                return
        raise AssertionError("clguardd did not start")

    def kill(self):
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()
        self.process.stderr.close()
        self.start()

    def ask(self, method, path, body=None, media="application/json"):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        try:
            connection.request(method, path, body, {"Content-Type": media} if body else {})
            answer = connection.getresponse()
            return answer.status, json.loads(answer.read())
        finally:
            connection.close()


def anyhow(services, method, path, body=None):
    """Asks one after the other until one answers. What may have been done before is done again."""
    for _ in range(200):
        for service in services:
            try:
                return service.ask(method, path, body)
            except (OSError, http.client.HTTPException, ValueError):
                time.sleep(0.02)
    raise AssertionError("nobody answers")


def concept(name):
    return {"name": name, "version": "1.0.0"}


def sender(digit):
    kind, name, _, _ = ELEMENTS[digit]
    return {"participantType": concept("org.example.participants." + kind), "participantId": concept(name)}


class Participants(threading.Thread):
    """All three: takes what is offered, sees doubles, answers each order."""

    def __init__(self, services):
        super().__init__(daemon=True)
        self.services, self.ended = services, False
        self.seen, self.phases = set(), collections.Counter()

    def run(self):
        while not self.ended:
            _, batch = anyhow(self.services, "GET", "/events/%s/participants/0?timeout=200" % TOPIC)
            for message in map(json.loads, batch):
                self.take(message)

    def take(self, message):
        kind = message.get("messageType")
        if kind not in ("CONTROL_LOOP_UPDATE", "CONTROL_LOOP_STATE_CHANGE") or message["messageId"] in self.seen:
            return  # at least once: the same message may be offered again
        self.seen.add(message["messageId"])
        self.phases[message["controlLoopId"]["name"], message["startPhase"]] += 1
        digit = str(message["startPhase"] + 1)
        state = message.get("orderedState", "PASSIVE")
        answer = dict(sender(digit), messageType="CONTROLLOOP_STATECHANGE_ACK", result=True, message="done",
                      controlLoopId=message["controlLoopId"],
                      controlLoopResultMap={uuid(digit): {"state": state, "result": True, "message": ""}})
        anyhow(self.services, "POST", "/events/" + TOPIC, json.dumps(answer))


def state_of(services, name):
    _, body = anyhow(services, "GET", BASE + "/instantiation?name=" + name)
    return body["controlLoopList"][0]["state"]


def settle(services, name, state):
    for _ in range(1000):
        if state_of(services, name) == state:
            return
        time.sleep(0.01)
    raise AssertionError("%s is %s, not %s" % (name, state_of(services, name), state))


def order(services, chance, name, state):
    """True when the order was taken, also by a process that died before it could say so."""
    service = chance.choice(services)
    body = json.dumps({"orderedState": state, "controlLoopIdentifierList": [concept(name)]})
    try:
        status, answer = service.ask("PUT", BASE + "/instantiation/command", body)
        if status != 202:
            raise AssertionError("%s of %s: %d %s" % (state, name, status, answer))
        return True
    except (OSError, http.client.HTTPException, ValueError):
        time.sleep(0.1)
        return "2" in state_of(services, name) or state_of(services, name) == state


def prepare(services):
    with open(os.path.join(TOP, "examples/control-loop-edge-cache.yaml"), encoding="utf-8") as file:
        status, answer = services[0].ask("POST", BASE + "/commission", file.read(), "application/yaml")
    if status != 200:
        raise AssertionError(answer)
    for digit in ELEMENTS:
        services[1].ask("POST", "/events/" + TOPIC,
                        json.dumps(dict(sender(digit), messageType="PARTICIPANT_REGISTER", messageId=uuid(digit))))
    loops = [{"name": "loop-%d" % i, "version": "1.0.0", "definition": concept("org.example.edge.EdgeCacheLoop"),
              "elements": {uuid(d): dict(sender(d), definition=concept("org.example.edge." + ELEMENTS[d][3]))
                           for d in ELEMENTS}} for i in range(LOOPS)]
    services[0].ask("POST", BASE + "/instantiation", json.dumps({"controlLoopList": loops}))


def killer(services, chance, ended, kills):
    while not ended.wait(chance.uniform(0.02, 0.3)):
        services[1].kill()
        kills.append(True)


def asked_wrongly(taken, phases):
    return ["%s phase %d: %d messages for %d orders" % (name, phase, phases[name, phase], taken[name])
            for name in taken for phase in range(len(ELEMENTS)) if phases[name, phase] != taken[name]]


def logged_wrongly(taken, data):
    """Each order took one right for each element, and each of them ended well."""
    dump = subprocess.run([CLGUARD, "db", "dump", data], stdout=subprocess.PIPE, check=True)
    rows = [row for row in json.loads(dump.stdout)["operations"] if row.get("closedLoopName") in taken]
    count = collections.Counter((row["closedLoopName"], row["actor"]) for row in rows)
    wrong = ["%s, %s: %d operations in the log for %d orders" % (name, kind, count[name, actor], taken[name])
             for name in taken for kind, actor in ((e[0], "org.example.participants." + e[0]) for e in ELEMENTS.values())
             if count[name, actor] != taken[name]]
    return wrong + ["an operation that did not end well: %s" % row for row in rows if row.get("outcome") != "Success"]


def main():
    orders = int(sys.argv[1]) if len(sys.argv) > 1 else ORDERS
    seed = random.randrange(1 << 30)
    chance, taken = random.Random(seed), collections.Counter()
    with tempfile.TemporaryDirectory() as folder:
        data = os.path.join(folder, "data")
        services = [Service(data), Service(data)]
        services[0].ask("GET", "/events/%s/participants/0?timeout=0" % TOPIC)
        prepare(services)
        participants, ended = Participants(services), threading.Event()
        participants.start()
        kills = []
        death = threading.Thread(target=killer, args=(services, random.Random(seed + 1), ended, kills))
        death.start()
        try:
            done = 0
            while done < orders:
                for i in range(LOOPS):
                    name = "loop-%d" % i
                    state = "RUNNING" if state_of(services, name) == "PASSIVE" else "PASSIVE"
                    while not order(services, chance, name, state):
                        pass  # it died before it took it
                    taken[name] += 1
                    done += 1
                for i in range(LOOPS):
                    name = "loop-%d" % i
                    settle(services, name, "RUNNING" if taken[name] % 2 == 0 else "PASSIVE")
        finally:
            ended.set()
            death.join()
        participants.ended = True
        participants.join()
        for service in services:
            service.process.terminate()
            service.process.wait()
            service.process.stderr.close()
        wrong = asked_wrongly(taken, participants.phases) + logged_wrongly(taken, data)
    print("%d orders, %d kills, seed %d: %s" % (sum(taken.values()), len(kills), seed,
                                                wrong or "each phase of each order was asked once, each right is in the log"))
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    main()
