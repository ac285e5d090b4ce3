#!/usr/bin/env python3
# killed_participant - participants killed at every step of a loop's life: each instance ends where it was ordered, by itself
# SPDX-License-Identifier: Apache-2.0
"""Real clguardd and participants. Kills: 200, with CLGUARD_STRESS 2,000; an argument gives another number. -v tells."""
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

BUILD = os.environ.get("top_builddir", ".")
SEED = int(os.environ.get("CLGUARD_SEED", "16"))
KILLS = 2000 if os.environ.get("CLGUARD_STRESS") else 200
LANES = 4         # services side by side, each with participants of its own
INSTANCES = 2     # of a lane
LOST_EVERY = 12   # one kill of so many lasts until the participant is OFF_LINE
DEADLINE_S = 40   # until everything stands where it should
BASE, TOPIC, NOTIFICATIONS = "/onap/controlloop/v2", "POLICY-CLRUNTIME-PARTICIPANT", "CLGUARD-NOTIFICATION"
CLAMP = "org.onap.policy.clamp.controlloop."
PHASES = {"a": (0, 2), "b": (1, 1), "c": (0, 3)}  # start phases of the elements on each participant
LIFE = ("PASSIVE", "RUNNING", "PASSIVE", "RUNNING", "PASSIVE", "UNINITIALISED")


def concept(name):
    return {"name": name, "version": "1.0.0"}


def document():
    nodes, elements = {}, []
    for name, phases in PHASES.items():
        for phase in phases:
            element = "e.%s%d" % (name, phase)
            elements.append(element)
            nodes[element] = {"version": "1.0.0", "type": CLAMP + "ControlLoopElement", "type_version": "1.0.1",
                              "properties": {"participantType": concept("p." + name), "startPhase": phase}}
        nodes["p." + name] = {"version": "1.0.0", "type": CLAMP + "Participant", "type_version": "1.0.1"}
    nodes["l.Loop"] = {"version": "1.0.0", "type": CLAMP + "ControlLoop", "type_version": "1.0.1",
                       "properties": {"elements": [concept(e) for e in elements]}}
    return {"tosca_definitions_version": "tosca_simple_yaml_1_3", "topology_template": {"node_templates": nodes}}


def instance(number):
    elements = {}
    for name, phases in PHASES.items():
        for phase in phases:
            elements["%08d-%04d-4000-8000-%012d" % (number, phase, ord(name))] = {
                "definition": concept("e.%s%d" % (name, phase)), "participantType": concept("p." + name),
                "participantId": concept("host-" + name)}
    return dict(concept("loop-%d" % number), definition=concept("l.Loop"), elements=elements)


