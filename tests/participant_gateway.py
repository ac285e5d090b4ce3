#!/usr/bin/env python3
# participant_gateway - clguard-participant keeps a real nginx, a real Envoy and a Kong; elements call through it, and its use is told
# SPDX-License-Identifier: Apache-2.0
"""A clguardd and one clguard-participant of kind http with two elements of a sandboxed instance: one offers a service, the other one
configures it through the gateway. Kong is a server that takes and tells what Kong's interfaces do. nginx or Envoy are skipped by name
where they are missing."""
import http.client
import http.server
import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import threading

from participant_world import BASE, BUILD, CLAMP, PROGRAM, Checks, Runtime, concept, wait

NGINX = shutil.which("nginx", path=os.environ["PATH"] + ":/usr/sbin")
ENVOY = shutil.which(os.environ.get("CLGUARD_ENVOY") or os.path.join(BUILD, "envoy/envoy/_bin/envoy")) or shutil.which("envoy")
CACHE, CONFIG = ("33333333-3333-4333-8333-%012d" % i for i in (1, 2))


class Far(http.server.ThreadingHTTPServer):
    """The service that the cache element offers."""
    daemon_threads = True

    class Handler(http.server.BaseHTTPRequestHandler):
        def answer(self):
            body = self.rfile.read(int(self.headers.get("Content-Length", 0))).decode()
            self.server.asked.append((self.command, self.path, body, self.headers.get("apikey")))
            self.send_response(200)
            self.send_header("Content-Length", "4")
            self.end_headers()
            self.wfile.write(b"done")

        do_GET = do_PUT = do_DELETE = answer

        def log_message(self, *_):
            pass

    def __init__(self, handler=None):
        super().__init__(("127.0.0.1", 0), handler or Far.Handler)
        self.asked = []
        threading.Thread(target=self.serve_forever, daemon=True).start()


def free_port():
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return sock.getsockname()[1]


class Gateway:
    def __init__(self):
        self.folder, self.port, self.process = tempfile.mkdtemp(), free_port(), None

    def path(self, name):
        return os.path.join(self.folder, name)

    def write(self, name, text):
        with open(self.path(name), "w", encoding="utf-8") as file:
            file.write(text)
        return self.path(name)

    def start(self, *words):
        with open(self.path("errors"), "w", encoding="utf-8") as log:
            self.process = subprocess.Popen(words, stderr=log, stdout=log)

    def listens(self):
        with socket.socket() as sock:
            return sock.connect_ex(("127.0.0.1", self.port)) == 0

    def ask(self, method, path, key):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        try:
            connection.request(method, path, None, {"apikey": key})
            return connection.getresponse().status
        finally:
            connection.close()

    def close(self):
        if self.process:
            self.process.terminate()
            self.process.wait()
        shutil.rmtree(self.folder, ignore_errors=True)


class Nginx(Gateway):
    def arguments(self):
        self.configuration = self.write("nginx.conf", """daemon off; worker_processes 1; pid %(f)s/pid; error_log %(f)s/errors;
events { worker_connections 64; }
http { access_log off; client_body_temp_path %(f)s/a; proxy_temp_path %(f)s/b; fastcgi_temp_path %(f)s/c; uwsgi_temp_path %(f)s/d;
       scgi_temp_path %(f)s/e; server { listen 127.0.0.1:%(port)d; include %(f)s/clguard.conf; } }
""" % {"f": self.folder, "port": self.port})
        return ("--gateway", "nginx", "--gateway-target", self.path("clguard.conf"), "--gateway-status", self.path("log"),
                "--gateway-reload", "%s -p %s -c %s -s reload" % (NGINX, self.folder, self.configuration))

    def run(self):
        wait("the file", lambda: os.path.exists(self.path("clguard.conf")))
        self.start(NGINX, "-p", self.folder, "-c", self.configuration)

    late = True  # its reload fails while it is not there


class Envoy(Gateway):
    def arguments(self):
        self.admin = free_port()
        source = "{path_config_source: {path: %s/%%s.json}, resource_api_version: V3}" % self.folder
        self.write("envoy.yaml", """node: {id: test, cluster: test}
admin: {address: {socket_address: {address: 127.0.0.1, port_value: %d}}}
dynamic_resources: {lds_config: %s, cds_config: %s}
""" % (self.admin, source % "listeners", source % "clusters"))
        return ("--gateway", "envoy", "--gateway-target", self.folder, "--gateway-status", "http://127.0.0.1:%d" % self.admin,
                "--gateway-listen", "127.0.0.1:%d" % self.port)

    def run(self):
        wait("the files", lambda: os.path.exists(self.path("listeners.json")))
        self.start(ENVOY, "-c", self.path("envoy.yaml"), "--concurrency", "1", "--disable-hot-restart", "-l", "warning")

    late = True  # its figures cannot be read while it is not there


