#!/usr/bin/env python3
# participant_http - the participant for existing systems sends what an element's properties say, and tells how it went
# SPDX-License-Identifier: Apache-2.0
"""A clguardd, clguard-participant, and a small HTTP server that stands for the existing system."""
import http.client
import http.server
import json
import os
import subprocess
import sys
import threading
import time

BUILD = os.environ.get("top_builddir", ".")
BASE = "/onap/controlloop/v2"
CLAMP = "org.onap.policy.clamp.controlloop."
PROGRAM = os.path.join(BUILD, "clguard-participant")
ID = "33333333-3333-4333-8333-333333333333"


class System(http.server.BaseHTTPRequestHandler):
    """Keeps what it is asked; answers as told."""
    asked, answers = [], {}

    def handle_any(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", 0))).decode()
        self.asked.append((self.command, self.path, body, self.headers.get("X-Site")))
        status = self.answers.get(self.path, 200)
        if status is None:
            time.sleep(3)
            status = 200
        try:
            self.send_response(status)
            self.send_header("Content-Length", "2")
            self.end_headers()
            self.wfile.write(b"{}")
        except OSError:
            pass  # whoever asked did not wait so long

    do_GET = do_PUT = do_POST = do_DELETE = do_PATCH = handle_any

    def log_message(self, *_):
        pass


def concept(name):
    return {"name": name, "version": "1.0.0"}


def request(method, path, expected=200, **more):
    return dict({"restRequestId": concept(path.strip("/")), "httpMethod": method, "path": path,
                 "expectedResponse": expected}, **more)


def document():
    """A loop of one element: what it is configured with when it is made, and what when it is started."""
    return {"tosca_definitions_version": "tosca_simple_yaml_1_3", "topology_template": {"node_templates": {
        "p.Http": {"version": "1.0.0", "type": CLAMP + "HttpParticipant", "type_version": "1.0.1"},
        "e.Limits": {"version": "1.0.0", "type": CLAMP + "HttpControlLoopElement", "type_version": "1.0.1", "properties": {
            "participantType": concept("p.Http"), "httpHeaders": {"X-Site": "7"}, "configurationEntities": [
                {"configurationEntityId": concept("limits"), "restSequence": [
                    request("PUT", "/limits", body='{"maxObjects": 100000}'), request("GET", "/limits"),
                    request("PATCH", "/limits", body='{"maxObjects": 90000}')]},
                {"configurationEntityId": concept("traffic"), "orderedState": "RUNNING", "restSequence": [
                    request("POST", "/on", 201)]}]}},
        "l.Limits": {"version": "1.0.0", "type": CLAMP + "ControlLoop", "type_version": "1.0.1",
                     "properties": {"elements": [concept("e.Limits")]}}}}}


class Runtime:
    def __init__(self):
        self.process = subprocess.Popen([os.path.join(BUILD, "clguardd"), "--listen", "127.0.0.1:0", "--durability",
                                         "process", "--on-failure", "hold"], stderr=subprocess.PIPE, text=True)
        for line in self.process.stderr:
            if line.startswith("listening on "):
                self.address = line.split()[-1]
                return
        raise AssertionError("clguardd did not start")

    def ask(self, method, path, body=None):
        connection = http.client.HTTPConnection(*self.address.rsplit(":", 1), timeout=30)
        connection.request(method, BASE + path, body and json.dumps(body), {"Content-Type": "application/json"})
        answer = connection.getresponse()
        text = answer.read().decode()
        connection.close()
        if answer.status >= 300:
            raise AssertionError("%s %s: %d %s" % (method, path, answer.status, text))
        return json.loads(text)

    def loop(self):
        return self.ask("GET", "/instantiation")["controlLoopList"][0]

    def order(self, state, result="NO_ERROR"):
        """The element's message once the order has come to an end."""
        self.ask("PUT", "/instantiation/command",
                 {"orderedState": state, "controlLoopIdentifierList": [concept("loop-0")]})
        wait(state, lambda: self.loop()["stateChangeResult"] == result != "NO_ERROR" or
             result == "NO_ERROR" and self.loop()["state"] == state)
        return self.loop()["elements"][ID].get("message")


def wait(what, true):
    for _ in range(750):
        if true():
            return
        time.sleep(0.02)
    raise AssertionError("waited in vain for " + what)


def same(got, wanted):
    if got != wanted:
        raise AssertionError("got %r, not %r" % (got, wanted))


def play(runtime, url):
    asked, answers = System.asked, System.answers
    configured = [("PUT", "/limits", '{"maxObjects": 100000}', "7"), ("GET", "/limits", "", "7"),
                  ("PATCH", "/limits", '{"maxObjects": 90000}', "7")]
    runtime.ask("POST", "/commission", document())
    runtime.ask("POST", "/instantiation", {"controlLoopList": [dict(
        concept("loop-0"), definition=concept("l.Limits"),
        elements={ID: {"definition": concept("e.Limits"), "propertiesMap": {"baseUrl": url}}})]})

    answers["/limits"] = 500
    same(runtime.order("PASSIVE", "FAILED"), "PUT %s/limits answers 500, not 200" % url)
    same(asked, configured[:1])  # the rest of the sequence is left
    answers.clear()
    asked.clear()
    same(runtime.order("PASSIVE"), "done")
    same(asked, configured)

    asked.clear()
    same(runtime.order("RUNNING", "FAILED"), "POST %s/on answers 200, not 201" % url)
    answers["/on"] = None
    same(runtime.order("RUNNING", "FAILED"), "POST %s/on: Timeout was reached" % url)
    answers["/on"] = 201
    same(runtime.order("RUNNING"), "done")
    same([(a[0], a[1]) for a in asked], [("POST", "/on")] * 3)

    asked.clear()
    runtime.order("PASSIVE")
    runtime.order("UNINITIALISED")
    same(asked, [])  # nothing is configured for these


def main():
    if "\n  http\n" not in subprocess.run([PROGRAM, "--help"], capture_output=True, text=True, check=True).stdout:
        print("built without libcurl")
        return 77
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), System)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    runtime, participant = Runtime(), None
    try:
        participant = subprocess.Popen([PROGRAM, "--kind", "http", "--type", "p.Http", "--name", "http-0", "--service", runtime.address,
                                        "--timeout-ms", "1000", "--retries", "0", "--quiet"])
        wait("the participant", lambda: any(p["healthStatus"] == "HEALTHY" for p in
                                            runtime.ask("GET", "/participants")["participantList"]))
        play(runtime, "http://127.0.0.1:%d" % server.server_port)
        participant.terminate()
        same(participant.wait(timeout=10), 0)
    finally:
        for process in (participant, runtime.process):
            if process and process.poll() is None:
                process.terminate()
                process.wait()
        runtime.process.stderr.close()
        server.shutdown()
    return 0


if __name__ == "__main__":
    sys.exit(main())
