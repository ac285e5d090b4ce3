#!/usr/bin/env python3
"""identity - who may do what: every route, role, way to name oneself and trick; TLS, listeners, browsers, lengths."""
# SPDX-License-Identifier: Apache-2.0
import base64
import hashlib
import http.client
import json
import os
import re
import socket
import ssl
import subprocess
import tempfile
import threading
import time

import service
from service import JSON, SOURCE, Service, basic, main, wait_for

ROLES = ("decide", "reserve", "record", "read", "operate", "administer", "messages", "metrics")


def read(*path):
    with open(os.path.join(SOURCE, *path), encoding="utf-8") as file:
        return file.read()


def routes():
    """(method, path, flags) of the table in api/daemon/routes.c."""
    text = read("api", "daemon", "routes.c")
    prefixes = dict(re.findall(r'#define (\w+) "(/[^"]*)"', text))
    found = re.findall(r'\tROUTE\((\w+), (?:(\w+) )?"([^"]*)", ([^,]+),', text)
    return [(method, prefixes.get(prefix, "") + path, flags) for method, prefix, path, flags in found]


def roles_needed():
    """label -> role of the table in api/http/route_roles.c."""
    text = read("api", "http", "route_roles.c")
    prefixes = dict(re.findall(r'#define (\w+) "(/[^"]*)"', text))
    needed = {}
    for line in text.splitlines():
        row = re.match(r'\t\{(.*), \{ROLE_(\w+), (true|false)\}\},', line)
        if row:
            label = "".join(prefixes.get(part, part.strip('"')) for part in re.findall(r'"[^"]*"|\w+', row[1]))
            needed[label] = row[2].lower()
    return needed


def concrete(path, flags):
    """A path that meets the route."""
    return path.replace("*", "x") + ("x" if "ROUTE_ID" in flags else "")


class Files:
    """users, tokens and roles: for each role one user and one token that hold it alone, and `all`."""

    def __init__(self):
        self.folder = tempfile.mkdtemp(prefix="clguard-identity-")
        names = ROLES + ("all",)
        self.write("users", "".join(f"{name}:pw-{name}\n" for name in names) + "nobody:pw-nobody\n")
        self.write("tokens", "".join(f"t-{name}:{hashlib.sha256(('tok-' + name).encode()).hexdigest()}\n" for name in names))
        self.write("roles", json.dumps({"roles": {**{name: [name] for name in names}, **{f"t-{name}": [name] for name in names},
                                                  "scoped": ["messages:POLICY-*"]}}))

    def write(self, name, text):
        path = os.path.join(self.folder, name)
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
        os.chmod(path, 0o600)
        return path

    def options(self, *more):
        return ("--users", self.folder + "/users", "--tokens", self.folder + "/tokens", "--roles", self.folder + "/roles", *more)


def raw(server, text, wait=2.0):
    """Sends bytes and reads until the other side closes or nothing comes."""
    with server.connect() as sock:
        sock.settimeout(wait)
        sock.sendall(text if isinstance(text, bytes) else text.encode())
        got = b""
        try:
            while True:
                part = sock.recv(65536)
                if not part:
                    break
                got += part
        except TimeoutError:
            pass
        return got


def status_of(answer):
    found = re.match(rb"HTTP/1\.1 (\d+)", answer)
    return int(found[1]) if found else 0


def test_every_route_has_a_role(suite):
    needed = roles_needed()
    labels = {f"{method} {path}" for method, path, _ in routes()}
    suite.check(len(labels) > 40, "routes are found")
    suite.equal(labels - set(needed), set(), "routes without a row in api/http/route_roles.c")
    suite.equal(set(needed) - labels, set(), "rows without a route")


