#!/usr/bin/env python3
"""gateway - the API gateway of control loops over HTTP: places, secrets, who may read them, and what the CLI says."""
# SPDX-License-Identifier: Apache-2.0
import itertools
import json
import os
import re
import subprocess
import tempfile

import service
from service import BUILD, DECISION, JSON, SOURCE, Service, basic

BASE = "/onap/controlloop/v2"
TOPIC = "/events/POLICY-CLRUNTIME-PARTICIPANT"
ELEMENTS = {"11111111-1111-4111-8111-111111111111": ("GuardPolicyElement", "Policy", "policy-participant-0"),
            "22222222-2222-4222-8222-222222222222": ("CacheServiceElement", "Kubernetes", "k8s-participant-0"),
            "33333333-3333-4333-8333-333333333333": ("CacheConfigElement", "Http", "http-participant-0")}
CACHE, CONFIG = list(ELEMENTS)[1:]
METHODS = ("GET", "PUT", "POST", "OPTIONS")
PATHS = ("/", "/v1", "/v1/", "/v1/limits", "/v1/limits/a", "/v1/limitsa", "/health", "/healthy")
YAML = {"Content-Type": "application/yaml", "Accept": "application/json"}


def document():
    with open(os.path.join(SOURCE, "examples", "control-loop-gateway.yaml"), encoding="utf-8") as file:
        return file.read()


def concept(name, version="1.0.0"):
    return {"name": name, "version": version}


def instance(version="1.0.0", **more):
    elements = {uuid: {"id": uuid, "version": version, "definition": concept("org.example.edge." + definition, "2.0.0"),
                       "participantType": concept("org.example.participants." + kind), "participantId": concept(host)}
                for uuid, (definition, kind, host) in ELEMENTS.items()}
    return {"controlLoopList": [dict({"name": "loop", "version": version, "elements": elements,
                                      "definition": concept("org.example.edge.SandboxedCacheLoop")}, **more)]}


class Loop:
    """A service with the example commissioned, its participants and one instance."""

    def __init__(self, server, text=None):
        self.server = server
        self.listen()
        self.must("POST", BASE + "/commission", text or document(), YAML)
        for _, kind, host in ELEMENTS.values():
            self.say(kind, host, "PARTICIPANT_REGISTER")
        self.must("POST", BASE + "/instantiation", instance())

    def must(self, method, path, body, headers=None):
        reply = self.server.request(method, path, body, headers or JSON)
        if reply.status not in (200, 202):
            raise AssertionError(f"{method} {path}: {reply.status} {reply.body}")
        return reply

    def listen(self):
        path = TOPIC + "/test/one?timeout=0&limit=1000"
        return [json.loads(message) for message in self.server.request("GET", path, headers={}).json]

    def say(self, kind, host, message_type, **more):
        self.must("POST", TOPIC, dict({"messageType": message_type, "messageId": "00000000-0000-4000-8000-000000000001",
                                       "participantType": concept("org.example.participants." + kind),
                                       "participantId": concept(host)}, **more))

    def order(self, state, version="1.0.0"):
        self.must("PUT", BASE + "/instantiation/command",
                  {"orderedState": state, "controlLoopIdentifierList": [concept("loop", version)]})

    def answer(self, state, kind="CONTROLLOOP_UPDATE_ACK", version="1.0.0"):
        for uuid, (_, participant, host) in ELEMENTS.items():
            self.say(participant, host, kind, controlLoopId=concept("loop", version), result=True,
                     controlLoopResultMap={uuid: {"state": state, "result": True}})

    def keys(self, headers=None):
        """{element id: key} as the gateway would load them."""
        reply = self.server.request("GET", BASE + "/gateway", headers=headers or JSON)
        return {consumer["username"].split("~")[2]: consumer["keyauth_credentials"][0]["key"]
                for consumer in reply.json["consumers"]}

    def told(self):
        """{element id: key} as the last CONTROL_LOOP_UPDATE told the participants."""
        updates = [m for m in self.listen() if m["messageType"] == "CONTROL_LOOP_UPDATE"]
        return {element["id"]: element["gateway"]["consumer"]["keyauth_credentials"][0]["key"]
                for part in updates[-1]["participantUpdatesList"] for element in part["controlLoopElementList"]}


def access(**members):
    return {"action": "access", "resource": {"access": dict({"clname": "loop", "element": CONFIG, "service": "cache"},
                                                            **members)}}


