#!/usr/bin/env python3
# runtime_limits - the control loop runtime at its limits: what is too much is refused, what is much does not grow or hang
# SPDX-License-Identifier: Apache-2.0
"""Arguments: orders of the memory test (default 2000, under CLGUARD_STRESS 10000)."""
import http.client
import json
import os
import socket
import subprocess
import sys
import tempfile
import time

import conformance_runtime as runner

BASE, TOPIC, CLAMP = "/onap/controlloop/v2", "POLICY-CLRUNTIME-PARTICIPANT", "org.onap.policy.clamp.controlloop."
SETTINGS = {"heartBeatMs": 20000, "maxStatusWaitMs": 100000, "maxWaitMs": 20000, "maxRetryCount": 4}
ORDERS = int(sys.argv[1]) if len(sys.argv) > 1 else 10000 if os.environ.get("CLGUARD_STRESS") else 2000
POLLS = 1000
MEMORY_MOST = 3 << 19  # KiB; room for a sanitizer


def concept(name, version="1.0.0"):
    return {"name": name, "version": version}


def uuid(i):
    return "%08d-0000-4000-8000-000000000000" % i


def template(loop, elements, types=None):
    kind = {"participantType": concept("limits.Type")}
    nodes = {"%s.E%d" % (loop, i): {"version": "1.0.0", "type": CLAMP + "ControlLoopElement", "type_version": "1.0.1",
                                    "properties": kind} for i in range(elements)}
    nodes[loop] = {"version": "1.0.0", "type": CLAMP + "ControlLoop", "type_version": "1.0.1",
                   "properties": {"elements": [concept(name) for name in nodes]}}
    document = {"tosca_definitions_version": "tosca_simple_yaml_1_3", "topology_template": {"node_templates": nodes}}
    return dict(document, node_types=types) if types else document


def says(kind, name="p-0", **more):
    return dict(more, messageType=kind, participantType=concept("limits.Type"), participantId=concept(name))


