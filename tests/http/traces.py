#!/usr/bin/env python3
"""traces - a caller's trace goes through reservations, orders, messages and requests to actors; spans reach a collector"""
# SPDX-License-Identifier: Apache-2.0
import http.server
import json
import os
import re
import ssl
import subprocess
import sys
import tempfile
import threading
import time

import service
from service import BLACKLIST, DECISION, JSON, Service, ask, wait_for

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
import gateway  # noqa: E402
import operational_live_own as operational  # noqa: E402

TRACE, SPAN = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
PARENT = f"00-{TRACE}-{SPAN}-01"
CELL = {"actor": "RANC", "operation": "Cell Reset"}


class Collector(http.server.ThreadingHTTPServer):
    """Takes ExportTraceServiceRequests and checks their shape, as far as OTLP's protocol buffers in JSON prescribe it."""
    daemon_threads = True

    def __init__(self, statuses=(), tls=None):
        """tls: the certificate and its key, in one PEM file."""
        outer = self
        self.spans, self.wrong, self.batches, self.statuses, self.asked = [], [], 0, list(statuses), 0

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                outer.asked += 1
                status = outer.statuses.pop(0) if outer.statuses else 200
                if status == 200:
                    outer.take(self.path, self.headers["Content-Type"], body)
                self.send_response(status)
                self.send_header("Content-Length", "2")
                self.end_headers()
                self.wfile.write(b"{}")

            def log_message(self, *_):
                pass

        super().__init__(("127.0.0.1", 0), Handler)
        self.scheme = "https" if tls else "http"
        if tls:
            self.socket = operational.over_tls(self.socket, tls)
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def handle_error(self, *_):
        pass  # a client that does not like the certificate

    def url(self):
        return f"{self.scheme}://127.0.0.1:{self.server_port}/v1/traces"

    def take(self, path, media, body):
        try:
            self.check(path, media, json.loads(body))
            self.batches += 1
        except Exception as problem:
            self.wrong.append(f"{type(problem).__name__} {problem}: {body[:300]}")

    @staticmethod
    def attributes(listed):
        found = {}
        for one in listed:
            assert set(one) == {"key", "value"} and len(one["value"]) == 1, one
            (kind, value), = one["value"].items()
            assert kind in ("stringValue", "intValue") and isinstance(value, str), one
            assert one["key"] not in found, f"{one} twice"
            found[one["key"]] = value
        return found

    def check(self, path, media, request):
        assert (path, media) == ("/v1/traces", "application/json"), (path, media)
        assert set(request) == {"resourceSpans"}
        for resource in request["resourceSpans"]:
            own = self.attributes(resource["resource"]["attributes"])
            assert own["service.name"] == "clguard" and own["service.version"] and own["service.instance.id"], own
            for scope in resource["scopeSpans"]:
                assert scope["scope"]["name"] == "clguard", scope
                for span in scope["spans"]:
                    assert not set(span) - {"traceId", "spanId", "parentSpanId", "flags", "name", "kind", "startTimeUnixNano",
                                            "endTimeUnixNano", "attributes", "status"}, span
                    assert re.fullmatch("[0-9a-f]{32}", span["traceId"]) and re.fullmatch("[0-9a-f]{16}", span["spanId"]), span
                    assert re.fullmatch("[0-9a-f]{16}", span.get("parentSpanId", "0" * 16)), span
                    start, end = int(span["startTimeUnixNano"]), int(span["endTimeUnixNano"])
                    assert isinstance(span["startTimeUnixNano"], str) and start <= end and abs(end / 1e9 - time.time()) < 60, span
                    assert span["kind"] == 2 and isinstance(span["name"], str), span
                    self.spans.append({**span, "attributes": self.attributes(span["attributes"])})


def exported(collector, *options):
    """The collector's spans and the service's counts, after a decision that is traced."""
    with Service("--trace-url", collector.url(), *options, policies={"b.yaml": BLACKLIST % "bad"}) as server:
        server.request("POST", DECISION, ask(**CELL, target="x"), {**JSON, "traceparent": PARENT})
        metrics = [""]

        def told():
            metrics[0] = server.request("GET", "/metrics", headers={}).body.decode()
            return re.search(r'clguard_trace_spans_total{result="(sent|dropped)"} [1-9]', metrics[0])

        wait_for(told, 20)
    return bool(collector.spans), re.findall(r'clguard_trace_spans_total{result="(\w+)"} [1-9]', metrics[0])


