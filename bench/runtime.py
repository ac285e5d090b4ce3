#!/usr/bin/env python3
# runtime - the control loop runtime with many instances: orders and answers a second, scans, memory, restart
# SPDX-License-Identifier: Apache-2.0
"""Arguments: instances (default 10000), elements of each (default 5). One connection; durability process and group.

CLGUARDD names another service to measure, for example of a former commit.
"""
import sys

import http.client
import json
import os
import signal
import subprocess
import tempfile
import time

from results import number

CLGUARDD = os.environ.get("CLGUARDD", os.path.join(os.environ.get("top_builddir", "."), "clguardd"))
BASE, TOPIC = "/onap/controlloop/v2", "POLICY-CLRUNTIME-PARTICIPANT"
LIST = 100  # instances of one request
HEART_BEAT_MS, LONG_MS = 1000, 36000000
CLAMP = "org.onap.policy.clamp.controlloop."


class Service:
    def __init__(self, data, durability, *options):
        self.arguments = [CLGUARDD, "--listen", "127.0.0.1:0", "--data", data, "--durability", durability, "--workers",
                          "1", "--body-size", "4M", *options]
        self.start()

    def start(self):
        started = time.monotonic()
        self.process = subprocess.Popen(self.arguments, stderr=subprocess.PIPE, text=True)
        for line in self.process.stderr:
            if line.startswith("listening on "):
                self.connection = http.client.HTTPConnection(*line.split()[-1].rsplit(":", 1), timeout=120)
                break
        return time.monotonic() - started

    def ask(self, method, path, body=None):
        self.connection.request(method, path, json.dumps(body) if body is not None else None,
                                {"Content-Type": "application/json"})
        answer = self.connection.getresponse()
        text = answer.read()
        if answer.status >= 300:
            raise AssertionError("%s %s: %d %s" % (method, path, answer.status, text[:500]))
        return json.loads(text)

    def memory(self):
        with open("/proc/%d/status" % self.process.pid, encoding="ascii") as file:
            return {line.split(":")[0]: int(line.split()[1]) / 1024 for line in file if line.startswith(("VmRSS", "RssAnon"))}

    def processor_ms(self):
        with open("/proc/%d/stat" % self.process.pid, encoding="ascii") as file:
            fields = file.read().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) * 1000 / os.sysconf("SC_CLK_TCK")

    def kill(self):
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()


def concept(name):
    return {"name": name, "version": "1.0.0"}


def template(elements):
    kind = {"participantType": concept("bench.Type")}
    nodes = {"bench.Element%d" % i: {"version": "1.0.0", "type": CLAMP + "ControlLoopElement", "type_version": "1.0.1",
                                     "properties": kind} for i in range(elements)}
    nodes["bench.Loop"] = {"version": "1.0.0", "type": CLAMP + "ControlLoop", "type_version": "1.0.1",
                           "properties": {"elements": [concept(name) for name in nodes]}}
    return {"tosca_definitions_version": "tosca_simple_yaml_1_3", "topology_template": {"node_templates": nodes}}


def uuid(i):
    return "%08d-0000-4000-8000-000000000000" % i


def instance(number, elements):
    return dict(concept("loop-%d" % number), definition=concept("bench.Loop"), elements={
        uuid(i): {"definition": concept("bench.Element%d" % i), "participantId": concept("bench-0")}
        for i in range(elements)})


def rate(path, what, count, work):
    started = time.monotonic()
    work()
    number("%s/%s" % (path, what), count / (time.monotonic() - started), "/s")