def test_every_route_with_every_role(suite):
    needed, files = roles_needed(), Files()
    asked = 0
    with Service(*files.options()) as server:
        connection = server.connection()
        names = ROLES + ("all",)
        ways = [(name, basic(name, "pw-" + name)) for name in names]
        ways += [(name, {"Authorization": "Bearer tok-" + name}) for name in names]
        wrong = [("nobody", basic("nobody", "pw-nobody"), 403), ("", {}, 401), ("", basic("all", "pw-al"), 401),
                 ("", basic("nosuch", "pw-all"), 401), ("", {"Authorization": "Bearer tok-al"}, 401),
                 ("", {"Authorization": "Basic ="}, 401), ("", {"Authorization": "Digest all"}, 401)]
        for method, path, flags in routes():
            role = needed[f"{method} {path}"]
            where = concrete(path, flags)
            if where.startswith("/events/"):
                where += "?timeout=0"
            if where == "/clguard/v1/events":
                where += "?seconds=0"
            body = b"" if method in ("GET", "DELETE") else b"~"
            for name, headers in ways:
                reply = server.request(method, where, body, {**headers, "Content-Type": "application/json"}, connection)
                asked += 1
                may = "ROUTE_OPEN" in flags or role == "any" or name in (role, "all")
                if may and "x-clguard-reason" in reply.headers:
                    continue  # authz: its own answer is a 403
                if may:
                    suite.check(reply.status not in (401, 403), f"{name} may {method} {where}: {reply.status}")
                else:
                    suite.check(reply.status == 403, f"{name} may not {method} {where}: {reply.status}")
        # Wrong credentials are slowed down, so each is tried on few routes.
        for method, path, flags in (routes()[0], routes()[7], routes()[16]):
            for name, headers, status in wrong:
                reply = server.request(method, concrete(path, flags), b"", headers, connection)
                asked += 1
                suite.equal(reply.status, status, f"{headers} {method} {path}")
        connection.close()
        suite.check("authentication failed: user 'nosuch' from 127.0.0.1" in server.log_text(), "failures are logged")
    suite.check(asked > 900, f"{asked} requests")


