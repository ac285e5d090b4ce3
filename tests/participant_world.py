"""participant_world - a clguardd that runs control loops, and clguard-participant programs beside it, for tests of kinds."""
# SPDX-License-Identifier: Apache-2.0
import http.client
import json
import os
import signal
import subprocess
import tempfile
import time

BUILD = os.environ.get("top_builddir", ".")
PROGRAM = os.path.join(BUILD, "clguard-participant")
BASE = "/onap/controlloop/v2"
CLAMP = "org.onap.policy.clamp.controlloop."
DEADLINE_S = 30


def concept(name, version="1.0.0"):
    return {"name": name, "version": version}


def template(element_type, properties, participant="p.Test", loop="l.Test", element="e.Test", more=None):
    """A loop of one element."""
    nodes = {
        participant: {"version": "1.0.0", "type": CLAMP + "Participant", "type_version": "1.0.1"},
        element: {"version": "1.0.0", "type": CLAMP + element_type, "type_version": "1.0.1",
                  "properties": dict(properties, participantType=concept(participant))},
        loop: {"version": "1.0.0", "type": CLAMP + "ControlLoop", "type_version": "1.0.1",
               "properties": {"elements": [concept(element)]}}}
    document = {"tosca_definitions_version": "tosca_simple_yaml_1_3", "topology_template": {"node_templates": nodes}}
    for key, value in (more or {}).items():
        if key == "policies":
            document["topology_template"]["policies"] = value
        else:
            document[key] = value
    return document


def wait(what, true, seconds=DEADLINE_S):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if true():
            return
        time.sleep(0.02)
    raise AssertionError("waited in vain for %s" % what)


class Runtime:
    """A clguardd; with its participants it ends when the `with` ends."""

    def __init__(self, *arguments):
        self.process = subprocess.Popen([os.path.join(BUILD, "clguardd"), "--listen", "127.0.0.1:0", "--durability", "process",
                                         *arguments], stderr=subprocess.PIPE, text=True)
        self.participants = []
        for line in self.process.stderr:
            if line.startswith("listening on "):
                self.address = line.split()[-1]
                return
        raise AssertionError("clguardd did not start")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for process in self.participants + [self.process]:
            if process.poll() is None:
                process.terminate()
            process.wait()
        self.process.stderr.close()

    def ask(self, method, path, body=None):
        connection = http.client.HTTPConnection(*self.address.rsplit(":", 1), timeout=30)
        connection.request(method, path, None if body is None else json.dumps(body), {"Content-Type": "application/json"})
        answer = connection.getresponse()
        text = answer.read().decode()
        connection.close()
        return answer.status, json.loads(text) if text else None

    def must(self, method, path, body=None):
        status, answer = self.ask(method, path, body)
        if status >= 300:
            raise AssertionError("%s %s answers %d %s" % (method, path, status, json.dumps(answer)[:2000]))
        return answer

    def participant(self, kind, *arguments, name="p-0", of="p.Test", report_ms="100"):
        process = subprocess.Popen([PROGRAM, "--kind", kind, "--type", of, "--name", name, "--service", self.address, "--quiet",
                                    "--report-ms", report_ms, *([] if "--retry-wait-ms" in arguments else ["--retry-wait-ms", "20"]),
                                    *arguments])
        self.participants.append(process)
        wait("participant " + name, lambda: any(
            p["participantId"]["name"] == name and p["healthStatus"] == "HEALTHY"
            for p in self.must("GET", BASE + "/participants")["participantList"]))
        return process

    def kill(self, process):
        process.send_signal(signal.SIGKILL)
        process.wait()
        self.participants.remove(process)

    def commission(self, document):
        return self.must("POST", BASE + "/commission", document)

    def create(self, name="loop", version="1.0.0", loop="l.Test", element="e.Test", properties=None, uuid=None, **query):
        uuid = uuid or "33333333-3333-4333-8333-%012d" % sum(name.encode())
        body = {"controlLoopList": [dict(concept(name, version), definition=concept(loop), elements={
            uuid: dict({"id": uuid, "definition": concept(element), "propertiesMap": properties or {}}, **query.pop("of", {}))})]}
        if query:
            return self.must("PUT", BASE + "/instantiation?" + "&".join("%s=%s" % one for one in query.items()), body)
        return self.must("POST", BASE + "/instantiation", body)

    def loop(self, name="loop"):
        return self.must("GET", BASE + "/instantiation?name=" + name)["controlLoopList"][0]

    def order(self, state, name="loop", version="1.0.0"):
        return self.must("PUT", BASE + "/instantiation/command",
                         {"orderedState": state, "controlLoopIdentifierList": [concept(name, version)]})

    def reach(self, state, name="loop", version="1.0.0"):
        """Ordered, and there."""
        self.order(state, name, version)

        def there():
            loop = self.loop(name)
            if loop["stateChangeResult"] != "NO_ERROR":
                raise AssertionError("%s: %s" % (state, json.dumps(loop.get("lastFailure"))))
            return loop["state"] == state
        wait(state, there)

    def failure(self, state, name="loop", version="1.0.0"):
        """Ordered, and refused: the message."""
        self.order(state, name, version)
        wait("a failure", lambda: self.loop(name)["stateChangeResult"] != "NO_ERROR" or self.loop(name).get("lastFailure"))
        return self.loop(name)["lastFailure"]["message"]


class Checks:
    def __init__(self):
        self.passed = self.failed = 0

    def check(self, good, text):
        if good:
            self.passed += 1
        else:
            self.failed += 1
            print("FAIL %s" % text, flush=True)

    def equal(self, got, wanted, text):
        self.check(got == wanted, "%s: %r, not %r" % (text, got, wanted))

    def run(self, tests):
        for test in tests:
            try:
                test(self)
            except Exception as problem:  # the others go on, this one has failed
                self.check(False, "%s: %s: %s" % (test.__name__, type(problem).__name__, problem))
        print("%d passed, %d failed" % (self.passed, self.failed))
        return 1 if self.failed else 0


def folder():
    return tempfile.TemporaryDirectory()
