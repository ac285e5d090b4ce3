#!/usr/bin/env python3
# loops_cli - each command of clguard that asks a running service, with and without --json
# SPDX-License-Identifier: Apache-2.0
import http.client
import json
import os
import re
import subprocess
import sys
import tempfile

TOP, BUILD = os.environ.get("top_srcdir", "."), os.environ.get("top_builddir", ".")
CLAMP = "org.onap.policy.clamp.controlloop."
TOPIC = "/events/POLICY-CLRUNTIME-PARTICIPANT"


def concept(name, version="1.0.0"):
    return {"name": name, "version": version}


TYPE = {"tosca_definitions_version": "tosca_simple_yaml_1_3",
        "node_types": {"t.Cli": {"derived_from": CLAMP + "ControlLoopElement", "version": "1.0.0", "properties": {
            "size": {"type": "integer", "constraints": [{"in_range": [1, 9]}]},
            "zone": {"type": "string", "metadata": {"common": True}}}}},
        "topology_template": {"node_templates": {
            "p.Cli": {"type": CLAMP + "Participant", "type_version": "1.0.1", "version": "1.0.0"},
            "e.Cli": {"type": "t.Cli", "type_version": "1.0.0", "version": "1.0.0", "properties": {"participantType": concept("p.Cli")}},
            "l.Cli": {"type": CLAMP + "ControlLoop", "type_version": "1.0.1", "version": "1.0.0", "properties": {
                "elements": [concept("e.Cli")]}}}}}
ELEMENT = "00000001-0000-4000-8000-000000000000"


def instances(version, size):
    return {"controlLoopList": [{"name": "cli-0", "version": version, "definition": concept("l.Cli"), "elements": {
        ELEMENT: {"definition": concept("e.Cli"), "propertiesMap": {"size": size}}}}]}


class Suite:
    def __init__(self, folder):
        self.folder, self.bad = folder, 0
        self.service = subprocess.Popen([os.path.join(BUILD, "clguardd"), "--clock", "manual", "--listen", "127.0.0.1:0",
                                         "--durability", "process", "--workers", "1", "--on-failure", "hold"],
                                        stderr=subprocess.PIPE, text=True)
        for line in self.service.stderr:
            if line.startswith("listening on "):
                self.address = line.split()[-1]
                break

    def ask(self, method, path, body=None):
        connection = http.client.HTTPConnection(*self.address.rsplit(":", 1), timeout=30)
        connection.request(method, path, None if body is None else json.dumps(body), {"Content-Type": "application/json"})
        text = connection.getresponse().read().decode()
        connection.close()
        return text

    def file(self, name, tree):
        path = os.path.join(self.folder, name)
        with open(path, "w", encoding="utf-8") as file:
            json.dump(tree, file)
        return path

    def run(self, *words, code=0, stdin=None):
        done = subprocess.run([os.path.join(BUILD, "clguard"), *words], env=dict(os.environ, CLGUARD_SERVICE=self.address),
                              input=stdin, capture_output=True, text=True, timeout=60, check=False)
        if done.returncode != code:
            self.wrong("clguard %s: exit %d: %s%s" % (" ".join(words), done.returncode, done.stdout, done.stderr))
        return done.stdout + done.stderr

    def wrong(self, text):
        self.bad += 1
        print("loops_cli: " + text)

    def want(self, pattern, *words, code=0, stdin=None):
        text = self.run(*words, code=code, stdin=stdin)
        if not re.search(pattern, text, re.M):
            self.wrong("clguard %s: nothing like '%s' in:\n%s" % (" ".join(words), pattern, text))

    def json(self, *words, member=None, code=0):
        text = self.run(*words, "--json", code=code)
        try:
            tree = json.loads(text.splitlines()[0])
        except (ValueError, IndexError):
            self.wrong("clguard %s --json: %s" % (" ".join(words), text))
            return
        if member and member not in tree:
            self.wrong("clguard %s --json: no %s in %s" % (" ".join(words), member, text))

    def speak(self, kind, **more):
        self.ask("POST", TOPIC, dict({"messageType": kind, "messageId": "1", "participantType": concept("p.Cli"),
                                      "participantId": concept("cli-participant")}, **more))

    def acknowledge(self, state, loop="1.0.0", result=True, message="done"):
        self.speak("CONTROLLOOP_STATECHANGE_ACK", controlLoopId=concept("cli-0", loop), result=result, controlLoopResultMap={
            ELEMENT: {"state": state, "result": result, "message": message}})


