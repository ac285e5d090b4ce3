#!/usr/bin/env python3
# runtime_corpus - a real control loop type, and an instance of it through all states on simulated participants
# SPDX-License-Identifier: Apache-2.0
"""The types are those of examples/; and with CLGUARD_CORPUS set those in its controlloops/ that hold a loop."""
import glob
import http.client
import json
import os
import subprocess
import sys
import tempfile
import time

TOP, BUILD = os.environ.get("top_srcdir", "."), os.environ.get("top_builddir", ".")
BASE = "/onap/controlloop/v2"


class Service:
    def __init__(self):
        self.process = subprocess.Popen([os.path.join(BUILD, "clguardd"), "--listen", "127.0.0.1:0", "--durability",
                                         "process"], stderr=subprocess.PIPE, text=True)
        for line in self.process.stderr:
            if line.startswith("listening on "):
                self.address = line.split()[-1]
                return
        raise AssertionError("clguardd did not start")

    def ask(self, method, path, body=None, media="application/json"):
        connection = http.client.HTTPConnection(*self.address.rsplit(":", 1), timeout=30)
        connection.request(method, path, body, {"Content-Type": media} if body else {})
        answer = connection.getresponse()
        status, text = answer.status, answer.read().decode()
        connection.close()
        if status >= 300:
            raise AssertionError("%s %s: %d %s" % (method, path, status, text[:2000]))
        return json.loads(text)


def wait(what, true):
    for _ in range(500):
        if true():
            return
        time.sleep(0.02)
    raise AssertionError("waited in vain for " + what)


def play(path):
    """How many elements went through all states."""
    service, participants = Service(), []
    try:
        with open(path, encoding="utf-8") as file:
            service.ask("POST", BASE + "/commission", file.read(), "application/yaml")
        loop = service.ask("GET", BASE + "/commission")[0]
        elements = service.ask("GET", BASE + "/commission/elements?name=%(name)s&version=%(version)s" % loop)
        types = {json.dumps(e["properties"]["participantType"], sort_keys=True) for e in elements}
        for number, text in enumerate(sorted(types)):
            kind = json.loads(text)
            participants.append(subprocess.Popen(
                [os.path.join(BUILD, "clguard-participant"), "--kind", "simulator", "--type", kind["name"], "--version", kind["version"],
                 "--name", "participant-%d" % number, "--service", service.address, "--quiet"]))
        wait("participants", lambda: sum(
            p["healthStatus"] == "HEALTHY" and p["participantId"]["name"].startswith("participant-")
            for p in service.ask("GET", BASE + "/participants")["participantList"]) == len(types))
        name = {"name": "loop-0", "version": "1.0.0"}
        uuid = "%08d-0000-4000-8000-000000000000"
        service.ask("POST", BASE + "/instantiation", json.dumps({"controlLoopList": [dict(
            name, definition={"name": loop["name"], "version": loop["version"]},
            elements={uuid % i: {"definition": {"name": e["name"], "version": e["version"]}}
                      for i, e in enumerate(elements)})]}))
        for state in ("PASSIVE", "RUNNING", "PASSIVE", "UNINITIALISED"):
            service.ask("PUT", BASE + "/instantiation/command",
                        json.dumps({"orderedState": state, "controlLoopIdentifierList": [name]}))
            wait(state, lambda: service.ask("GET", BASE + "/instantiation?name=loop-0")["controlLoopList"][0]["state"]
                 == state)
        service.ask("DELETE", BASE + "/instantiation?name=loop-0&version=1.0.0")
        service.ask("DELETE", BASE + "/commission?name=%(name)s&version=%(version)s" % loop)
        return len(elements)
    finally:
        for process in participants + [service.process]:
            process.terminate()
            process.wait()
        service.process.stderr.close()


def two_versions(service):
    """One element definition in two versions, with two start phases: each instance runs by its own."""
    clamp = "org.onap.policy.clamp.controlloop."
    for version, phase in (("1.0.0", 1), ("2.0.0", 5)):
        template = {"p.Sim": {"type": clamp + "Participant", "type_version": "1.0.1", "version": "1.0.0"},
                    "e.Sim": {"type": clamp + "ControlLoopElement", "type_version": "1.0.1", "version": version, "properties": {
                        "participantType": {"name": "p.Sim", "version": "1.0.0"}, "startPhase": phase}},
                    "l.Sim": {"type": clamp + "ControlLoop", "type_version": "1.0.1", "version": version, "properties": {
                        "elements": [{"name": "e.Sim", "version": version}]}}}
        service.ask("POST", BASE + "/commission", json.dumps({"tosca_definitions_version": "tosca_simple_yaml_1_3",
                                                              "topology_template": {"node_templates": template}}))
    loops = [{"name": "sim-" + version[0], "version": "1.0.0", "definition": {"name": "l.Sim", "version": version},
              "elements": {"0000000%s-0000-4000-8000-000000000000" % version[0]: {
                  "definition": {"name": "e.Sim", "version": version}}}} for version in ("1.0.0", "2.0.0")]
    service.ask("POST", BASE + "/instantiation", json.dumps({"controlLoopList": loops}))
    service.ask("PUT", BASE + "/instantiation/command", json.dumps({"orderedState": "PASSIVE", "controlLoopIdentifierList": [
        {"name": loop["name"], "version": "1.0.0"} for loop in loops]}))
    wait("both versions", lambda: all(loop["state"] == "PASSIVE" for loop in service.ask(
        "GET", BASE + "/instantiation")["controlLoopList"]))