def bench(instances, elements, durability):
    with tempfile.TemporaryDirectory() as folder:
        service = Service(folder, durability)
        sender = {"participantType": concept("bench.Type"), "participantId": concept("bench-0")}
        service.ask("POST", BASE + "/commission", template(elements))
        service.ask("POST", "/events/" + TOPIC, dict(sender, messageType="PARTICIPANT_REGISTER"))
        path = "runtime/instances=%d/elements=%d/durability=%s" % (instances, elements, durability)
        rate(path, "instances created, %d a request" % LIST, instances, lambda: [
            service.ask("POST", BASE + "/instantiation", {"controlLoopList": [
                instance(i, elements) for i in range(first, min(first + LIST, instances))]})
            for first in range(0, instances, LIST)])
        orders = min(instances, 2000)
        rate(path, "orders, one a request", orders, lambda: [
            service.ask("PUT", BASE + "/instantiation/command",
                        {"orderedState": "PASSIVE", "controlLoopIdentifierList": [concept("loop-%d" % i)]})
            for i in range(orders)])
        if orders < instances:
            rate(path, "orders, %d a request" % LIST, instances - orders, lambda: [
                service.ask("PUT", BASE + "/instantiation/command", {"orderedState": "PASSIVE", "controlLoopIdentifierList": [
                    concept("loop-%d" % i) for i in range(first, min(first + LIST, instances))]})
                for first in range(orders, instances, LIST)])
        answers = [dict(sender, messageType="CONTROLLOOP_STATECHANGE_ACK", result=True, controlLoopId=concept("loop-%d" % i),
                        controlLoopResultMap={uuid(e): {"state": "PASSIVE", "result": True} for e in range(elements)})
                   for i in range(orders)]
        rate(path, "answers of %d elements, %d a request" % (elements, LIST), len(answers), lambda: [
            service.ask("POST", "/events/" + TOPIC, answers[first:first + LIST]) for first in range(0, len(answers), LIST)])
        for name, size in service.memory().items():
            number("%s/memory/%s" % (path, name), size, "MiB")
        service.kill()
        number("%s/restart after kill -9" % path, service.start(), "s")
        service.ask("GET", BASE + "/instantiation?name=loop-0")
        service.kill()


def scans(path, service, what, count):
    """Processor time of one scan by the timer, in virtual time."""
    before = service.processor_ms()
    service.ask("PUT", "/clguard/v1/clock", {"advance_ms": HEART_BEAT_MS * count})
    number("%s/%s" % (path, what), (service.processor_ms() - before) / count, "ms")


def bench_scans(instances, elements):
    """What supervision costs while nothing happens: each instance on its participant, or each on its way there."""
    lists = [range(first, min(first + LIST, instances)) for first in range(0, instances, LIST)]
    path = "runtime/instances=%d/elements=%d" % (instances, elements)
    with tempfile.TemporaryDirectory() as folder:
        service = Service(folder, "process", "--clock", "manual", "--heart-beat-ms", str(HEART_BEAT_MS),
                          "--max-status-wait-ms", str(LONG_MS), "--max-wait-ms", str(LONG_MS))
        sender = {"participantType": concept("bench.Type"), "participantId": concept("bench-0")}
        service.ask("POST", BASE + "/commission", template(elements))
        service.ask("POST", "/events/" + TOPIC, dict(sender, messageType="PARTICIPANT_REGISTER"))
        for numbers in lists:
            service.ask("POST", BASE + "/instantiation", {"controlLoopList": [instance(i, elements) for i in numbers]})
        for numbers in lists:
            service.ask("PUT", BASE + "/instantiation/command", {
                "orderedState": "PASSIVE", "controlLoopIdentifierList": [concept("loop-%d" % i) for i in numbers]})
        scans(path, service, "a scan, all of them ordered and nobody reads", 10)
        for numbers in lists:
            service.ask("POST", "/events/" + TOPIC, [
                dict(sender, messageType="CONTROLLOOP_UPDATE_ACK", result=True, controlLoopId=concept("loop-%d" % i),
                     controlLoopResultMap={uuid(e): {"state": "PASSIVE", "result": True} for e in range(elements)})
                for i in numbers])
        scans(path, service, "a scan, all of them settled", 5000)
        service.kill()


def main():
    numbers = [int(a) for a in sys.argv[1:]] + [10000, 5][len(sys.argv) - 1:]
    for durability in ("process", "group"):
        bench(numbers[0], numbers[1], durability)
    bench_scans(numbers[0], numbers[1])


if __name__ == "__main__":
    main()