def types(suite):
    document = suite.file("type.json", TYPE)
    suite.want("property zone of node type t.Cli is required", "commission", document, code=1)
    suite.want("type.json:1:[0-9]+: error: node_templates.e.Cli: property zone of node type t.Cli is required", "check", document, code=1)
    loose = suite.file("loose.json", {"tosca_definitions_version": "tosca_simple_yaml_1_3", "topology_template": {"node_templates": {
        "e.Loose": {"type": CLAMP + "ControlLoopElement", "type_version": "1.0.1", "properties": {"participant_id": concept("p.Cli")}},
        "l.Loose": {"type": CLAMP + "ControlLoop", "type_version": "1.0.1", "properties": {"elements": [concept("e.Loose", "0.0.0")]}}}}})
    suite.want("error: .*participantType is required", "check", loose, code=1)
    suite.want("warning: .*participant_id is taken for it", "check", "--compat", "clamp", loose)
    suite.want("--compat is wrong: expected auto, clamp or strict, got 'x'", "check", "--compat", "x", loose, code=2)
    suite.want("^l.Cli 1.0.0$", "commission", "--common", suite.file("common.json", {"e.Cli": {"zone": "north"}}), document)
    suite.json("commission", "--common", os.path.join(suite.folder, "common.json"), document, member="affectedControlLoopDefinitions")
    suite.want("^name: p.Cli|p.Cli", "compose", document)
    suite.want(r"^element +e.Cli +1.0.0$", "catalogue", "element")
    suite.json("catalogue", member="entries")


def configurations(suite):
    suite.speak("PARTICIPANT_REGISTER")
    suite.want("must be in the range 1 to 9", "create", suite.file("bad.json", instances("1.0.0", 10)), code=1)
    suite.want("^cli-0 1.0.0$", "create", suite.file("one.json", instances("1.0.0", 1)))
    suite.want("^cli-0 1.0.1$", "change", "--from", "1.0.0", suite.file("two.json", instances("1.0.1", 2)))
    suite.want("^cli-0 1.0.1  current$", "configurations", "cli-0")
    suite.json("configurations", "cli-0", member="configurationList")
    suite.want("^cli-0 1.0.0$", "rollback", "cli-0", "1.0.1", "1.0.0")
    suite.want("404", "rollback", "cli-0", "1.0.0", "7.0.0", code=1)


def standing(suite):
    """watch: what an instance waits for, since when, and which command would help."""
    suite.json("order", "PASSIVE", "cli-0")
    suite.want(r"^  under way since 1970-01-01T00:00:00Z, phase 0, sent again 0 times$", "watch", "--once")
    suite.want(r"^  waits for Cli on cli-participant, which is [A-Z_]+, last heard 1970", "watch", "--once")
    suite.want(r"^  clguard order UNINITIALISED cli-0 1.0.0: back$", "watch", "--once")
    suite.acknowledge("PASSIVE")
    suite.want(r"^cli-0 1.0.0  PASSIVE$", "watch", "--once")
    suite.run("order", "RUNNING", "cli-0")
    suite.ask("PUT", "/clguard/v1/clock", {"advance_ms": 3600000})
    suite.want(r"^cli-0 1.0.0  PASSIVE2RUNNING  TIMEOUT$", "watch", "--once")
    suite.want(r"^  stands still since ", "watch", "--once")
    suite.want(r"^  waits for Cli on cli-participant, which is OFF_LINE", "watch", "--once")
    suite.want(r"^  clguard order RUNNING cli-0 1.0.0: on, with what is missing$", "watch", "--once")
    suite.want(r"^  clguard order PASSIVE cli-0 1.0.0: back$", "watch", "--once")
    suite.want(r"^  clguard order --force UNINITIALISED cli-0 1.0.0: off its lost participants$", "watch", "--once")
    suite.json("watch", "--once", member="instances")
    suite.want(r"^stands: cli-0 1.0.0 is PASSIVE2RUNNING, TIMEOUT", "status")
    suite.want(r"^1 of 1 control loop instances stand: ", "status")
    suite.want(r'"stand":\[\{.*"stateChangeResult": ?"TIMEOUT"', "status", "--json")
    suite.speak("PARTICIPANT_REGISTER")
    suite.run("order", "PASSIVE", "cli-0")
    suite.acknowledge("PASSIVE")
    suite.want(r"^cli-0 1.0.0  PASSIVE$", "watch", "--once")
    suite.want(r"^control loop instances: 1, none stands$", "status")


