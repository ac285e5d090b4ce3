#!/usr/bin/env python3
# participant_rest - the kinds cps, cds and dcae against servers written from the published interfaces, which check each request
# SPDX-License-Identifier: Apache-2.0
"""A clguardd, clguard-participant, and CPS (its REST interface, version 2) or CDS's blueprint processor, or Consul's KV store, as far as the kinds
need them."""
import http.client
import http.server
import json
import os
import re
import subprocess
import sys
import threading
from urllib.parse import parse_qs, unquote, urlsplit

from interface_check import Interface
from participant_world import BUILD, PROGRAM, Checks, Runtime, concept, folder, template, wait


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, handler):
        super().__init__(("127.0.0.1", 0), handler)
        self.faults, self.asked, self.down = [], [], False
        self.goes_on = threading.Event()  # while it is not set, nothing is answered
        self.goes_on.set()
        threading.Thread(target=self.serve_forever, daemon=True).start()
        self.url = "http://127.0.0.1:%d" % self.server_port

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.shutdown()
        self.server_close()


class Handler(http.server.BaseHTTPRequestHandler):
    interface = None

    def handle_any(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", 0))).decode()
        self.server.asked.append((self.command, self.path, body))
        wrong = self.interface and self.interface.check(self.command, self.path, self.headers, body)
        self.server.goes_on.wait(30)
        if self.server.down:
            status, answer = 503, {"status": "503", "message": "later"}
        else:
            status, answer = self.fault(wrong) if wrong else self.answer(body)
        text = json.dumps(answer).encode() if answer is not None else b""
        try:
            self.send_response(status)
            self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            self.wfile.write(text)
        except OSError:
            pass  # whoever asked was killed

    do_GET = do_PUT = do_POST = do_DELETE = handle_any

    def fault(self, text):
        self.server.faults.append("%s %s: %s" % (self.command, self.path, text))
        return 400, {"status": "400 BAD_REQUEST", "message": text}

    def log_message(self, *_):
        pass


class Cps(Handler):
    """spaces: {dataspace: {"sets": {name}, "anchors": {name: {"set": .., "data": {..}}}}}; not found: 404 to GET, else 400."""
    spaces, interface = {}, Interface("cps")

    def missing(self):
        return (404 if self.command == "GET" else 400), {"status": "", "message": "not found"}

    def answer(self, body):
        parts, query = urlsplit(self.path), {k: v[0] for k, v in parse_qs(urlsplit(self.path).query).items()}
        steps = [unquote(s) for s in parts.path.split("/")[1:]]
        if steps[:3] == ["cps", "api", "v2"]:
            if steps[3:] == ["dataspaces"] and "dataspace-name" in query:
                return self.dataspace(query["dataspace-name"])
            if steps[3:5] == ["admin", "dataspaces"] and len(steps) == 6 and self.command == "GET":
                return (200, {"name": steps[5]}) if steps[5] in self.spaces else (400, {"message": "not found"})
            if steps[3] == "dataspaces" and len(steps) >= 6 and steps[5] == "anchors":
                return self.anchors(steps[4], steps[6:], query, body)
        return self.fault("there is no such path in the interface")

    def dataspace(self, name):
        if self.command == "POST":
            if name in self.spaces:
                return 409, {"message": "already defined"}
            self.spaces[name] = {"sets": {"edge-schemas"}, "anchors": {}}
            return 201, None
        if name not in self.spaces:
            return 400, {"message": "not found"}
        if self.spaces[name]["anchors"]:
            return 409, {"message": "in use"}
        del self.spaces[name]
        return 204, None

    def anchors(self, space, steps, query, body):
        if space not in self.spaces:
            return 400, {"message": "dataspace not found"}
        anchors = self.spaces[space]["anchors"]
        if not steps and self.command == "POST":
            if set(query) != {"schema-set-name", "anchor-name"} or query["schema-set-name"] not in self.spaces[space]["sets"]:
                return self.fault("an anchor needs schema-set-name, which is there, and anchor-name")
            if query["anchor-name"] in anchors:
                return 409, {"message": "already defined"}
            anchors[query["anchor-name"]] = {}
            return 201, None
        if not steps or steps[0] not in anchors:
            return self.missing()
        if len(steps) == 1:
            if self.command == "DELETE":
                del anchors[steps[0]]
            return (204 if self.command == "DELETE" else 200), None
        return self.nodes(anchors[steps[0]], steps[1], query.get("xpath", "/"), body)

    def nodes(self, data, step, xpath, body):
        parent = xpath.strip("/")
        if step == "node" and self.command == "GET":
            return (200, data[parent]) if parent in data else self.missing()
        if step != "nodes" or self.command == "GET":
            return self.fault("there is no such path in the interface")
        if self.command == "DELETE":
            gone = [key for key in data if key == parent or key.startswith(parent + "/")]
            for key in gone:
                del data[key]
            return (204, None) if gone else self.missing()
        given = {("%s/%s" % (parent, key.split(":")[-1])).strip("/"): value for key, value in json.loads(body).items()}
        if parent and parent not in data:
            return self.missing()
        if self.command == "POST" and set(given) & set(data):
            return 409, {"message": "already defined"}
        data.update(given)
        return (201 if self.command == "POST" else 200), None


class Cds(Handler):
    failing, interface = None, Interface("cds")

    def answer(self, body):
        if (self.command, self.path) != ("POST", "/api/v1/execution-service/process"):
            return self.fault("there is no such path in the interface")
        message = json.loads(body)
        header, ids = message.get("commonHeader", {}), message.get("actionIdentifiers", {})
        if set(message) != {"commonHeader", "actionIdentifiers", "payload"}:
            return self.fault("members %s" % sorted(message))
        if not all(isinstance(header.get(k), str) for k in ("originatorId", "requestId", "subRequestId", "timestamp")):
            return self.fault("commonHeader %s" % header)
        if set(ids) != {"blueprintName", "blueprintVersion", "actionName", "mode"} or ids["mode"] != "sync":
            return self.fault("actionIdentifiers %s" % ids)
        if list(message["payload"]) != [ids["actionName"] + "-request"]:
            return self.fault("payload %s" % message["payload"])
        good = ids["actionName"] != self.failing
        return (200 if good else 500), {"commonHeader": header, "actionIdentifiers": ids, "payload": {}, "status": {
            "code": 200 if good else 500, "eventType": "EVENT_COMPONENT_EXECUTED" if good else "EVENT_COMPONENT_FAILURE",
            "message": "success" if good else "", "errorMessage": None if good else "the router does not answer"}}


class Consul(Handler):
    """Consul's KV store: PUT and DELETE answer true, GET what is there or 404."""
    keys, refuses, interface = {}, False, Interface("consul")

    def answer(self, body):
        path = urlsplit(self.path).path
        if not path.startswith("/v1/kv/") or len(path) < 8 or self.command not in ("GET", "PUT", "DELETE"):
            return self.fault("there is no such path in the interface")
        if self.command == "PUT":
            if self.refuses:
                return 200, False
            self.keys[path[7:]] = json.loads(body)
        elif self.command == "DELETE":
            self.keys.pop(path[7:], None)
        elif path[7:] not in self.keys:
            return 404, None
        else:
            return 200, [{"Key": path[7:]}]
        return 200, True


def test_the_interfaces_refuse_what_is_not_theirs(checks):
    if not Cps.interface.paths:
        return
    nodes = "/cps/api/v2/dataspaces/d/anchors/a/nodes"
    json_of = {"Content-Type": "application/json"}
    for interface, method, target, headers, body, words in (
            (Cps.interface, "GET", "/cps/api/v1/dataspaces", {}, "", "there is no path"),
            (Cps.interface, "PATCH", nodes, {}, "", "no method PATCH"),
            (Cps.interface, "POST", "/cps/api/v2/dataspaces", {}, "", "dataspace-name is missing"),
            (Cps.interface, "POST", nodes + "?xpath=limits", json_of, '{"a": 1}', "parameter xpath"),
            (Cps.interface, "POST", nodes + "?colour=red", json_of, '{"a": 1}', "parameter colour is not of the interface"),
            (Cps.interface, "POST", nodes, {}, '{"a": 1}', "Content-Type ''"),
            (Cps.interface, "PUT", nodes, json_of, "[]", "is not of type 'object'"),
            (Cps.interface, "DELETE", nodes, json_of, "{}", "a body where none belongs"),
            (Cds.interface, "POST", "/api/v1/execution-service/process", json_of, "{}", "is a required property"),
            (Cds.interface, "POST", "/api/v1/execution-service/process", json_of, "{", "not JSON"),
            (Consul.interface, "PUT", "/v1/kv/", json_of, "1", "there is no path")):
        said = interface.check(method, target, headers, body)
        checks.check(said and words in said, "%s %s %s: %s" % (method, target, body, said))
    checks.equal(Cps.interface.check("PUT", nodes + "?xpath=/a", json_of, '{"a": 1}'), None, "a right one")
    checks.equal(Consul.interface.check("PUT", "/v1/kv/a/b", json_of, "1"), None, "a key with slashes")


def test_a_wrong_request_is_a_fault(checks):
    """What the other tests look at, `faults`, has what the interface does not."""
    with Server(Cps) as server:
        connection = http.client.HTTPConnection("127.0.0.1", server.server_port, timeout=20)
        connection.request("POST", "/cps/api/v2/dataspaces?dataspace-name=d&colour=red")
        connection.getresponse().read()
        connection.close()
        checks.check(bool(server.faults) == bool(Cps.interface.paths), "faults: %s" % server.faults)
        Cps.spaces.pop("d", None)


# --- cps ---

def cps_document(**more):
    return template("ConfigurationPersistenceControlLoopElement", dict({"dataspace": "edge space", "schemaSet": "edge-schemas"}, **more))


def start(runtime, kind, server, *arguments):
    return runtime.participant(kind, "--url", server.url, "--observe-ms", "50", *arguments)


def shown(spaces):
    return {space: rest["anchors"] for space, rest in spaces.items()}


def test_cps_life(checks):
    Cps.spaces = {}
    with Server(Cps) as server, Runtime() as runtime:
        runtime.commission(cps_document())
        start(runtime, "cps", server)
        runtime.create(properties={"anchor": "site-7", "data": {"edge:limits": {"max": 5}}})
        runtime.reach("PASSIVE")
        checks.equal(shown(Cps.spaces), {"edge space": {"site-7": {"limits": {"max": 5}}}}, "created")
        runtime.reach("RUNNING")
        runtime.create(version="1.0.1", properties={"anchor": "site-7", "data": {"edge:limits": {"max": 6}}}, fromVersion="1.0.0")
        wait("the other configuration", lambda: shown(Cps.spaces) == {"edge space": {"site-7": {"limits": {"max": 6}}}})
        wait("it stands", lambda: runtime.loop()["version"] == "1.0.1" and "waiting" not in runtime.loop())
        runtime.reach("PASSIVE", version="1.0.1")
        runtime.reach("UNINITIALISED", version="1.0.1")
        checks.equal(shown(Cps.spaces), {}, "all that was made is gone")
        checks.equal(server.faults, [], "the server's own view")


def test_cps_leaves_what_others_made(checks):
    Cps.spaces = {"edge space": {"sets": {"edge-schemas"}, "anchors": {"site-7": {"other": {}}}}}
    with Server(Cps) as server, Runtime() as runtime:
        runtime.commission(cps_document())
        start(runtime, "cps", server)
        runtime.create(properties={"anchor": "site-7", "data": {"limits": {"max": 5}}})
        runtime.reach("PASSIVE")
        checks.equal(shown(Cps.spaces), {"edge space": {"site-7": {"other": {}, "limits": {"max": 5}}}}, "added")
        runtime.reach("UNINITIALISED")
        checks.equal(shown(Cps.spaces), {"edge space": {"site-7": {"other": {}}}}, "as it was")
        checks.equal(server.faults, [], "the server's own view")


def test_cps_is_away_for_a_while(checks):
    Cps.spaces = {}
    with Server(Cps) as server, Runtime("--on-failure", "hold", "--heart-beat-ms", "100") as runtime:
        runtime.commission(cps_document())
        start(runtime, "cps", server, "--retries", "4", "--retry-wait-ms", "50")
        runtime.create(properties={"anchor": "site-7", "data": {"limits": {}}})
        server.down = True
        runtime.order("PASSIVE")
        wait("a question", lambda: server.asked)
        server.down = False
        wait("the retries", lambda: runtime.loop()["state"] == "PASSIVE")
        del Cps.spaces["edge space"]["anchors"]["site-7"]["limits"]
        wait("drift is mended", lambda: "limits" in Cps.spaces["edge space"]["anchors"]["site-7"])
        server.down = True
        message = runtime.failure("UNINITIALISED")
        checks.check(" answers 503: " in message, message)


def test_cps_killed_at_every_step(checks):
    Cps.spaces = {}
    with Server(Cps) as server, folder() as data, Runtime("--heart-beat-ms", "100", "--max-status-wait-ms", "1000") as runtime:
        runtime.commission(cps_document())
        process = start(runtime, "cps", server, "--data", data)
        runtime.create(properties={"anchor": "site-7", "data": {"limits": {"max": 5}}})
        for state, wanted in (("PASSIVE", {"edge space": {"site-7": {"limits": {"max": 5}}}}), ("UNINITIALISED", {})) * 4:
            runtime.order(state)
            runtime.kill(process)
            process = start(runtime, "cps", server, "--data", data)
            wait(state, lambda: runtime.loop()["state"] == state)
            wait("the far side", lambda: shown(Cps.spaces) == wanted)
            checks.check(True, state)


# --- cds ---

def cds_document():
    return template("CDSControlLoopElement", {"cds_blueprint_id": concept("edge-router"), "cds_actions": {
        "PASSIVE": {"action": "config-assign", "inputs": {"resolution-key": "edge-7"}}, "RUNNING": {"action": "config-deploy"}}})


def ran(server):
    return [re.search('"actionName": ?"([^"]*)"', body).group(1) for _, _, body in server.asked]


def test_cds_life(checks):
    Cds.failing = None
    with Server(Cds) as server, Runtime("--on-failure", "hold") as runtime:
        runtime.commission(cds_document())
        start(runtime, "cds", server)
        runtime.create()
        for state in ("PASSIVE", "RUNNING", "PASSIVE", "UNINITIALISED"):
            runtime.reach(state)
        checks.equal(ran(server), ["config-assign", "config-deploy", "config-assign"], "an action for each state that has one")
        checks.equal(json.loads(server.asked[0][2])["payload"], {"config-assign-request": {"resolution-key": "edge-7"}}, "inputs")
        checks.equal(server.faults, [], "the server's own view")


def test_cds_says_why(checks):
    Cds.failing = "config-deploy"
    with Server(Cds) as server, Runtime("--on-failure", "hold") as runtime:
        runtime.commission(cds_document())
        start(runtime, "cds", server, "--retries", "0")
        runtime.create()
        runtime.reach("PASSIVE")
        message = runtime.failure("RUNNING")
        checks.check("config-deploy" in message and "the router does not answer" in message, message)


# --- dcae: the chart is tried in participant_helm.py ---

def keys_of(server, *names, limit=5):
    return {"consul_info": [{"consulUrl": "%s/v1/kv/%s" % (server.url, name), "consulBody": {"limit": limit}} for name in names]}


def test_dcae_keys(checks):
    Consul.keys, Consul.refuses = {"site/old": {"limit": 1}}, False
    with Server(Consul) as server, Runtime("--heart-beat-ms", "100") as runtime:
        runtime.commission(template("DCAEMicroserviceControlLoopElement", {}))
        runtime.participant("dcae", "--observe-ms", "50")
        runtime.create(properties=keys_of(server, "site/old", "site/mapper", "site/gone"))
        runtime.reach("PASSIVE")
        checks.equal(Consul.keys, {"site/old": {"limit": 5}, "site/mapper": {"limit": 5}, "site/gone": {"limit": 5}}, "written")
        runtime.reach("RUNNING")
        runtime.create(version="1.0.1", properties=keys_of(server, "site/old", "site/mapper", limit=6), fromVersion="1.0.0")
        wait("the other configuration", lambda: runtime.loop()["version"] == "1.0.1" and "waiting" not in runtime.loop())
        checks.equal(Consul.keys, {"site/old": {"limit": 6}, "site/mapper": {"limit": 6}}, "what is not written any more is gone")
        del Consul.keys["site/mapper"]
        wait("drift is mended", lambda: "site/mapper" in Consul.keys)
        wait("it stands", lambda: runtime.must("GET", "/onap/controlloop/v2/monitoring/status")["controlLoopStatusList"][0]["healthy"])
        runtime.reach("PASSIVE", version="1.0.1")
        runtime.reach("UNINITIALISED", version="1.0.1")
        checks.equal(Consul.keys, {"site/old": {"limit": 6}}, "what was there before stays")
        checks.equal(server.faults, [], "the server's own view")


def test_dcae_says_why(checks):
    Consul.keys, Consul.refuses = {}, True
    with Server(Consul) as server, Runtime("--on-failure", "hold") as runtime:
        runtime.commission(template("DCAEMicroserviceControlLoopElement", {}))
        runtime.participant("dcae", "--retries", "0")
        runtime.create(properties=keys_of(server, "mapper"))
        message = runtime.failure("PASSIVE")
        checks.check("/v1/kv/mapper answers false, not true" in message, message)
        runtime.create("bare")
        checks.equal(runtime.failure("PASSIVE", "bare"), "an element needs a chart or consul_info", "nothing to do")


# --- what an element is at, and what is wrong, is told where the instance is looked at ---

class Anything(Handler):
    def answer(self, body):
        return 200, {}


def watch(runtime):
    return subprocess.run([os.path.join(BUILD, "clguard"), "watch", "--once", "--service", runtime.address], capture_output=True,
                          text=True, check=True, timeout=20).stdout


def test_each_kind_tells_what_it_is_at(checks):
    http = {"configurationEntities": [{"configurationEntityId": concept("limits"), "restSequence": [
        {"restRequestId": concept("one"), "httpMethod": "PUT", "path": "/limits", "body": "{}", "expectedResponse": 200}]}]}
    policy = {"policy_id": concept("edge.guard"), "policy_type_id": concept("onap.policies.controlloop.guard.common.FrequencyLimiter")}
    guard = [{"edge.guard": {"type": "onap.policies.controlloop.guard.common.FrequencyLimiter", "type_version": "1.0.0", "version": "1.0.0",
                             "properties": {"actor": "SO", "operation": "Restart", "limit": 1, "timeWindow": 1, "timeUnits": "hour"}}}]
    for kind, handler, document, properties, words in (
            ("cps", Cps, cps_document(), {"anchor": "site-7", "data": {"limits": {}}}, "progress: POST http://"),
            ("cds", Cds, cds_document(), {}, "progress: POST http://"),
            ("dcae", Consul, template("DCAEMicroserviceControlLoopElement", {}), None, "progress: GET http://"),
            ("http", Anything, template("HttpControlLoopElement", http), {"baseUrl": "URL"}, "progress: PUT http://"),
            ("policy", Anything, template("PolicyControlLoopElement", policy, more={"policies": guard}), {}, "progress: GET http://"),
            ("simulator", Anything, template("HttpControlLoopElement", http), {"baseUrl": "URL"}, "progress: takes 700 ms")):
        Cps.spaces, Cds.failing, Consul.keys, Consul.refuses = {}, None, {}, False
        with Server(handler) as server, Runtime("--on-failure", "hold") as runtime:
            runtime.commission(document)
            runtime.participant(kind, "--url", server.url, "--delay-ms", "700", "--retries", "0")
            runtime.create(properties=keys_of(server, "mapper") if properties is None else
                           {name: server.url if value == "URL" else value for name, value in properties.items()})
            server.goes_on.clear()
            runtime.order("PASSIVE")
            wait(kind + " in clguard watch", lambda: words in watch(runtime))
            checks.check(True, kind)
            server.goes_on.set()


def test_what_is_wrong_is_told(checks):
    Cps.spaces = {}
    with Server(Cps) as server, Runtime("--on-failure", "hold") as runtime:
        runtime.commission(cps_document())
        start(runtime, "cps", server, "--retries", "0")
        runtime.create(properties={"anchor": "site-7", "data": {"limits": {}}})
        server.down = True
        runtime.failure("PASSIVE")
        wait("the record's message in clguard watch", lambda: "    message: POST http://" in watch(runtime))
        checks.check(" answers 503: " in watch(runtime), watch(runtime))


def main():
    if not os.path.exists(PROGRAM) or "\n  cps\n" not in os.popen(PROGRAM + " --help").read():
        print("needs clguard-participant with libcurl")
        return 77
    return Checks().run([test for name, test in globals().items() if name.startswith("test_")])


if __name__ == "__main__":
    sys.exit(main())