def line_of(text):
    return 1 + document().split(text)[0].count("\n")


def test_keys_are_made_once_and_go_with_the_instance(suite):
    with tempfile.TemporaryDirectory() as folder:
        with Service(data=folder) as server:
            loop = Loop(server)
            suite.equal(loop.keys(), {}, "no element is on its participant")
            loop.order("PASSIVE")
            told = loop.told()
            loop.answer("PASSIVE")
            first = loop.keys()
            suite.equal(told, first, "participants are told what the gateway loads")
            suite.check(all(re.fullmatch("[0-9a-f]{64}", key) for key in first.values()), f"256 bits: {first}")
            suite.equal(len(set(first.values())), 3, "each element has its own")
            changed = instance("1.0.1", description="another")
            loop.must("PUT", BASE + "/instantiation?fromVersion=1.0.0", changed)
            suite.equal(loop.told(), first, "another configuration keeps them")
            loop.answer("PASSIVE", version="1.0.1")
        with Service(data=folder) as server:
            loop.server = server
            suite.equal(loop.keys(), first, "so does a restart")
            loop.listen()
            loop.order("UNINITIALISED", "1.0.1")
            for uuid, (_, kind, host) in reversed(ELEMENTS.items()):
                loop.say(kind, host, "CONTROLLOOP_STATECHANGE_ACK", controlLoopId=concept("loop", "1.0.1"), result=True,
                         controlLoopResultMap={uuid: {"state": "UNINITIALISED", "result": True}})
            suite.equal(loop.keys(), {}, "off the participants")
            loop.order("PASSIVE", "1.0.1")
            suite.equal(loop.told(), first, "and back with the same keys")
            loop.order("UNINITIALISED", "1.0.1")
            for uuid, (_, kind, host) in reversed(ELEMENTS.items()):
                loop.say(kind, host, "CONTROLLOOP_STATECHANGE_ACK", controlLoopId=concept("loop", "1.0.1"), result=True,
                         controlLoopResultMap={uuid: {"state": "UNINITIALISED", "result": True}})
            loop.must("DELETE", BASE + "/instantiation?name=loop&version=1.0.1", None)
            loop.must("POST", BASE + "/instantiation", instance())
            loop.order("PASSIVE")
            suite.equal(set(loop.told().values()) & set(first.values()), set(), "a new instance has new ones")


def test_nobody_else_is_told_a_key(suite):
    with Service() as server:
        loop = Loop(server)
        loop.order("PASSIVE")
        loop.answer("PASSIVE")
        keys = loop.keys()
        for path in ("/instantiation", "/instantiation/configurations?name=loop", "/monitoring/status",
                     "/commission", "/commission/toscaservicetemplate", "/participants",
                     "/monitoring/clelements/controlloop?name=loop&version=1.0.0"):
            text = server.request("GET", BASE + path, headers=JSON).body.decode()
            suite.check(not any(key in text for key in keys.values()), path)
        reply = server.request("POST", DECISION + "?explain=true", access(method="PUT", path="/v1/limits"))
        suite.equal(reply.json["status"], "Permit", "an access")
        suite.check(not any(key in reply.body.decode() + server.log_text() for key in keys.values()), "explained, logged")


def test_who_may_not_use_the_service_gets_no_key(suite):
    with tempfile.TemporaryDirectory() as folder:
        users = os.path.join(folder, "users")
        with open(users, "w", encoding="utf-8") as file:
            file.write("ada:secret\n")
        os.chmod(users, 0o600)
        with Service("--users", users) as server:
            suite.equal(server.request("GET", BASE + "/gateway", headers=JSON).status, 401, "nobody")
            for password, status in (("wrong", 401), ("secret", 200)):
                headers = dict(JSON, **basic("ada", password))
                suite.equal(server.request("GET", BASE + "/gateway", headers=headers).status, status, password)
            suite.equal(server.request("POST", DECISION, access()).status, 401, "an access decision")


def test_yaml_unless_json_is_asked_for(suite):
    with Service() as server:
        for accept, media in ((None, "yaml"), ("*/*", "yaml"), ("application/yaml", "yaml"),
                              ("application/json", "json"), ("application/json, */*;q=0.1", "json")):
            reply = server.request("GET", BASE + "/gateway", headers={"Accept": accept} if accept else {})
            suite.check(media in reply.headers["content-type"], f"{accept}: {reply.headers['content-type']}")
        suite.equal(server.request("GET", BASE + "/gateway", headers={"Accept": "text/html"}).status, 406, "text/html")