class Lane(threading.Thread):
    def __init__(self, number, kills):
        super().__init__()
        self.number, self.kills_wanted, self.kills = number, kills, 0
        self.dice = random.Random(SEED * 1000 + number)
        self.folder = tempfile.TemporaryDirectory()
        self.faults, self.failed, self.lost, self.notes, self.hosts = [], 0, 0, {}, {}
        self.killed_at = {}

    # --- the service ---

    def start_service(self):
        self.service = subprocess.Popen(
            [BUILD + "/clguardd", "--listen", "127.0.0.1:0", "--data", self.folder.name + "/data", "--durability",
             "process", "--workers", "1", "--heart-beat-ms", "100", "--max-status-wait-ms", "1000", "--max-wait-ms",
             "300"], stderr=subprocess.PIPE, text=True)
        for line in self.service.stderr:
            if line.startswith("listening on "):
                self.address = line.split()[-1]
                self.connection = http.client.HTTPConnection(*self.address.rsplit(":", 1), timeout=30)
                return
        raise AssertionError("clguardd does not start")

    def ask(self, method, path, body=None):
        self.connection.request(method, path, json.dumps(body) if body is not None else None,
                                {"Content-Type": "application/json"})
        answer = self.connection.getresponse()
        return answer.status, json.loads(answer.read())

    def must(self, method, path, body=None):
        status, answer = self.ask(method, path, body)
        if status >= 300:
            raise AssertionError("%s %s answers %d %s" % (method, path, status, answer))
        return answer

    def read_topic(self, topic):
        messages = []
        while True:
            batch = self.must("GET", "/events/%s/witness/0?timeout=0&limit=1000" % topic)
            if not batch:
                return messages
            messages += [json.loads(m) for m in batch]

    # --- participants ---

    def start_host(self, name):
        self.hosts[name] = subprocess.Popen(
            [BUILD + "/clguard-participant", "--kind", "simulator", "--type", "p." + name, "--name", "host-" + name, "--service", self.address,
             "--report-ms", "100", "--delay-ms", str(self.dice.choice((0, 0, 3, 15))), "--quiet"],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def kill_host(self, name):
        self.hosts[name].send_signal(signal.SIGKILL)
        self.hosts[name].wait()
        self.kills += 1
        if self.dice.randrange(LOST_EVERY) == 0:
            self.lost += 1
            time.sleep(2.2)
        else:
            time.sleep(self.dice.choice((0, 0, 0.02, 0.1)))
        self.start_host(name)

    # --- what became of it ---

    def loops(self):
        return self.must("GET", BASE + "/instantiation")["controlLoopList"]

    def reports(self):
        """How each element stands by the word of its participant, in what was published since the last look."""
        stands = {}
        for message in self.read_topic(TOPIC):
            if message.get("messageType") == "PARTICIPANT_STATUS":
                for info in message["controlLoopInfoList"]:
                    for record in info["controlLoopStatistics"]["clElementStatisticsList"]["clElementStatistics"]:
                        stands[record["id"]] = record["controlLoopState"]
        return stands

    def count_notes(self):
        for note in self.read_topic(NOTIFICATIONS):
            self.notes[note["notification"]] = self.notes.get(note["notification"], 0) + 1

    def wrong(self, loop, status, stands):
        """Why an instance does not stand where it was ordered; None: it does. A failure with a message stands."""
        if loop["stateChangeResult"] != "NO_ERROR":
            return None if loop.get("lastFailure", {}).get("message") else "failed without a message"
        if loop["state"] != loop["orderedState"]:
            return "is %s, ordered %s" % (loop["state"], loop["orderedState"])
        if not status["healthy"]:
            return "is not healthy: %s" % json.dumps(status)
        if loop["state"] != "UNINITIALISED":
            for element in loop["elements"]:
                if stands.get(element) != loop["state"]:
                    return "%s of %s is %s by its participant" % (element, loop["state"], stands.get(element))
        return None

    def settle(self):
        """Waits until all stands where it should, by the runtime's word and by the participants'."""
        end, why, seen = time.monotonic() + DEADLINE_S, ["nothing seen"], {}
        while time.monotonic() < end:
            seen.update(self.reports())
            statuses = {s["controlLoopId"]["name"]: s for s in
                        self.must("GET", BASE + "/monitoring/status")["controlLoopStatusList"]}
            loops = self.loops()
            why = [(l["name"], self.wrong(l, statuses[l["name"]], seen)) for l in loops]
            if not any(w for _, w in why):
                self.failed += sum(l["stateChangeResult"] != "NO_ERROR" for l in loops)
                return loops
            time.sleep(0.02)
        raise AssertionError("after %d s, %d kills: %s\n%s" % (DEADLINE_S, self.kills, why, json.dumps(self.loops(), indent=1)))

    def order(self, loop, state):
        return self.ask("PUT", BASE + "/instantiation/command",
                        {"orderedState": state, "controlLoopIdentifierList": [concept(loop)]})

    def live(self):
        """One instance's step: ordered on, participants killed on the way and after."""
        for state in LIFE:
            self.reports()
            for number in range(INSTANCES):
                loop = "loop-%d" % number
                status, answer = self.order(loop, state)
                if status != 202 and "already in state" not in answer["errorDetails"]:
                    # An earlier step was rolled back: what it did not reach cannot be ordered on.
                    if "can't transition" not in answer["errorDetails"]:
                        raise AssertionError("%s to %s: %d %s" % (loop, state, status, answer))
            for _ in range(self.dice.randrange(3) + 1):
                time.sleep(self.dice.choice((0, 0.003, 0.01, 0.03, 0.1)))
                self.kill_host(self.dice.choice(sorted(PHASES)))
            self.settle()
            self.count_notes()

    def run(self):
        try:
            self.start_service()
            self.read_topic(TOPIC)
            self.read_topic(NOTIFICATIONS)
            self.must("POST", BASE + "/commission", document())
            for name in PHASES:
                self.start_host(name)
            while len(self.must("GET", BASE + "/participants")["participantList"]) < len(PHASES):
                time.sleep(0.02)
            self.must("POST", BASE + "/instantiation", {"controlLoopList": [instance(i) for i in range(INSTANCES)]})
            while self.kills < self.kills_wanted:
                self.live()
            self.end()
        except (AssertionError, OSError, ValueError, KeyError, http.client.HTTPException) as error:
            self.faults.append(repr(error) if not isinstance(error, AssertionError) else str(error))
        finally:
            for process in list(self.hosts.values()) + [self.service]:
                process.send_signal(signal.SIGKILL)
                process.wait()
            self.service.stderr.close()
            self.folder.cleanup()

    def end(self):
        """Nothing is stuck: with everybody there, each instance can be ordered off and deleted."""
        for loop in self.loops():
            for state in ("PASSIVE", "UNINITIALISED"):
                self.order(loop["name"], state)
                self.settle()
            status, answer = self.ask("DELETE", BASE + "/instantiation?name=%s&version=1.0.0" % loop["name"])
            if status != 200:
                raise AssertionError("%s is not deleted: %d %s" % (loop["name"], status, answer))
        if self.notes.get("PARTICIPANT_RETURNED", 0) == 0:
            raise AssertionError("nobody was told that a participant returned: %s" % self.notes)


def main():
    asked = [int(a) for a in sys.argv[1:] if a.isdigit()]
    kills = asked[0] if asked else KILLS
    lanes = [Lane(i, -(-kills // LANES)) for i in range(LANES)]
    started = time.monotonic()
    for lane in lanes:
        lane.start()
    for lane in lanes:
        lane.join()
    for lane in lanes:
        for fault in lane.faults:
            print("lane %d: %s" % (lane.number, fault))
    notes = {}
    for lane in lanes:
        for name, count in lane.notes.items():
            notes[name] = notes.get(name, 0) + count
    print("%d kills, %d of them until OFF_LINE; %d steps ended as a failure with its message; %.0f s" % (
        sum(l.kills for l in lanes), sum(l.lost for l in lanes), sum(l.failed for l in lanes),
        time.monotonic() - started))
    print("notifications: %s" % json.dumps(notes, sort_keys=True))
    sys.exit(1 if any(lane.faults for lane in lanes) else 0)


if __name__ == "__main__":
    main()