def document(far):
    cache, config = ({"participantType": concept("p.Test"), "startPhase": phase} for phase in (0, 1))
    cache["gateway"] = {"services": [{"name": "cache", "host": "127.0.0.1", "port": far.server_port, "path": "/base",
                                      "methods": ["GET", "PUT"], "paths": ["/v1"]}]}
    cache["configurationEntities"] = []
    config["gateway"] = {"calls": [{"service": "cache", "methods": ["PUT"], "paths": ["/v1/limits"]}]}
    config["httpHeaders"] = {"apikey": "gateway-key:"}
    config["configurationEntities"] = [{"configurationEntityId": concept("limits"), "orderedState": "RUNNING", "restSequence": [
        {"restRequestId": concept("one"), "httpMethod": "PUT", "path": "/limits", "body": "{}", "expectedResponse": 200}]}]
    kinds = {"p.Test": ("Participant", {}), "e.Cache": ("HttpControlLoopElement", cache), "e.Config": ("HttpControlLoopElement", config),
             "l.Test": ("ControlLoop", {"gateway": {"sandbox": True}, "elements": [concept("e.Cache"), concept("e.Config")]})}
    return {"tosca_definitions_version": "tosca_simple_yaml_1_3", "topology_template": {"node_templates": {
        name: {"version": "1.0.0", "type": CLAMP + kind, "type_version": "1.0.1", "properties": properties}
        for name, (kind, properties) in kinds.items()}}}


def create(runtime, url="gateway://cache/v1"):
    runtime.must("POST", BASE + "/instantiation", {"controlLoopList": [dict(concept("loop"), definition=concept("l.Test"), elements={
        one: {"id": one, "definition": concept(definition), "propertiesMap": {"baseUrl": base}}
        for one, definition, base in ((CACHE, "e.Cache", "http://unused"), (CONFIG, "e.Config", url))})]})


def records(runtime):
    """The newest record of each element."""
    found = runtime.must("GET", BASE + "/monitoring/clelement?name=p-0&version=1.0.0")["clElementStatistics"]
    return {record["id"]: record for record in sorted(found, key=lambda record: record["timeStamp"])}


def key_of(runtime):
    connection = http.client.HTTPConnection(*runtime.address.rsplit(":", 1), timeout=30)
    connection.request("GET", BASE + "/gateway", None, {"Accept": "application/json"})
    consumers = json.loads(connection.getresponse().read())["consumers"]
    connection.close()
    return next(c["keyauth_credentials"][0]["key"] for c in consumers if c["username"].endswith(CONFIG))


def hold(checks, gateway):
    far = Far()
    try:
        with Runtime("--heart-beat-ms", "100") as runtime:
            runtime.commission(document(far))
            runtime.participant("http", *gateway.arguments(), "--gateway-ms", "50", "--gateway-authz", runtime.address,
                                "--gateway-url", "http://127.0.0.1:%d" % gateway.port)
            create(runtime)
            runtime.reach("PASSIVE")
            wait("what is wrong in the records", lambda: "gatewayProblem" in records(runtime).get(CONFIG, {}))
            gateway.run()
            wait("the gateway", gateway.listens)
            wait("no problem any more", lambda: "gatewayProblem" not in records(runtime)[CONFIG])
            place = "/loop/1.0.0/%s/cache/v1" % CACHE
            wait("the service at the gateway", lambda: gateway.ask("PUT", place + "/limits", key_of(runtime)) == 200)
            far.asked.clear()
            runtime.reach("RUNNING")
            checks.equal(far.asked, [("PUT", "/base/v1/limits", "{}", None)], "the element's own request, through the gateway")
            for method, path, status in (("GET", "/limits", 403), ("PUT", "/other", 403), ("PUT", "/limits/deep", 200)):
                checks.equal(gateway.ask(method, place + path, key_of(runtime)), status, "%s %s" % (method, path))

            def use():
                return (records(runtime)[CACHE].get("gatewayStatistics") or [{}])[0]
            wait("its use in the records", lambda: use().get("denied", 0) >= 2 and use()["requests"] >= 5 and use()["bytes"] > 0)
            checks.equal(use()["service"], "cache", "of the service")
            key = key_of(runtime)
            runtime.process.kill()
            runtime.process.wait()
            checks.check(gateway.ask("PUT", place + "/limits", key) >= 400, "nothing passes while clguardd is down")
    finally:
        gateway.close()
        far.shutdown()
        far.server_close()