def test_a_collector_over_https_is_verified(suite):
    with tempfile.TemporaryDirectory() as folder:
        known, other = (operational.certificate(folder, name, address) for name, address in
                        (("known", "127.0.0.1"), ("other", "127.0.0.9")))
        suite.equal(exported(Collector(tls=known), "--https-ca", known), (True, ["sent"]), "one that https_ca vouches for")
        suite.equal(exported(Collector(tls=known)), (False, ["dropped"]), "one that the system's authorities do not know")
        suite.equal(exported(Collector(tls=other), "--https-ca", other), (False, ["dropped"]), "the certificate of another host")
        done = subprocess.run([service.PROGRAM, "--listen", "127.0.0.1:0", "--trace-url", "https://127.0.0.1:1/x", "--https-ca",
                               os.path.join(folder, "none")], capture_output=True, text=True, timeout=20, check=False)
        suite.check(done.returncode != 0 and "https_ca: cannot read" in done.stderr, f"a file that is not there: {done.stderr}")


def test_that_the_build_has_libcurl(suite):
    if not operational.has_libcurl():
        print("skipped: traces (built without libcurl)")
        sys.exit(77)


def test_spans_reach_the_collector(suite):
    collector = Collector()
    with tempfile.TemporaryDirectory() as folder:
        log = os.path.join(folder, "decisions")
        with Service("--trace-url", collector.url(), "--decision-log", log, policies={"b.yaml": BLACKLIST % "bad"}) as server:
            def post(target, traceparent=None):
                headers = {**JSON, **({"traceparent": traceparent} if traceparent else {})}
                return server.request("POST", DECISION, ask(**CELL, target=target), headers)
            post("bad", PARENT)
            post("unsampled", PARENT[:-1] + "0")
            post("none")
            bad = ("00-x", PARENT.upper(), PARENT.replace(SPAN, "0" * 16), PARENT.replace(TRACE, "0" * 32), "ff" + PARENT[2:],
                   PARENT + "-01", PARENT[:-1])
            for i, header in enumerate(bad):
                post(f"invalid{i}", header)
            post("later", "01" + PARENT[2:] + "-more")
            server.request("GET", "/nowhere", headers={})
            wanted = 1 + 1 + len(bad) + 1 + 1
            suite.check(wait_for(lambda: len(collector.spans) >= wanted), f"{wanted} spans: {len(collector.spans)}")
            counted = f'clguard_trace_spans_total{{result="sent"}} {wanted}\n'
            suite.check(wait_for(lambda: counted in server.request("GET", "/metrics", headers={}).body.decode()), "they are counted")
        suite.equal(collector.wrong, [], "the shape of OTLP")
        with open(log, encoding="utf-8") as file:
            lines = {line["target"]: line for line in map(json.loads, file) if line.get("door") == "decision"}
    decisions = [span for span in collector.spans if span["name"] == "POST /policy/pdpx/v1/decision"]
    traced = {span["traceId"]: span for span in decisions}
    denied = [span for span in decisions if span["attributes"].get("clguard.status") == "Deny"]
    suite.equal(len(denied), 1, "one Deny")
    suite.equal((denied[0]["traceId"], denied[0]["parentSpanId"], denied[0]["attributes"]["clguard.reason"],
                 denied[0]["attributes"]["http.response.status_code"]), (TRACE, SPAN, "blacklisted", "200"), "it belongs to its caller's")
    suite.check(denied[0]["spanId"] != SPAN, "with a span of its own")
    suite.equal((lines["bad"]["trace"], lines["unsampled"]["trace"], lines["later"]["trace"]), (TRACE,) * 3, "the decision log")
    suite.check(not any(span["attributes"].get("clguard.request.id") == lines["unsampled"].get("id") for span in decisions), "not sampled")
    for target in ["none"] + [f"invalid{i}" for i in range(len(bad))]:
        span = traced.get(lines[target]["trace"])
        suite.check(span and "parentSpanId" not in span and span["attributes"]["clguard.request.id"] == lines[target]["id"],
                    f"{target} begins a trace: {span}")
    suite.check(any(span["name"] == "other" and span["attributes"]["http.response.status_code"] == "404" for span in collector.spans), "refusals")
    collector.shutdown()