def play_versions():
    service = Service()
    participant = subprocess.Popen([os.path.join(BUILD, "clguard-participant"), "--kind", "simulator", "--type", "p.Sim", "--name", "sim-0", "--service",
                                    service.address, "--quiet"])
    try:
        wait("the participant", lambda: any(p["healthStatus"] == "HEALTHY" for p in service.ask(
            "GET", BASE + "/participants")["participantList"]))
        two_versions(service)
    finally:
        for process in (participant, service.process):
            process.terminate()
            process.wait()
        service.process.stderr.close()


def pair(path):
    """What CLAMP's users send after such a document: an instance of each loop, twice, as ONAP's examples have it."""
    service = Service()
    try:
        with open(path, encoding="utf-8") as file:
            service.ask("POST", BASE + "/commission", file.read(), "application/yaml")
        loops, number = [], 0
        for loop in service.ask("GET", BASE + "/commission"):
            definitions = service.ask("GET", BASE + "/commission/elements?name=%(name)s&version=%(version)s" % loop)
            for twin in "de":  # the element's own id is not always its key
                elements = {}
                for definition in definitions:
                    number += 1
                    host = definition["properties"].get("participantType") or definition["properties"]["participant_id"]
                    key = "709c62b3-8918-41b9-a747-d21eb79c6c%02d" % number
                    elements[key] = {
                        "id": key.replace("-d21e", "-%s21e" % twin), "participantId": host, "participantType": host,
                        "definition": {"name": definition["name"], "version": definition["version"]},
                        "state": "UNINITIALISED", "orderedState": "UNINITIALISED", "description": "an element"}
                loops.append({"name": "Instance%d" % len(loops), "version": "1.0.1", "state": "UNINITIALISED",
                              "definition": {"name": loop["name"], "version": loop["version"]}, "elements": elements,
                              "orderedState": "UNINITIALISED", "description": "an instance"})
        service.ask("POST", BASE + "/instantiation", json.dumps({"controlLoopList": loops}))
        there = service.ask("GET", BASE + "/instantiation")["controlLoopList"]
        if len(there) != len(loops) or any(len(a["elements"]) != len(b["elements"]) for a, b in zip(loops, there)):
            raise AssertionError("%s: %d of %d instances are there" % (path, len(there), len(loops)))
        print("%s: %d instances as ONAP's examples" % (os.path.basename(path), len(loops)))
    finally:
        service.process.terminate()
        service.process.wait()
        service.process.stderr.close()


def side_by_side(paths):
    """Whoever tries one example after the other need not begin anew."""
    service = Service()
    try:
        for path in paths:
            with open(path, encoding="utf-8") as file:
                service.ask("POST", BASE + "/commission", file.read(), "application/yaml")
        loops = service.ask("GET", BASE + "/commission")
        if len(loops) != len(paths):
            raise AssertionError("of %s are commissioned: %s" % (paths, [loop["name"] for loop in loops]))
        print("%d examples are commissioned side by side" % len(loops))
    finally:
        service.process.terminate()
        service.process.wait()
        service.process.stderr.close()


def main():
    play_versions()
    paths = [os.path.join(TOP, "examples/control-loop-%s.yaml" % name) for name in ("edge-cache", "firewall", "gateway")]
    side_by_side(paths)
    for path in sorted(glob.glob(os.path.join(os.environ.get("CLGUARD_CORPUS", "/nonexistent"), "controlloops/*.yaml"))):
        with open(path, encoding="utf-8") as file:
            if "\ntopology_template:" in file.read():
                paths.append(path)
    for path in sorted(glob.glob(os.path.join(TOP, "tests/conformance/pairs/*.yaml"))) + paths:
        pair(path)
    for path in paths:
        print("%s: %d elements went through all states" % (os.path.basename(path), play(path)))


if __name__ == "__main__":
    sys.exit(main())