def test_nginx(checks):
    if NGINX:
        hold(checks, Nginx())
    else:
        print("skipped: nginx (it is not installed)")


def test_envoy(checks):
    if ENVOY:
        hold(checks, Envoy())
    else:
        print("skipped: Envoy (it is not there)")


class Kong(Far.Handler):
    """POST /config of the Admin API, GET /metrics of the Status API, as Kong 3 has them."""

    def do_POST(self):
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        good = self.path == "/config" and self.headers["Content-Type"] == "application/json" and body.get("_format_version") == "3.0"
        self.server.asked.append(body)
        self.reply(201 if good else 400, "{}")

    def do_GET(self):
        service = 'service="loop~1.0.0~%s~cache~v1",route="r"' % CACHE
        self.reply(200 if self.path == "/metrics" else 404, "\n".join((
            "# TYPE kong_http_requests_total counter", 'kong_http_requests_total{%s,code="200",source="service"} 7' % service,
            'kong_http_requests_total{%s,code="403",source="kong"} 2' % service,
            'kong_bandwidth_bytes{%s,direction="egress"} 640' % service,
            'kong_bandwidth_bytes{%s,direction="ingress"} 1' % service, "kong_nginx_connections_total 3", "")))

    def reply(self, status, text):
        self.send_response(status)
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text.encode())


def test_kong(checks):
    far, kong = Far(), Far(Kong)
    url = "http://127.0.0.1:%d" % kong.server_port
    with Runtime("--heart-beat-ms", "100") as runtime:
        runtime.commission(document(far))
        runtime.participant("http", "--gateway", "kong", "--gateway-target", url, "--gateway-status", url, "--gateway-ms", "50")
        create(runtime)
        runtime.reach("PASSIVE")
        wait("the configuration", lambda: kong.asked and len(kong.asked[-1]["consumers"]) == 2)
        checks.equal({s["name"] for s in kong.asked[-1]["services"]}, {"loop~1.0.0~%s~cache~v1/limits".replace("/", "~") % CACHE}, "services")
        wait("its use", lambda: records(runtime).get(CACHE, {}).get("gatewayStatistics") == [
            {"service": "cache", "requests": 9, "denied": 2, "bytes": 640}])
        runtime.reach("RUNNING")
        checks.equal(far.asked[0][:2], ("PUT", "/base/v1/limits"), "without gateway_url, to the service itself")
        runtime.reach("PASSIVE")
        runtime.reach("UNINITIALISED")
        wait("it is taken away", lambda: not kong.asked[-1]["services"] and not kong.asked[-1]["consumers"])
    for server in (far, kong):
        server.shutdown()
        server.server_close()


def test_a_service_that_is_not_called(checks):
    far = Far()
    with Runtime("--on-failure", "hold") as runtime:
        runtime.commission(document(far))
        runtime.participant("http")
        create(runtime, "gateway://inventory")
        message = runtime.failure("PASSIVE")
        checks.equal(message, "a property names service 'inventory': the element's definition does not call it", "told")
    far.shutdown()
    far.server_close()


def test_settings(checks):
    for arguments, words in ((("--gateway", "apache", "--gateway-target", "x"), "gateway is wrong: expected nginx, envoy or kong, got 'apache'"),
                             (("--gateway", "nginx"), "a gateway needs gateway_target")):
        done = subprocess.run([PROGRAM, "--kind", "http", "--type", "t", "--name", "n", "--service", "127.0.0.1:9", *arguments],
                              capture_output=True, text=True, check=False, timeout=20)
        checks.check(done.returncode == 2 and words in done.stderr, "%s: %d %s" % (arguments, done.returncode, done.stderr))


def main():
    if not os.path.exists(PROGRAM) or "\n  http\n" not in os.popen(PROGRAM + " --help").read():
        print("needs clguard-participant with libcurl")
        return 77
    return Checks().run([test for name, test in globals().items() if name.startswith("test_")])


if __name__ == "__main__":
    sys.exit(main())