class Limits:
    def __init__(self, service):
        self.service, self.wrong = service, []

    def ask(self, method, path, body=None):
        status, text = self.service.ask(method, path, json.dumps(body) if body is not None else None)
        return status, json.loads(text)

    def commission(self, document):
        return self.ask("POST", BASE + "/commission", document)

    def message(self, *messages):
        return self.ask("POST", "/events/" + TOPIC, list(messages))

    def must(self, true, what):
        if not true:
            self.wrong.append(what)

    def instance(self, name, loop, elements):
        return self.ask("POST", BASE + "/instantiation", {"controlLoopList": [dict(
            concept(name), definition=concept(loop),
            elements={uuid(i): {"definition": concept("%s.E%d" % (loop, i)), "participantId": concept("p-0")}
                      for i in range(elements)})]})

    def order(self, state, name):
        return self.ask("PUT", BASE + "/instantiation/command",
                        {"orderedState": state, "controlLoopIdentifierList": [concept(name)]})[0]

    def answer(self, name, state, elements):
        self.message(says("CONTROLLOOP_STATECHANGE_ACK", result=True, controlLoopId=concept(name), controlLoopResultMap={
            uuid(i): {"state": state, "result": True} for i in range(elements)}))

    def documents(self):
        """Just as much as is allowed, and one more of it."""
        started = time.monotonic()
        self.must(self.commission(template("many", 999))[0] == 200, "a document of 1,000 node templates is refused")
        self.must(self.commission(template("more", 1000))[0] == 400, "a document of 1,001 node templates is taken")
        chain = {"t%d" % i: {"derived_from": "t%d" % (i + 1)} for i in range(31)}
        chain["t31"] = {"derived_from": CLAMP + "ControlLoopElement"}
        self.must(self.commission(template("deep", 1, chain))[0] == 400, "a type over 31 others is taken")
        del chain["t0"]
        self.must(self.commission(template("less", 1, chain))[0] == 200, "a type over 30 others is refused")
        wide = {"wide": {"derived_from": CLAMP + "ControlLoopElement",
                         "properties": {"p%d" % i: {"type": "string"} for i in range(20)}}}
        document = template("wide.loop", 999, wide)
        for i in range(999):
            document["topology_template"]["node_templates"]["wide.loop.E%d" % i]["type"] = "wide"
        self.must(self.commission(document)[0] == 200, "19,980 properties are refused")
        wide["wide"]["properties"]["one more"] = wide["wide"]["properties"]["and another"] = {"type": "string"}
        status, answer = self.commission(document)
        self.must(status == 400 and "20000 properties" in answer["errorDetails"], "20,979 properties are taken")
        large = {"large": {"derived_from": CLAMP + "ControlLoopElement", "properties": {
            "p": {"type": "string", "required": False, "description": "x" * 100000, "metadata": {"common": "true"}}}}}
        document = template("large.loop", 200, large)
        for i in range(200):
            document["topology_template"]["node_templates"]["large.loop.E%d" % i]["type"] = "large"
        status, answer = self.commission(document)
        self.must(status == 400 and "16 MiB" in answer["errorDetails"], "definitions of 20 MB: %d %s" % (status, str(answer)[:300]))
        self.must(self.ask("GET", BASE + "/commission?name=large.loop")[1] == [], "what was refused is commissioned")
        self.must(time.monotonic() - started < 20, "documents take %d s" % (time.monotonic() - started))

    def instances(self):
        self.message(says("PARTICIPANT_REGISTER"))
        self.must(self.instance("big", "many", 999)[0] == 200, "999 elements are refused")
        started = time.monotonic()
        self.must(self.order("PASSIVE", "big") == 202, "999 elements are not initialised")
        self.answer("big", "PASSIVE", 999)
        state = self.ask("GET", BASE + "/instantiation?name=big")[1]["controlLoopList"][0]["state"]
        self.must(state == "PASSIVE", "999 elements are " + state)
        self.must(time.monotonic() - started < 5, "an order to 999 elements takes %d s" % (time.monotonic() - started))
        self.must(self.instance("bigger", "many", 1001)[0] == 400, "1,001 elements are taken")

    def participants(self):
        """However many there are, each commissioning and each order is one message."""
        before = self.position()
        for first in range(0, 12000, 2000):
            self.message(*[says("PARTICIPANT_STATUS", "q-%d" % i, healthStatus="HEALTHY")
                           for i in range(first, first + 2000)])
        status, answer = self.ask("GET", BASE + "/participants")
        self.must(status == 200 and len(answer["participantList"]) == 10000,
                  "participants: %d %s" % (status, str(answer)[:300]))
        start = self.position()
        self.must(start - before == 12000, "the runtime answers reports")
        self.commission(template("broadcast", 2))
        self.must(self.position() - start == 1, "a commissioning is told in %d messages" % (self.position() - start))
        self.instance("small", "broadcast", 2)
        self.order("PASSIVE", "small")
        self.must(self.position() - start == 2, "an order is told in %d messages" % (self.position() - start - 1))

    def registrations(self):
        """Many register together beside large documents; that takes no memory for each look at the documents."""
        self.message(*[says("PARTICIPANT_REGISTER", "q-%d" % i) for i in range(2000)])
        with open("/proc/%d/status" % self.service.process.pid, encoding="ascii") as file:
            most = [int(line.split()[1]) for line in file if line.startswith("VmHWM")][0]
        self.must(most < MEMORY_MOST, "2,000 registrations take %d KiB" % most)
        print("most memory by then: %d KiB" % most)

    def position(self):
        """Messages of the topic so far; those of this test are fetched and thrown away."""
        while True:
            status, batch = self.ask("GET", "/events/%s/limits/0?timeout=0&limit=10000" % TOPIC)
            if status != 200 or not batch:
                return self.read
            self.read += len(batch)

    def topics(self):
        """Others' topics do not keep the runtime from speaking."""
        status = 200
        for i in range(1000):
            if status == 200:
                status = self.ask("POST", "/events/topic-%d" % i, {})[0]
        self.must(status == 503, "more than 1,000 topics: %d" % status)
        self.ask("GET", "/events/CLGUARD-NOTIFICATION/limits/0?timeout=0")
        self.order("UNINITIALISED", "small")
        self.answer("small", "UNINITIALISED", 2)
        self.ask("PUT", "/clguard/v1/clock", {"advance_ms": 300000})
        told = self.ask("GET", "/events/CLGUARD-NOTIFICATION/limits/0?timeout=0")[1]
        self.must(any("PARTICIPANT_SILENT" in text for text in told), "nothing is told beside 1,000 topics")

    def answers(self):
        """An answer stops at some 4 MiB; nothing is left out."""
        self.ask("GET", "/events/topic-0/limits/0?timeout=0")
        for i in range(12):
            self.ask("POST", "/events/topic-0", {"n": i, "text": "x" * 900000})
        lengths = []
        while not lengths or lengths[-1]:
            lengths.append(len(self.ask("GET", "/events/topic-0/limits/0?timeout=0")[1]))
        self.must(sum(lengths) == 12 and max(lengths) == 5, "messages of 0.9 MB come as %s" % lengths)

    def polls(self):
        """Many wait at once, each in a group of its own; all get the one message, and others are served meanwhile."""
        host, port = self.service.connection.host, self.service.connection.port
        waiting = []
        for i in range(POLLS):
            self.ask("GET", "/events/topic-1/poll-%d/0?timeout=0" % i)  # the group begins
        for i in range(POLLS):
            connection = socket.create_connection((host, port))
            connection.sendall(b"GET /events/topic-1/poll-%d/0?timeout=30000 HTTP/1.1\r\nHost: x\r\n\r\n" % i)
            waiting.append(connection)
        deadline, started = time.monotonic() + 30, time.monotonic()
        self.ask("GET", "/events/topic-2/last/0?timeout=0")
        served = time.monotonic() - started
        self.ask("POST", "/events/topic-1", {"all": True})
        answered = 0
        for connection in waiting:
            connection.settimeout(max(0.1, deadline - time.monotonic()))
            answer = http.client.HTTPResponse(connection)
            answer.begin()
            answered += b"all" in answer.read()
            connection.close()
        self.must(answered == POLLS, "%d of %d polls were answered" % (answered, POLLS))
        print("%d polls taken in %.2f s, answered in %.2f s" % (POLLS, served, time.monotonic() - started - served))

    def memory(self):
        """Orders leave nothing behind in memory."""
        sizes = []
        self.message(says("PARTICIPANT_STATUS", healthStatus="HEALTHY"))
        for i in range(ORDERS):
            state = "UNINITIALISED" if i % 2 else "PASSIVE"
            if self.order(state, "small") != 202:
                self.must(False, "order %d is refused" % i)
                return
            self.answer("small", state, 2)
            if i in (ORDERS // 2, ORDERS - 1):
                with open("/proc/%d/status" % self.service.process.pid, encoding="ascii") as file:
                    sizes.append([int(line.split()[1]) for line in file if line.startswith("RssAnon")][0])
        self.must(sizes[1] < sizes[0] + 1024, "anonymous memory grows from %d to %d KiB" % tuple(sizes))
        print("anonymous memory after %d and %d orders: %d and %d KiB" % (ORDERS // 2, ORDERS, *sizes))


class Wall(runner.Service):
    """With the system's clock, and little patience."""

    def start(self):
        self.process = subprocess.Popen(
            [runner.CLGUARDD, "--listen", "127.0.0.1:0", "--data", os.path.join(self.folder, "data"), "--durability", "process",
             "--workers", "1", "--heart-beat-ms", "100", "--max-status-wait-ms", "300", "--max-retry-count", "1"],
            stderr=subprocess.PIPE, text=True)
        for line in self.process.stderr:
            if line.startswith("listening on "):
                self.connection = http.client.HTTPConnection(*line.split()[-1].rsplit(":", 1), timeout=60)
                return
        raise AssertionError("clguardd did not start")


def clock_put_right():
    """The clock was a century ahead; once that is put right nothing waits for the century to pass."""
    with tempfile.TemporaryDirectory() as folder:
        limits = Limits(runner.Service(folder, SETTINGS))
        limits.ask("PUT", "/clguard/v1/clock", {"now": "2126-01-01T00:00:00Z"})
        limits.commission(template("late", 2))
        limits.message(says("PARTICIPANT_REGISTER"))
        limits.instance("late", "late", 2)
        limits.must(limits.order("PASSIVE", "late") == 202, "the order is refused")
        limits.ask("GET", "/events/%s/late/0?timeout=0" % TOPIC)
        limits.message({"n": 1})
        limits.ask("GET", "/events/%s/late/0?timeout=0" % TOPIC)
        limits.service.stop()
        subprocess.run([os.path.join(runner.BUILD, "clguard"), "db", "accept", os.path.join(folder, "data")], check=True,
                       stdout=subprocess.DEVNULL)
        limits.service = Wall(folder, SETTINGS)
        for _ in range(100):
            loop = limits.ask("GET", BASE + "/instantiation")[1]["controlLoopList"][0]
            participant = limits.ask("GET", BASE + "/participants")[1]["participantList"][0]
            if loop["stateChangeResult"] == "TIMEOUT" and participant["healthStatus"] == "OFF_LINE":
                break
            time.sleep(0.1)
        limits.must(loop["stateChangeResult"] == "TIMEOUT", "a transition waits for the century to pass")
        limits.must(participant["healthStatus"] == "OFF_LINE", "a silent participant is " + participant["healthStatus"])
        offered = limits.ask("GET", "/events/%s/late/1?timeout=0" % TOPIC)[1]
        limits.must(any('"n"' in text for text in offered), "messages wait for the century to pass")
        limits.service.stop()
        return limits.wrong


def main():
    # Freed memory that the address sanitizer keeps back is not growth.
    os.environ["ASAN_OPTIONS"] = ":".join((os.environ.get("ASAN_OPTIONS", ""), "quarantine_size_mb=0",
                                           "thread_local_quarantine_size_kb=0"))
    wrong = clock_put_right()
    with tempfile.TemporaryDirectory() as folder:
        service = runner.Service(folder, SETTINGS)
        limits = Limits(service)
        limits.read = 0
        limits.position()
        for part in (limits.documents, limits.instances, limits.participants, limits.topics, limits.answers, limits.polls,
                     limits.memory, limits.registrations):
            started = time.monotonic()
            part()
            print("%s: %.1f s" % (part.__name__, time.monotonic() - started))
        service.stop()
    for line in wrong + limits.wrong:
        print("FAIL " + line)
    sys.exit(1 if wrong + limits.wrong else 0)


if __name__ == "__main__":
    main()