def figures(suite):
    record = {"id": ELEMENT, "timeStamp": "2021-10-14T09:00:00Z", "controlLoopState": "PASSIVE", "clElementUptime": 5}
    suite.speak("PARTICIPANT_STATUS", state="PASSIVE", healthStatus="HEALTHY", participantStatistics={
        "participantId": concept("cli-participant"), "timeStamp": "2021-10-14T09:00:00Z", "eventCount": 3}, controlLoopInfoList=[
            {"controlLoopId": concept("cli-0"), "state": "PASSIVE", "controlLoopStatistics": {
                "clElementStatisticsList": {"clElementStatistics": [record]}}}])
    suite.want(r"eventCount=3", "statistics", "participant", "cli-participant")
    suite.want(r"clElementUptime=5", "statistics", "element", "cli-participant", "1.0.0")
    suite.want(r"eventCount=3", "statistics", "participants", "cli-0")
    suite.want(r"clElementUptime=5", "statistics", "elements", "cli-0", "1.0.0")
    suite.json("statistics", "elements", "cli-0", member="clElementStatistics")
    suite.want("expected participant, element, participants or elements, got 'all'", "statistics", "all", "cli-0", code=2)
    suite.want("^cli-participant .* HEALTHY", "participants")
    suite.json("participants", member="participantList")
    suite.want("_format_version", "gateway")
    suite.json("gateway", "cli-0", member="_format_version")


def messages(suite):
    follower = subprocess.Popen([os.path.join(BUILD, "clguard"), "notifications", "--topic", "MINE", "--service", suite.address],
                                stdout=subprocess.PIPE, text=True)
    for _ in range(500):
        if "MINE" in suite.ask("GET", "/topics"):
            break
    suite.run("publish", "MINE", "-", stdin='{"notification": "HELLO", "timestamp": "now", "message": "there"}')
    text, _ = follower.communicate(timeout=30)
    if text != "now HELLO  there\n":
        suite.wrong("clguard notifications: %r" % text)
    suite.want("^MINE$", "topics")
    suite.json("topics", member="topics")
    suite.want("publish: -:[0-9]+:1: ", "publish", "MINE", "-", stdin="{", code=1)


def lost(suite):
    """force: off participants that do not answer any more."""
    suite.ask("PUT", "/clguard/v1/clock", {"advance_ms": 3600000})
    suite.want("409 ", "order", "UNINITIALISED", "cli-0", code=1)
    suite.run("order", "--force", "UNINITIALISED", "cli-0")
    suite.want(r"^cli-0 1.0.0  UNINITIALISED$", "watch", "--once")
    suite.speak("PARTICIPANT_REGISTER")
    suite.run("order", "PASSIVE", "cli-0")
    suite.acknowledge("PASSIVE")
    suite.ask("PUT", "/clguard/v1/clock", {"advance_ms": 3600000})
    suite.want("400 ", "delete", "cli-0", code=1)
    suite.want("^cli-0 1.0.0$", "delete", "--force", "cli-0")
    suite.want("404", "delete", "cli-0", "1.0.0", code=1)
    suite.speak("PARTICIPANT_REGISTER")
    suite.run("create", suite.file("one.json", instances("1.0.0", 1)))
    suite.run("order", "PASSIVE", "cli-0")
    suite.acknowledge("PASSIVE")


def ends(suite):
    suite.want("400 Control Loop State is still PASSIVE", "delete", "cli-0", code=1)
    suite.run("order", "UNINITIALISED", "cli-0")
    suite.acknowledge("UNINITIALISED")
    suite.want("400 ", "decommission", "l.Cli", code=1)
    suite.want("^cli-0 1.0.0$", "delete", "cli-0")
    suite.json("decommission", "l.Cli", member="affectedControlLoopDefinitions")
    suite.want("404", "delete", "cli-0", "1.0.0", code=1)


def main():
    with tempfile.TemporaryDirectory() as folder:
        suite = Suite(folder)
        try:
            for part in (types, configurations, standing, figures, messages, lost, ends):
                part(suite)
        finally:
            suite.service.terminate()
            suite.service.wait()
            suite.service.stderr.close()
    return 1 if suite.bad else 0


if __name__ == "__main__":
    sys.exit(main())