def test_a_collector_that_is_away_costs_spans_alone(suite):
    collector = Collector(statuses=[503, 503])
    with Service("--trace-url", collector.url(), "--trace-sample", "2") as server:
        for _ in range(40):
            suite.equal(server.decide(actor="a", operation="o").status, 200, "answered")
        suite.check(wait_for(lambda: len(collector.spans) >= 16), "tried again until it is taken")
        suite.check(len(collector.spans) <= 24, f"one in two: {len(collector.spans)}")
        suite.check("cannot send traces" in server.log_text(), "it is told")
    collector.shutdown()
    collector.server_close()
    with Service("--trace-url", collector.url()) as server:
        connection = server.connection()
        for _ in range(3000):  # more than two lanes hold
            server.request("POST", DECISION, ask(actor="a", operation="o"), connection=connection)
        connection.close()

        def dropped():
            text = server.request("GET", "/metrics", headers={}).body.decode()
            return int(re.search(r'clguard_trace_spans_total\{result="dropped"\} (\d+)', text).group(1))
        suite.check(wait_for(lambda: dropped() >= 3000 - 2 * 1024, 20), f"what does not fit is dropped and counted: {dropped()}")


def test_orders_and_their_messages(suite):
    with tempfile.TemporaryDirectory() as folder:
        log = os.path.join(folder, "decisions")
        with Service("--clock", "manual", "--decision-log", log) as server:
            loop = gateway.Loop(server)
            loop.listen()
            body = {"orderedState": "PASSIVE", "controlLoopIdentifierList": [gateway.concept("loop")]}
            reply = server.request("PUT", gateway.BASE + "/instantiation/command", body, {**JSON, "traceparent": PARENT})
            suite.equal(reply.status, 202, reply.body)
            said = loop.listen()
            suite.equal({m.get("traceparent") for m in said if m["messageType"] == "CONTROL_LOOP_UPDATE"}, {PARENT}, "the order")
            for _ in range(8):
                server.request("PUT", "/clguard/v1/clock", {"advance_ms": 20000})
            again = [m for m in loop.listen() if m["messageType"] == "CONTROL_LOOP_UPDATE"]
            suite.check(again and {m.get("traceparent") for m in again} == {PARENT}, "what time repeats is still the order's")
            suite.check(all("traceparent" not in m for m in said if m["messageType"] == "PARTICIPANT_REGISTER_ACK"), "not what has none")
        with open(log, encoding="utf-8") as file:
            reserved = [line for line in map(json.loads, file) if line.get("door") == "runtime" and line["event"] == "reserved"]
        suite.equal([line.get("trace") for line in reserved], [TRACE] * 3, "reservations of its elements")


def test_requests_to_actors(suite):
    traces = []
    actor = operational.Actor((200, ""))
    taking = actor.RequestHandlerClass.do_POST

    def take(handler):
        traces.append(handler.headers["traceparent"])
        taking(handler)
    actor.RequestHandlerClass.do_POST = take
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "p.yaml")
        with open(path, "w", encoding="utf-8") as file:
            file.write(operational.document(operational.ONE))
        log = os.path.join(folder, "decisions")
        with Service("--policies", path, "--actors", "APPC=" + actor.url(), "--decision-log", log) as server:
            reply = server.request("POST", "/events/" + operational.EVENTS, operational.onset("one", "r-1", "vm-1"), {**JSON, "traceparent": PARENT})
            suite.equal(reply.status, 200, reply.body)
            suite.check(wait_for(lambda: traces), "the actor is asked")
            suite.equal(traces, [PARENT], "with the trace of the event")
            text = server.request("GET", "/metrics", headers={}).body.decode()
            suite.check("clguard_actor_requests_total 1\n" in text, "it is counted")
        with open(log, encoding="utf-8") as file:
            asked = [line for line in map(json.loads, file) if line.get("door") == "operational" and line["event"] == "reserved"]
        suite.equal([line.get("trace") for line in asked], [TRACE], "the guard's answer")
    actor.shutdown()


service.main(globals())