def test_tricks_do_not_pass(suite):
    """Nobody without `administer` sets the state, however the request is spelled; it is a 2xx that would tell."""
    files = Files()
    body = b'{"state":"PASSIVE"}'
    who = "Authorization: Basic " + base64.b64encode(b"decide:pw-decide").decode()
    admin = "Authorization: Basic " + base64.b64encode(b"administer:pw-administer").decode()
    path = "/clguard/v1/state"
    paths = [path, "/" + path, path.replace("v1", "V1"), path.upper(), path + "/", path + ".", path + "/.", path + "/x/..",
             "/%63lguard/v1/state", "/clguard%2fv1%2fstate", "/clguard/./v1/state", "/clguard//v1/state", "/live/../clguard/v1/state",
             "/live/..%2fclguard/v1/state", "/%2e%2e/clguard/v1/state", path + "%00", path + "%00.json", path + "?x=1", path + "#x",
             path + ";x", "/live" + path, "http://127.0.0.1" + path, "HTTP://LOCALHOST" + path, "//127.0.0.1" + path,
             path + "%20", path + "\\", "\\clguard\\v1\\state", path.replace("/", "\\/"), "/policy/pdpx/v1/decision/../../../.." + path]
    extra = ["", "X-HTTP-Method-Override: GET\r\n", "X-HTTP-Method: GET\r\n", "X-Original-URL: /live\r\n", "X-Rewrite-URL: /live\r\n",
             "X-Forwarded-User: administer\r\n", "X-Remote-User: administer\r\n", "X-Forwarded-For: 127.0.0.1\r\n",
             "Forwarded: for=127.0.0.1\r\n", admin + "x\r\n", "authorization: Bearer tok-\r\n", "Cookie: user=administer\r\n",
             who + "\r\n", "Proxy-" + admin + "\r\n", "X-" + admin + "\r\n", " " + admin + "\r\n"]
    asked = passed = 0
    with Service(*files.options()) as server:
        for credentials in ("", who + "\r\n", who.replace("Basic", "bAsIc") + "\r\n", "Authorization: Bearer tok-decide\r\n"):
            for one in paths:
                for more in extra:
                    for method in ("PUT", "put", "POST"):
                        request = (f"{method} {one} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n{credentials}{more}"
                                   f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n").encode() + body
                        if not credentials and "uthorization:" in more and one != path:
                            continue  # wrong credentials alone are slowed down: one path tries them
                        status = status_of(raw(server, request))
                        asked += 1
                        passed += 200 <= status < 300
                        if not suite.check(not 200 <= status < 300, f"{request!r}: {status}"):
                            return
        suite.equal(server.request("GET", path, headers=basic("read", "pw-read")).json, {"state": "ACTIVE"}, "nothing was done")
        reply = server.request("PUT", path, {"state": "PASSIVE"}, {**JSON, **basic("administer", "pw-administer")})
        suite.equal(reply.status, 200, "who may, may")
    suite.check(asked > 4000 and passed == 0, f"{asked} requests, {passed} passed")


def test_scoped_roles(suite):
    files = Files()
    files.write("roles", 'roles:\n  decide: ["messages:POLICY-*", "messages:ONE"]\n  anonymous: [metrics]\n  default: [read]\n')
    with Service(*files.options()) as server:
        headers = {"Content-Type": "application/json", **basic("decide", "pw-decide")}
        for topic, status in (("POLICY-A", 200), ("ONE", 200), ("ONES", 403), ("policy-a", 403)):
            suite.equal(server.request("POST", "/events/" + topic, "{}", headers).status, status, "publish to " + topic)
            suite.equal(server.request("GET", f"/events/{topic}/g/i?timeout=0", headers=headers).status, status, "fetch " + topic)
        suite.equal(server.request("GET", "/topics", headers=headers).status, 403, "the list needs the role for all topics")
        suite.equal(server.request("GET", "/metrics", headers={}).status, 200, "anonymous")
        suite.equal(server.request("GET", "/clguard/v1/generation", headers={}).status, 401, "no more than its roles")
        suite.equal(server.request("GET", "/clguard/v1/generation", headers=basic("all", "pw-all")).status, 200, "default")
        reply = server.request("PUT", "/clguard/v1/state", {"state": "PASSIVE"}, {**JSON, **basic("all", "pw-all")})
        suite.equal((reply.status, reply.json["details"]), (403, ["'all' does not hold the role administer"]), "a 403 names the role")
        # The file is read again; a bad one changes nothing.
        files.write("roles", "roles:\n  all: [admnister]\n")
        server.process.send_signal(1)
        suite.check(wait_for(lambda: "roles:2:9: there is no role 'admnister'; did you mean 'administer'?" in server.log_text()
                             or "there is no role 'admnister'; did you mean 'administer'?" in server.log_text()), "a bad file is told")
        suite.equal(server.request("GET", "/clguard/v1/generation", headers=basic("all", "pw-all")).status, 200, "the old roles stay")
        files.write("roles", "roles:\n  all: [all]\n")
        server.process.send_signal(1)
        suite.check(wait_for(lambda: server.request("PUT", "/clguard/v1/state", {"state": "ACTIVE"},
                                                    {**JSON, **basic("all", "pw-all")}).status == 200), "the new roles hold")
        suite.equal(server.request("GET", "/metrics", headers={}).status, 401, "and the old ones are gone")


def test_roles_for_an_actor_or_a_control_loop(suite):
    files = Files()
    files.write("roles", 'roles:\n  decide: ["decide:APPC", "reserve:APPC", "record:APPC", "reserve:S*"]\n  operate: ["operate:PMSH*"]\n'
                         "  all: [all]\n")
    with Service(*files.options()) as server:
        who, operator = {**JSON, **basic("decide", "pw-decide")}, {**JSON, **basic("operate", "pw-operate")}
        everybody = {**JSON, **basic("all", "pw-all")}
        for actor, decides, reserves in (("APPC", 200, 201), ("SO", 403, 201), ("VFC", 403, 403), ("appc", 403, 403)):
            question = service.ask(actor=actor, operation="Restart", target="vm", requestId="r-" + actor)
            suite.equal(server.request("POST", service.DECISION, question, who).status, decides, "decides for " + actor)
            suite.equal(server.request("POST", "/clguard/v1/reservations", question, who).status, reserves, "reserves for " + actor)
            row = {"actor": actor, "operation": "Restart", "target": "vm", "outcome": "Success", "requestId": "x" + actor}
            suite.equal(server.request("POST", "/clguard/v1/operations", row, who).status, 200 if actor == "APPC" else 403, "records for " + actor)
        for actors, decides, reserves in ((("APPC",), 200, 201), (("APPC", "SO"), 403, 201), (("APPC", "VFC"), 403, 403), (("VFC",), 403, 403)):
            asks = [service.ask(actor=actor, operation="Scale", requestId=f"b-{len(actors)}-{actor}") for actor in actors]
            items = [{"subject": {"type": "actor", "id": actor}} for actor in actors]
            base = {"action": {"name": "Scale"}, "resource": {"type": "vm", "id": "vm"}}
            suite.equal(server.request("POST", "/clguard/v1/decisions", {"decisions": asks}, who).status, decides, f"decides for {actors}")
            suite.equal(server.request("POST", "/access/v1/evaluations", {**base, "evaluations": items}, who).status, decides, f"evaluates {actors}")
            suite.equal(server.request("POST", "/access/v1/evaluation", {**base, **items[-1]}, who).status,
                        200 if actors[-1] == "APPC" else 403, f"evaluates {actors[-1]}")
            xacml = {"Request": {"AccessSubject": {"Attribute": [{"AttributeId": "urn:oasis:names:tc:xacml:1.0:subject:subject-id",
                                                                  "Value": actors[-1]}]}}}
            suite.equal(server.request("POST", "/policy/pdpx/v1/xacml", xacml, {**who, "Content-Type": "application/xacml+json", "Accept": "*/*"}).status,
                        200 if actors[-1] == "APPC" else 403, f"XACML for {actors[-1]}")
            suite.equal(server.request("POST", "/clguard/v1/reservations", {"reservations": asks}, who).status, reserves, f"reserves for {actors}")
        rows = [{"actor": actor, "operation": "Restart", "outcome": "Success", "requestId": "y"} for actor in ("APPC", "SO")]
        suite.equal(server.request("POST", "/clguard/v1/operations", rows, who).status, 403, "one of several is not theirs")
        suite.equal(len(server.request("GET", "/clguard/v1/operations?operation=Restart", headers=everybody).json), 3, "nothing of it is kept")
        suite.equal(server.request("POST", service.DECISION, {"action": "access", "resource": {}}, who).status, 403, "other actions have no actor")
        taken = server.request("POST", "/clguard/v1/reservations", service.ask(actor="VFC", operation="Heal", requestId="v"), everybody)
        path = "/clguard/v1/reservations/" + taken.json["reservation"]
        suite.equal(server.request("DELETE", path, headers=who).status, 404, "there is no reservation of others")
        suite.equal(server.request("PUT", path, {"outcome": "Success"}, who).status, 404, "neither to settle")
        suite.equal(server.request("DELETE", path, headers=everybody).status, 200, "it still stands")
        own = server.request("POST", "/clguard/v1/reservations", service.ask(actor="APPC", operation="Heal", requestId="w"), who)
        suite.equal(server.request("PUT", "/clguard/v1/reservations/" + own.json["reservation"], {"outcome": "Success"}, who).status, 200, "an own one")
        loops = "/onap/controlloop/v2/instantiation"
        for name, may in (("PMSH_1", True), ("pmsh_1", False), ("Other", False)):
            body = {"orderedState": "PASSIVE", "controlLoopIdentifierList": [{"name": name, "version": "1.0.0"}]}
            both = {"orderedState": "PASSIVE", "controlLoopIdentifierList": [{"name": "PMSH_1", "version": "1.0.0"}, {"name": name, "version": "1.0.0"}]}
            made = {"controlLoopList": [{"name": name, "version": "1.0.0"}]}
            for method, where, what in (("PUT", "/command", body), ("PUT", "/command", both), ("POST", "", made), ("PUT", "", made),
                                        ("DELETE", f"?name={name}&version=1.0.0", None),
                                        ("PUT", f"/rollback?name={name}&version=1.0.0&toVersion=0.9.0", b"")):
                status = server.request(method, loops + where, what, operator).status
                suite.check((status != 403) == may and status >= 400, f"operates {name}: {method} {where} {status}")
        suite.equal(server.request("POST", "/onap/controlloop/v2/commission", {}, operator).status, 403, "types are of no control loop")
        composed = {"orderedState": "PASSIVE", "automationCompositionIdentifierList": [{"name": "Other", "version": "1.0.0"}]}
        suite.equal(server.request("PUT", "/onap/automationcomposition/v2/instantiation/command", composed, operator).status, 403, "other words")


def test_a_body_says_what_it_is(suite):
    with Service() as server:
        for method, path, status in (("PUT", "/clguard/v1/state", 415), ("POST", "/clguard/v1/operations", 415), ("POST", service.DECISION, 200),
                                     ("POST", "/clguard/v1/reservations", 415)):
            body = '{"state":"ACTIVE"}' if method == "PUT" else json.dumps(service.ask(actor="a", operation="o", requestId="r"))
            suite.equal(server.request(method, path, body, {}).status, status, f"{method} {path} without a type")
        answer = raw(server, "PUT /clguard/v1/state HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n13\r\n" '{"state":"PASSIVE"}'
                     "\r\n0\r\n\r\n", 1)
        suite.equal(status_of(answer), 415, "in chunks")
        suite.equal(server.request("GET", "/clguard/v1/state").json, {"state": "ACTIVE"}, "nothing was done")


def test_guessing_is_slow_and_others_are_not(suite):
    files = Files()
    hashed = subprocess.run(["openssl", "passwd", "-6", "good"], capture_output=True, text=True, check=True).stdout
    files.write("users", "ann:" + hashed + "\nbob:" + hashed)
    with Service("--users", files.folder + "/users") as server:
        suite.equal(server.request("GET", "/clguard/v1/generation", headers=basic("ann", "good")).status, 200, "first")
        stop, counts = threading.Event(), []

        def guess(number):
            tried = refused = 0
            while not stop.is_set():
                status = server.request("GET", "/clguard/v1/generation", headers=basic("ann", f"guess-{number}-{tried}")).status
                tried += 1
                refused += status in (401, 503)
            counts.append((tried, refused))

        threads = [threading.Thread(target=guess, args=(i,)) for i in range(16)]
        for thread in threads:
            thread.start()
        times, connection = [], server.connection()
        until = time.monotonic() + 3
        while time.monotonic() < until:
            begun = time.monotonic()
            status = server.request("GET", "/clguard/v1/generation", headers=basic("ann", "good"), connection=connection).status
            times.append(time.monotonic() - begun)
            if not suite.equal(status, 200, "who is known goes on"):
                break
        stop.set()
        for thread in threads:
            thread.join()
        checked = server.log_text().count("authentication failed")
        suite.check(checked <= 40, f"{checked} passwords were checked in 3 s")
        suite.check(all(tried == refused for tried, refused in counts), "all guesses are refused")
        times.sort()
        suite.check(times[len(times) // 2] < 0.2, f"median of who is known: {times[len(times) // 2] * 1000:.1f} ms")


def test_the_time_of_a_refusal_does_not_tell_who_there_is(suite):
    files = Files()
    hashed = subprocess.run(["perl", "-e", "print crypt('good', '$6$rounds=300000$saltsalt')"], capture_output=True, text=True,
                            check=True).stdout
    files.write("users", f"ann:{hashed}\nbob:plain\n")
    took = {}
    for name in ("ann", "bob", "nobody"):
        with Service("--users", files.folder + "/users") as server:
            begun = time.monotonic()
            suite.equal(server.request("GET", "/clguard/v1/generation", headers=basic(name, "bad")).status, 401, name)
            took[name] = time.monotonic() - begun
            suite.equal(server.request("GET", "/clguard/v1/generation", headers=basic("bob", "plain")).status, 200, "bob")
    suite.check(min(took.values()) > 0.04, f"each costs a hash: {took}")


def certificates(folder):
    """ca, server (localhost), other (localhost, a new key), client (loop-1), stranger (self-signed)."""
    def openssl(*words):
        subprocess.run(["openssl", *words], check=True, capture_output=True, cwd=folder)

    openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-keyout", "ca.key", "-out",
            "ca.pem", "-days", "2", "-subj", "/CN=ca", "-addext", "keyUsage=critical,keyCertSign")  # Python 3.13 wants it
    for name, subject in (("server", "localhost"), ("other", "localhost"), ("client", "loop-1")):
        openssl("req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-keyout", name + ".key", "-out",
                name + ".csr", "-subj", "/CN=" + subject)
        with open(os.path.join(folder, "ext"), "w", encoding="utf-8") as file:
            file.write(f"subjectAltName=DNS:{subject},IP:127.0.0.1\nauthorityKeyIdentifier=keyid\nsubjectKeyIdentifier=hash")
        openssl("x509", "-req", "-in", name + ".csr", "-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial", "-days", "2",
                "-extfile", "ext", "-out", name + ".pem")
    openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-keyout", "stranger.key",
            "-out", "stranger.pem", "-days", "2", "-subj", "/CN=loop-1")


def tls_get(port, context, path, headers=None, method="GET", body=None):
    connection = http.client.HTTPSConnection("localhost", port, context=context, timeout=10)
    try:
        connection.request(method, path, body=body, headers=headers or {})
        return service.Reply(connection.getresponse())
    finally:
        connection.close()


def test_tls(suite):
    files = Files()
    folder = files.folder
    certificates(folder)
    files.write("roles", "roles:\n  cert:loop-1: [read]\n  all: [all]\n")
    for name in ("server", "key"):
        source = "server.pem" if name == "server" else "server.key"
        with open(os.path.join(folder, source), encoding="utf-8") as file:
            files.write("used." + ("pem" if name == "server" else "key"), file.read())
    options = files.options("--tls-certificate", folder + "/used.pem", "--tls-key", folder + "/used.key", "--tls-client-ca",
                            folder + "/ca.pem")
    with Service(*options) as server:
        context = ssl.create_default_context(cafile=folder + "/ca.pem")
        suite.equal(tls_get(server.port, context, "/live").status, 200, "TLS")
        suite.equal(tls_get(server.port, context, "/clguard/v1/generation").status, 401, "without credentials")
        suite.equal(tls_get(server.port, context, "/clguard/v1/generation", basic("all", "pw-all")).status, 200, "Basic over TLS")
        for version, works in ((ssl.TLSVersion.TLSv1_2, True), (ssl.TLSVersion.TLSv1_3, True), (ssl.TLSVersion.TLSv1_1, False)):
            one = ssl.create_default_context(cafile=folder + "/ca.pem")
            one.set_ciphers("ALL:@SECLEVEL=0")
            one.minimum_version = one.maximum_version = version
            try:
                got = tls_get(server.port, one, "/live").status == 200
            except (ssl.SSLError, ConnectionError):
                got = False
            suite.equal(got, works, str(version))
        client = ssl.create_default_context(cafile=folder + "/ca.pem")
        client.load_cert_chain(folder + "/client.pem", folder + "/client.key")
        suite.equal(tls_get(server.port, client, "/clguard/v1/generation").status, 200, "a client certificate")
        suite.equal(tls_get(server.port, client, "/clguard/v1/state", JSON, "PUT", '{"state":"PASSIVE"}').status, 403, "and its roles")
        stranger = ssl.create_default_context(cafile=folder + "/ca.pem")
        stranger.load_cert_chain(folder + "/stranger.pem", folder + "/stranger.key")
        try:
            status = tls_get(server.port, stranger, "/clguard/v1/generation").status
        except (ssl.SSLError, ConnectionError):
            status = 401
        suite.equal(status, 401, "a certificate of nobody we know")
        suite.equal(status_of(raw(server, b"GET /live HTTP/1.1\r\nHost: localhost\r\n\r\n", 1)), 0, "plain HTTP is not answered")

        # Another certificate while requests go on.
        failed, stop = [], threading.Event()

        def ask():
            while not stop.is_set():
                try:
                    if tls_get(server.port, context, "/live").status != 200:
                        failed.append("status")
                except (OSError, http.client.HTTPException) as problem:
                    failed.append(repr(problem))

        threads = [threading.Thread(target=ask) for _ in range(3)]
        for thread in threads:
            thread.start()
        kept = http.client.HTTPSConnection("localhost", server.port, context=context, timeout=10)
        kept.connect()
        before = kept.sock.getpeercert()["serialNumber"]
        for name in ("other", "server", "other"):
            for kind in ("pem", "key"):
                with open(os.path.join(folder, f"{name}.{kind}"), encoding="utf-8") as file:
                    files.write("used." + kind, file.read())
            server.process.send_signal(1)
            time.sleep(0.3)
        files.write("used.key", open(folder + "/server.key", encoding="utf-8").read())
        server.process.send_signal(1)
        suite.check(wait_for(lambda: "the key does not belong to the certificate" in server.log_text()), "a wrong pair is refused")
        kept.request("GET", "/live")
        suite.equal(kept.getresponse().status, 200, "an open connection goes on")
        kept.close()
        stop.set()
        for thread in threads:
            thread.join()
        suite.equal(failed, [], "requests during reloads")
        with socket.create_connection(("localhost", server.port)) as sock, context.wrap_socket(sock, server_hostname="localhost") as tls:
            suite.check(tls.getpeercert()["serialNumber"] != before, "new connections have the new certificate")


def test_listeners_carry_roles(suite):
    files = Files()
    path = files.folder + "/admin.sock"
    files.write("roles", json.dumps({"roles": {f"uid:{os.getuid()}": ["administer", "read"], "all": ["all"]}}))
    with Service(*files.options("--listeners", f"unix:{path},roles=administer+read")) as server:
        def unix(method, where, body=None, headers=None):
            connection = http.client.HTTPConnection("localhost", timeout=10)
            connection.sock = socket.socket(socket.AF_UNIX)
            connection.sock.connect(path)
            connection.request(method, where, body=body, headers=headers or {"Content-Type": "application/json"})
            reply = service.Reply(connection.getresponse())
            connection.close()
            return reply

        suite.equal(unix("PUT", "/clguard/v1/state", '{"state":"ACTIVE"}').status, 200, "a peer of the socket by its user id")
        reply = unix("GET", "/metrics", headers=basic("all", "pw-all"))
        suite.equal((reply.status, reply.json["details"]), (403, ["this listener does not carry the role metrics"]), "not carried")
        suite.equal(server.request("GET", "/metrics", headers=basic("all", "pw-all")).status, 200, "but elsewhere")
    run = subprocess.run([service.PROGRAM, "--listen", "127.0.0.1:0", "--listeners", "127.0.0.1:0,roles=rad"], capture_output=True,
                         text=True, timeout=10, check=False)
    suite.check(run.returncode == 1 and "there is no role 'rad'; did you mean 'read'?" in run.stderr, run.stderr)


def test_an_open_service_stays_at_home(suite):
    for listen in ("0.0.0.0:0", "[::]:0", ":0"):
        run = subprocess.run([service.PROGRAM, "--listen", listen], capture_output=True, text=True, timeout=10, check=False)
        suite.check(run.returncode == 1 and "is reached by other machines" in run.stderr, f"{listen}: {run.returncode} {run.stderr}")
    with Service("--open-to-network", "allow", listen="0.0.0.0:0") as server:
        suite.equal(server.request("GET", "/live", headers={}).status, 200, "told in words")
    files = Files()
    with Service("--users", files.folder + "/users", listen="0.0.0.0:0") as server:
        suite.equal(server.request("GET", "/live", headers={}).status, 200, "with users")


def test_pages_of_others_do_nothing(suite):
    with Service("--origins", "https://noc.example") as server:
        port = server.port
        own = {"Host": f"127.0.0.1:{port}"}
        cases = [({"Origin": "http://evil.example"}, 403), ({"Origin": "null"}, 403), ({"Origin": f"http://127.0.0.1:{port}"}, 200),
                 ({"Origin": "https://noc.example"}, 200), ({"Origin": "https://noc.example.evil"}, 403),
                 ({"Sec-Fetch-Site": "cross-site"}, 403), ({"Sec-Fetch-Site": "same-origin"}, 200), ({"Sec-Fetch-Site": "none"}, 200),
                 ({"Origin": f"http://rebound.example:{port}", "Host": f"rebound.example:{port}"}, 403),
                 ({"Sec-Fetch-Site": "same-origin", "Host": f"rebound.example:{port}"}, 403), ({"Host": "clguard:6969"}, 200)]
        for headers, status in cases:
            for method, path, body in (("PUT", "/clguard/v1/state", '{"state":"ACTIVE"}'), ("GET", "/clguard/v1/state", None)):
                got = server.request(method, path, body, {**own, "Content-Type": "application/json", **headers}).status
                suite.equal(got, status, f"{method} {headers}")
    with Service("--hosts", "clguard.example") as server:
        suite.equal(server.request("GET", "/clguard/v1/state", headers={"Host": "clguard.example:1"}).status, 200, "a host of ours")
        suite.equal(server.request("GET", "/clguard/v1/state", headers={"Host": "other.example"}).status, 403, "another one")


def test_doubtful_lengths_end_the_connection(suite):
    hidden = "PUT /clguard/v1/state HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 19\r\n\r\n" \
             '{"state":"PASSIVE"}'
    first = "POST /policy/pdpx/v1/decision HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
    shapes = ["Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n",
              "Content-Length: 2\r\nContent-Length: 2\r\n\r\n{}", "Content-Length: 2\r\nContent-Length: 0\r\n\r\n{}",
              "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n0\r\n\r\n", "Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n",
              "Host: other\r\nContent-Length: 2\r\n\r\n{}"]
    with Service() as server:
        for shape in shapes:
            answer = raw(server, first + shape + hidden, 1)
            suite.check(status_of(answer) in (400, 0), f"refused, or hung up: {shape} {answer!r}")
            suite.check(answer.count(b"HTTP/1.1 ") <= 1, "one answer: " + shape)
        suite.equal(server.request("GET", "/clguard/v1/state").json, {"state": "ACTIVE"}, "no hidden request was run")
        suite.equal(status_of(raw(server, "GET /live%00x HTTP/1.1\r\nHost: x\r\n\r\n", 1)), 400, "a NUL in the path")


def test_a_nul_anywhere_in_the_head_is_refused(suite):
    heads = ["GET /live?x=1 HTTP/1.1\r\nHost: x\r\nX-A: b\r\nConnection: close\r\n\r\n", "GET /live HTTP/1.0\r\n\r\n"]
    with Service() as server:
        for head in heads:
            suite.equal(status_of(raw(server, head, 1)), 200, "without one")
            # At the end of the last line there is nothing that it could hide.
            for place in range(len(head) - 4):
                answer = raw(server, head[:place] + "\0" + head[place:], 1)
                suite.check(status_of(answer) in (400, 0), f"a NUL at {place}, behind {head[max(0, place - 6):place]!r}: {answer[:40]!r}")
        suite.equal(status_of(raw(server, heads[0].replace("x=1", "x=%00&y=1"), 1)), 200, "a NUL in a parameter is a value")
        for shape in ("GET /live HTTP/1.1\nHost: x\n\n", "GET /live HTTP/1.1\r\nHost: x\nX-A: b\r\n\r\n",
                      "GET /live HTTP/1.1\r\nHost: x\r\nX-A: b\r\n c\r\n\r\n"):
            suite.equal(status_of(raw(server, shape, 1)), 400, f"a line that ends or goes on as few read it: {shape!r}")
        for head in (heads[0].replace("?x=1", ""), heads[0].replace("x=1", "a=b&c=d&e"), heads[0].replace("X-A: b", "X-A:b  "),
                     heads[0].replace("X-A: b", "X-A:  "), heads[0].replace("X-A: b", "X-A:"), heads[0].replace("X-A: b", "Cookie: a=b; c=d")):
            suite.equal(status_of(raw(server, head, 1)), 200, f"as ever: {head!r}")


if __name__ == "__main__":
    main(globals())
