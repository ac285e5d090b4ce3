"""world - a clguardd with the demo's policies and loops at work, for whoever looks at the console."""
# SPDX-License-Identifier: Apache-2.0
import json
import os
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "http"))
from service import BUILD, DECISION, JSON, SOURCE, Service, ask, wait_for  # noqa: E402

EXAMPLES = os.path.join(SOURCE, "examples")
LOOPS = "/onap/controlloop/v2/"
YAML = {"Content-Type": "application/yaml", "Accept": "application/json"}
BLOCK = """tosca_definitions_version: tosca_simple_yaml_1_1_0
topology_template:
  policies:
    - edge.block:
        type: onap.policies.controlloop.guard.common.Blacklist
        type_version: 1.0.0
        version: 1.0.0
        properties:
          actor: CDS
          operation: ModifyConfig
          blacklist: [edge-3, edge-4]
"""


def example(name):
    with open(os.path.join(EXAMPLES, name), encoding="utf-8") as file:
        return file.read()


def onset(target):
    return {"closedLoopControlName": "ControlLoop-Firewall", "closedLoopEventStatus": "ONSET", "requestID": f"fault-of-{target}",
            "target": "vserver.vserver-name", "target_type": "VM", "AAI": {"vserver.vserver-name": target}}


class World(Service):
    """The service; `fill` brings policies, loops, participants and what they did. Participants end with it."""

    def __init__(self, *options, **named):
        self.participants = []
        folder = os.path.join(EXAMPLES, "policies")
        policies = {name: example("policies/" + name) for name in sorted(os.listdir(folder))}
        policies["control-loop-guard.yaml"] = example("control-loop-guard.yaml")
        super().__init__("--policy-participant", "org.example.participants.Policy", *options, policies=policies, **named)

    def __exit__(self, *what):
        for process in self.participants:
            process.kill()
            process.wait()
        return super().__exit__(*what)

    @property
    def url(self):
        return f"http://127.0.0.1:{self.port}/"

    def ok(self, method, path, body=None, headers=None):
        reply = self.request(method, path, body, headers or JSON)
        if reply.status >= 300:
            raise RuntimeError(f"{method} {path}: {reply.status} {reply.body[:300]}")
        return reply.json

    def join(self, kind, name):
        self.participants.append(subprocess.Popen(
            [os.path.join(BUILD, "clguard-participant"), "--kind", "simulator", "--type", f"org.example.participants.{kind}", "--name", name,
             "--service", self.address(), "--quiet"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL))

    def state(self, name):
        listed = self.ok("GET", LOOPS + f"instantiation?name={name}")["controlLoopList"]
        return listed[0]["state"] if listed else None

    def order(self, state, name):
        return self.request("PUT", LOOPS + "instantiation/command",
                            {"orderedState": state, "controlLoopIdentifierList": [{"name": name, "version": "1.0.0"}]})

    def bring(self, state, name):
        self.order(state, name)
        if not wait_for(lambda: self.state(name) == state, 20):
            raise RuntimeError(f"{name} does not become {state}: {self.state(name)}")

    def record(self, count, **row):
        now = time.time()
        rows = [{**row, "outcome": "Success", "requestId": f"{row['target']}-{i}-{now}",
                 "endtime": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(now - 140 * (count - i)))} for i in range(count)]
        self.ok("POST", "/clguard/v1/operations", rows)

    def fill(self):
        self.join("Kubernetes", "kubernetes-0")
        self.join("Kubernetes", "kubernetes-1")
        self.join("Http", "http-0")
        self.ok("POST", LOOPS + "commission", example("control-loop-edge-cache.yaml"), YAML)
        self.ok("POST", LOOPS + "commission", example("control-loop-firewall.yaml"), YAML)
        if not wait_for(lambda: len(self.ok("GET", LOOPS + "participants")["participantList"]) >= 4, 20):
            raise RuntimeError("participants do not register")
        self.ok("POST", LOOPS + "instantiation", example("control-loop-instance.json"))
        self.ok("POST", LOOPS + "instantiation", example("control-loop-firewall-instance.json"))
        second = json.loads(example("control-loop-instance.json").replace("edge-loop-0", "edge-loop-1").replace("site 0", "site 1")
                            .replace("1111-4111", "1112-4111").replace("2222-4222", "2223-4222").replace("3333-4333", "3334-4333"))
        self.ok("POST", LOOPS + "instantiation", second)
        self.bring("PASSIVE", "firewall-loop-0")
        self.bring("RUNNING", "firewall-loop-0")
        self.bring("PASSIVE", "edge-loop-0")
        self.bring("PASSIVE", "edge-loop-1")
        self.bring("RUNNING", "edge-loop-1")
        self.bring("RUNNING", "edge-loop-0")
        self.bring("PASSIVE", "edge-loop-0")
        self.order("RUNNING", "edge-loop-0")  # a guard denies it: once in 8 seconds
        self.record(5, actor="APPC", operation="Restart", target="vm-7", closedLoopName="ControlLoop-vCPE")
        self.record(3, actor="APPC", operation="Restart", target="vm-8", closedLoopName="ControlLoop-vCPE")
        self.record(1, actor="SO", operation="VF Module Create", target="vdns-9", closedLoopName="ControlLoop-vDNS")
        self.ok("POST", "/policy/api/v1/policies", BLOCK, YAML)
        self.ok("POST", "/policy/pap/v1/pdps/policies", {"policies": [{"policy-id": "edge.block"}]})
        self.ok("POST", "/events/unauthenticated.DCAE_CL_OUTPUT", onset("fw-1"))
        self.busy(40)
        for target in ("vm-7", "vm-billing-1", "vm-emergency-112"):
            self.decide(actor="APPC", operation="Restart", target=target)
        self.decide(actor="SO", operation="VF Module Create", target="vdns-pool", vfCount=7)
        self.decide(actor="CDS", operation="ModifyConfig", target="edge-3")

    def busy(self, count):
        connection = self.connection()
        for i in range(count):
            self.request("POST", DECISION, ask(actor="APPC", operation="Restart", target=f"vm-{i % 12}"), JSON, connection)
        connection.close()