def test_findings_and_explanations_name_the_line(suite):
    with Service() as server:
        bad = document().replace("methods: [PUT]", "methods: [DELETE]").replace("port: 8080", "port: 808080")
        reply = server.request("POST", BASE + "/commission", bad, YAML)
        suite.equal(reply.status, 400, "refused")
        text = reply.json["errorDetails"]
        suite.check(f"{line_of('- service: cache')}:" in text, f"the call: {text}")
        suite.check(f"{line_of('port: 8080')}:" in text, f"the port: {text}")
        loop = Loop(server)
        loop.order("PASSIVE")
        loop.answer("PASSIVE")
        reply = server.request("POST", DECISION + "?explain=true", access(method="GET", path="/health"))
        why = reply.json["explanation"]
        suite.equal((why["file"], why["line"]), ("control loop type org.example.edge.SandboxedCacheLoop 1.0.0",
                                                 line_of("paths: [/health]") - 2), "the call that permits")
        reply = server.request("POST", DECISION + "?explain=true", access(method="GET", path="/v1"))
        suite.equal(reply.json["explanation"]["line"], line_of("- name: cache"), "the service that no call opens")
        metrics = server.request("GET", "/metrics", headers={}).body.decode()
        suite.check('clguard_decisions_total{reason="not_allowed"} 1\n' in metrics, "counted")


def routed(kong, caller, service_name, target, method, path):
    """Whether a gateway that has loaded this lets the request through: expressions first, then the longest path."""
    entry = f"/loop/1.0.0/{target or 'external'}/{service_name}{path}"
    found = (0, 0), None
    for route in (route for service in kong["services"] for route in service["routes"] if method in route["methods"]):
        for way in route["paths"]:
            exact = way.startswith("~")
            if re.match(way[1:], entry) if exact else entry.startswith(way):
                found = max(found, ((exact, len(way)), route), key=lambda one: one[0])
    groups = next(c["acls"][0]["group"] for c in kong["consumers"] if c["username"].endswith(caller))
    return bool(found[1]) and groups in found[1]["plugins"][0]["config"]["allow"]


def test_a_gateway_answers_as_the_decision_does(suite):
    for old, new in (("", ""), ("sandbox: true", "sandbox: false"), ("paths: [/v1, /health]", "paths: [/]"),
                     ("methods: [PUT]", "methods: [PUT, GET]"), ("sandbox: false", "calls: [{service: cache}]"),
                     ("paths: [/health]", "paths: [/v1]"),
                     ("- service: inventory", "- {service: cache, paths: [/health]}")):
        with Service() as server:
            text = document()
            loop = Loop(server, text.replace(old, new, 1) if old else text)
            loop.order("PASSIVE")
            loop.answer("PASSIVE")
            kong = server.request("GET", BASE + "/gateway", headers=JSON).json
            permits = 0
            for caller in ELEMENTS:
                for name, target in (("cache", CACHE), ("inventory", None)):
                    for method, path in itertools.product(METHODS, PATHS):
                        members = dict({"element": caller, "service": name, "method": method, "path": path},
                                       **({"targetElement": target} if target else {}))
                        status = server.request("POST", DECISION, access(**members)).json["status"]
                        permits += status == "Permit"
                        suite.equal(routed(kong, caller, name, target, method, path), status == "Permit",
                                    f"{new}: {members}")
            suite.check(permits > 5, f"{new}: {permits} are permitted")


def test_a_passive_service_decides_nothing(suite):
    with Service() as server:
        server.request("PUT", "/clguard/v1/state", {"state": "PASSIVE"})
        suite.equal(server.request("POST", DECISION, access()).status, 409, "not for elements either")


def test_the_command_line_says_that_it_needs_a_service(suite):
    with tempfile.NamedTemporaryFile("w", suffix=".json") as file:
        json.dump(access(), file)
        file.flush()
        done = subprocess.run([os.path.join(BUILD, "clguard"), "decide", "--request", file.name], capture_output=True,
                              text=True, check=False)
        suite.equal((done.returncode, done.stdout), (1, ""), "refused")
        suite.check("clguardd" in done.stderr and "access" in done.stderr, done.stderr)


service.main(globals())
