#!/usr/bin/env python3
"""jwt - JSON Web Tokens: who they let in, and why the others are refused; key sets that change, are slow, or are down."""
# SPDX-License-Identifier: Apache-2.0
import base64
import http.server
import json
import os
import ssl
import subprocess
import tempfile
import threading
import time

import service
from service import JSON, Service, basic, main, wait_for

ISSUER, AUDIENCE = "https://sso.example/realms/noc", "clguard"
WHERE = "/clguard/v1/generation"


def url64(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def openssl(*words, data=None):
    return subprocess.run(["openssl", *words], input=data, check=True, capture_output=True).stdout


class Key:
    """A private key, its JWK, and signatures by it."""

    def __init__(self, folder, kind, kid):
        self.path, self.kind, self.kid = os.path.join(folder, kid + ".pem"), kind, kid
        options = {"RSA": ("RSA", "-pkeyopt", "rsa_keygen_bits:2048"), "short": ("RSA", "-pkeyopt", "rsa_keygen_bits:1024"),
                   "EC": ("EC", "-pkeyopt", "ec_paramgen_curve:prime256v1"), "OKP": ("ED25519",)}[kind]
        openssl("genpkey", "-algorithm", *options, "-out", self.path)
        public = openssl("pkey", "-in", self.path, "-pubout", "-outform", "DER")
        if kind in ("RSA", "short"):
            modulus = openssl("rsa", "-in", self.path, "-noout", "-modulus").decode().split("=")[1].strip()
            self.jwk = {"kty": "RSA", "n": url64(bytes.fromhex(modulus)), "e": "AQAB", "kid": kid, "use": "sig"}
        elif kind == "EC":
            self.jwk = {"kty": "EC", "crv": "P-256", "x": url64(public[-64:-32]), "y": url64(public[-32:]), "kid": kid}
        else:
            self.jwk = {"kty": "OKP", "crv": "Ed25519", "x": url64(public[-32:]), "kid": kid}

    def sign(self, algorithm, data):
        if algorithm == "EdDSA":
            with tempfile.NamedTemporaryFile() as file:
                file.write(data)
                file.flush()
                return openssl("pkeyutl", "-sign", "-rawin", "-inkey", self.path, "-in", file.name)
        pss = ("-sigopt", "rsa_padding_mode:pss", "-sigopt", "rsa_pss_saltlen:digest") if algorithm.startswith("PS") else ()
        signature = openssl("dgst", "-sha" + algorithm[2:], *pss, "-sign", self.path, data=data)
        if algorithm != "ES256":
            return signature
        numbers, at = [], 2  # SEQUENCE {INTEGER r, INTEGER s}
        for _ in range(2):
            length = signature[at + 1]
            numbers.append(int.from_bytes(signature[at + 2:at + 2 + length], "big"))
            at += 2 + length
        return b"".join(number.to_bytes(32, "big") for number in numbers)

    def token(self, claims, algorithm=None, header=None, signer=None):
        algorithm = algorithm or {"RSA": "RS256", "short": "RS256", "EC": "ES256", "OKP": "EdDSA"}[self.kind]
        head = {"alg": algorithm, "typ": "JWT", "kid": self.kid, **(header or {})}
        head = {key: value for key, value in head.items() if value is not None}
        text = url64(json.dumps(head).encode()) + "." + url64(json.dumps(claims).encode())
        return text + "." + url64((signer or self.sign)(algorithm, text.encode()))


def claims(**changes):
    now = int(time.time())
    all_claims = {"iss": ISSUER, "aud": AUDIENCE, "sub": "ann", "iat": now, "nbf": now, "exp": now + 600,
                  "roles": ["clguard:read"], **changes}
    return {key: value for key, value in all_claims.items() if value is not None}


def hmac_by(secret):
    import hashlib
    import hmac
    return lambda algorithm, data: hmac.new(secret, data, hashlib.sha256).digest()


class Keys:
    """A folder with a key set, and options of a service that takes its tokens."""

    def __init__(self, *keys):
        self.folder = tempfile.mkdtemp(prefix="clguard-jwt-")
        self.write("roles", "roles:\n  claim:operators: [administer, read]\n  claim:edge: [\"decide:APPC\"]\n  jwt:bob: [metrics]\n")
        self.audit = os.path.join(self.folder, "audit")

    def write(self, name, text):
        path = os.path.join(self.folder, name)
        with open(path + ".new", "w", encoding="utf-8") as file:
            file.write(text if isinstance(text, str) else json.dumps(text))
        os.rename(path + ".new", path)
        return path

    def options(self, *more, keys=None):
        return ("--jwt-keys", keys or self.folder + "/jwks", "--jwt-issuer", ISSUER, "--jwt-audience", AUDIENCE, "--roles",
                self.folder + "/roles", "--audit-log", self.audit, *more)

    def reasons(self):
        with open(self.audit, encoding="utf-8") as file:
            return [line.get("why", "") for line in map(json.loads, file) if line["event"] == "login"]


def bearer(token):
    return {"Authorization": "Bearer " + token}


def have_rhonabwy():
    with open(os.path.join(service.BUILD, "config.log"), encoding="utf-8", errors="replace") as file:
        return "-DHAVE_RHONABWY=1" in file.read()


def test_who_is_let_in(suite):
    keys = Keys()
    rsa, ec, okp = (Key(keys.folder, kind, kid) for kind, kid in (("RSA", "one"), ("EC", "two"), ("OKP", "three")))
    keys.write("jwks", {"keys": [rsa.jwk, ec.jwk, okp.jwk, {"kty": "RSA", "n": "AQAB", "e": "AQAB", "kid": "enc", "use": "enc"}]})
    with Service(*keys.options()) as server:
        def ask(token, path=WHERE, method="GET", body=None):
            return server.request(method, path, body, {**JSON, **bearer(token)}).status

        for key, algorithm in ((rsa, "RS256"), (rsa, "RS512"), (rsa, "PS256"), (ec, "ES256"), (okp, "EdDSA")):
            suite.equal(ask(key.token(claims(), algorithm)), 200, algorithm)
        suite.equal(ask(ec.token(claims(aud=["other", AUDIENCE]))), 200, "one of several audiences")
        suite.equal(ask(ec.token(claims(), header={"kid": None})), 200, "without kid, where one key fits")
        suite.equal(ask(ec.token(claims(), header={"typ": "at+jwt"})), 200, "an access token")
        suite.equal(ask(ec.token(claims(exp=int(time.time()) - 10))), 200, "clocks may differ a little")
        token = ec.token(claims())
        suite.equal(ask(token, "/metrics"), 403, "roles of the claim, and no others")
        suite.equal(ask(ec.token(claims(roles="clguard:metrics clguard:read")), "/metrics"), 200, "roles as one text")
        suite.equal(ask(ec.token(claims(roles=["metrics", "all"])), "/metrics"), 403, "a role of another program is not ours")
        suite.equal(ask(ec.token(claims(sub="bob", roles=[])), "/metrics"), 200, "roles of the subject by the file")
        state = json.dumps({"state": "ACTIVE"})
        suite.equal(ask(token, "/clguard/v1/state", "PUT", state), 403, "may not administer")
        suite.equal(ask(ec.token(claims(roles=["operators"])), "/clguard/v1/state", "PUT", state), 200, "a claim by the file")
        for actor, status in (("APPC", 200), ("SO", 403)):
            for roles in (["edge"], ["clguard:decide:APPC"]):
                got = ask(ec.token(claims(roles=roles)), service.DECISION, "POST", json.dumps(service.ask(actor=actor, operation="Restart")))
                suite.equal(got, status, f"{roles} decides for {actor}")
        reply = server.request("PUT", "/clguard/v1/state", state, {**JSON, **bearer(token)})
        suite.equal(reply.json["details"], ["'jwt:ann' does not hold the role administer"], "its name")
    with Service(*keys.options("--jwt-roles-claim", "realm_access.roles")) as server:
        token = ec.token(claims(roles=None, realm_access={"roles": ["clguard:read"]}))
        suite.equal(server.request("GET", WHERE, headers=bearer(token)).status, 200, "a claim inside another")


def test_each_refusal_has_its_reason(suite):
    keys = Keys()
    rsa, ec, stranger = (Key(keys.folder, kind, kid) for kind, kid in (("RSA", "one"), ("EC", "two"), ("EC", "strange")))
    keys.write("jwks", {"keys": [rsa.jwk, ec.jwk]})
    now = int(time.time())
    public = openssl("pkey", "-in", rsa.path, "-pubout")
    good = ec.token(claims()).split(".")
    unsigned = url64(b'{"alg":"none","typ":"JWT"}') + "." + good[1] + "."
    fake = stranger.sign
    cases = [
        (unsigned, "the token is not signed (alg none)"),
        (ec.token(claims(), header={"alg": "NoNe"}), "the token is not signed (alg none)"),
        (rsa.token(claims(), header={"alg": "HS256"}, signer=hmac_by(public)), "algorithm 'HS256' is not allowed (jwt_algorithms)"),
        (ec.token(claims(), signer=fake), "the token's signature is not of key 'two'"),
        (rsa.token(claims(), header={"kid": "two"}), "key 'two' is not for algorithm RS256"),
        (stranger.token(claims()), "there is no key 'strange' in the key set"),
        (stranger.token(claims(), header={"jwk": stranger.jwk}), "there is no key 'strange' in the key set"),
        (stranger.token(claims(), header={"kid": "two", "jwk": stranger.jwk}), "the token's signature is not of key 'two'"),
        (ec.token(claims(exp=now - 100)), "the token expired 10"),
        (ec.token(claims(exp=None)), "the token never expires (exp is missing)"),
        (ec.token(claims(exp="tomorrow")), "a time of the token (exp, nbf, iat) is not Unix seconds"),
        (ec.token(claims(nbf=now + 500)), "the token is not valid for another"),
        (ec.token(claims(iat=now + 500)), "the token was issued"),
        (ec.token(claims(aud="other")), "the token is not for audience 'clguard'"),
        (ec.token(claims(aud=None)), "the token is not for audience 'clguard'"),
        (ec.token(claims(iss="https://evil.example")), "the token's issuer is 'https://evil.example': expected '" + ISSUER + "'"),
        (ec.token(claims(sub=None)), "the token names nobody (sub is missing)"),
        (ec.token(claims(sub="a b")), "the token's subject has a character that a name cannot have"),
        (ec.token(claims(sub="x" * 400)), "the token's subject has 400 bytes: expected at most 311"),
        (ec.token(claims(), header={"crit": ["exp"]}), "the token wants extensions (crit), and none is known here"),
        (ec.token(claims(), header={"typ": "logout+jwt"}), "the token is of type 'logout+jwt': expected JWT or at+jwt"),
        (ec.token(claims(padding="x" * 9000)), "bytes: expected at most 8192"),
        ("a.b.c", "the header of the token is not a JSON map"),
        (good[0] + "." + url64(b'{"sub":"eve"}') + "." + good[2], "the token's signature is not of key 'two'"),
        (good[0] + "." + good[1] + "." + good[2][:-2], "the token"),
    ]
    for index, (token, reason) in enumerate(cases):
        if index % 5 == 0:  # the address is slowed down with each failure
            if index:
                server.__exit__(None, None, None)
            server = Service(*keys.options("--header-size", "64K"))
            before = 0
        reply = server.request("GET", WHERE, headers=bearer(token))
        suite.equal(reply.status, 401, reason)
        before += 1
        suite.check(wait_for(lambda: len(keys.reasons()) > index), f"an audit line for: {reason}")
        suite.check(keys.reasons()[-1].startswith(reason) or reason in keys.reasons()[-1], f"{keys.reasons()[-1]!r}, not {reason!r}")
    metrics = server.request("GET", "/metrics", headers=bearer(ec.token(claims(roles=["clguard:metrics"])))).body.decode()
    suite.check('clguard_login_failures_total{reason="token"} 5\n' in metrics, "failures are counted")
    server.__exit__(None, None, None)


class KeyServer:
    """Answers with .body and .status, after .delay seconds."""

    def __init__(self, tls=None):
        outer, self.body, self.status, self.delay, self.asked = self, b"", 200, 0, 0

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                outer.asked += 1
                time.sleep(outer.delay)
                self.send_response(outer.status)
                self.send_header("Content-Length", str(len(outer.body)))
                self.end_headers()
                try:
                    self.wfile.write(outer.body)
                except OSError:
                    pass  # who asked has had enough

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        if tls:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(*tls)
            self.server.socket = context.wrap_socket(self.server.socket, server_side=True)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        self.port = self.server.server_address[1]

    def stop(self):
        self.server.shutdown()
        self.server.server_close()


def test_key_sets_from_a_url(suite):
    keys, web = Keys(), KeyServer()
    one, two = Key(keys.folder, "EC", "one"), Key(keys.folder, "EC", "two")
    web.body = json.dumps({"keys": [one.jwk]}).encode()
    url = f"http://127.0.0.1:{web.port}/jwks"

    def status(server, token):
        return server.request("GET", WHERE, headers=bearer(token)).status

    with Service(*keys.options(keys=url)) as server:
        suite.check(wait_for(lambda: "keys of JSON Web Tokens were read" in server.log_text()), "the keys are fetched")
        suite.equal(status(server, one.token(claims())), 200, "a key of the URL")
        suite.equal(status(server, two.token(claims())), 401, "not yet")
        web.body = json.dumps({"keys": [one.jwk, two.jwk]}).encode()
        server.process.send_signal(1)
        suite.check(wait_for(lambda: web.asked == 2), "SIGHUP fetches them again")
        suite.check(wait_for(lambda: status(server, two.token(claims())) == 200), "a new key")
        web.status = 500
        server.process.send_signal(1)
        suite.check(wait_for(lambda: "cannot be read from" in server.log_text()), "a failure is told")
        suite.equal(status(server, one.token(claims(sub="x"))), 200, "the last keys hold")
    web.stop()
    with Service(*keys.options(keys=url)) as server:
        suite.check(wait_for(lambda: "cannot be read from" in server.log_text()), "the service starts without them")
        suite.equal(status(server, one.token(claims())), 401, "and refuses tokens")
        suite.check(wait_for(lambda: "there are no keys to verify tokens by: " in (keys.reasons() or [""])[-1]), str(keys.reasons()[-1:]))
    slow = KeyServer()
    slow.body, slow.delay = b"x" * ((1 << 20) + 100), 0
    with Service(*keys.options(keys=f"http://127.0.0.1:{slow.port}/")) as server:
        suite.check(wait_for(lambda: "the answer is longer than 1048576 bytes" in server.log_text()), "a key set has a size")
    slow.delay = 60
    begun = time.monotonic()
    with Service(*keys.options(keys=f"http://127.0.0.1:{slow.port}/")) as server:
        suite.check(wait_for(lambda: slow.asked == 2), "asked")
    suite.check(time.monotonic() - begun < 5, "one that does not answer does not keep the service from stopping")


def test_key_sets_over_tls_are_verified(suite):
    keys = Keys()
    key, folder = Key(keys.folder, "EC", "one"), keys.folder
    openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-keyout", folder + "/tls.key",
            "-out", folder + "/tls.pem", "-days", "2", "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost")
    web = KeyServer((folder + "/tls.pem", folder + "/tls.key"))
    web.body = json.dumps({"keys": [key.jwk]}).encode()
    url = f"https://localhost:{web.port}/jwks"
    with Service(*keys.options("--jwt-keys-ca", folder + "/tls.pem", keys=url)) as server:
        suite.check(wait_for(lambda: "keys of JSON Web Tokens were read" in server.log_text()), server.log_text())
        suite.equal(server.request("GET", WHERE, headers=bearer(key.token(claims()))).status, 200, "by an authority of ours")
    with Service(*keys.options(keys=url)) as server:
        suite.check(wait_for(lambda: "cannot be read from" in server.log_text()), "of an authority that nobody knows")
        suite.equal(server.request("GET", WHERE, headers=bearer(key.token(claims()))).status, 401, "no key, no entry")
    with Service(*keys.options("--jwt-keys-ca", folder + "/tls.pem", keys=f"https://127.0.0.1:{web.port}/")) as server:
        suite.check(wait_for(lambda: "cannot be read from" in server.log_text()), "of another name")
    web.stop()


def refused_start(*options):
    run = subprocess.run([service.PROGRAM, "--listen", "127.0.0.1:0", *options], capture_output=True, text=True, timeout=20, check=False)
    return run.returncode, run.stderr


def test_settings_that_would_let_anybody_in_are_refused(suite):
    keys = Keys()
    key, short = Key(keys.folder, "EC", "one"), Key(keys.folder, "short", "short")
    jwks = keys.write("jwks", {"keys": [key.jwk]})
    ids = ("--jwt-issuer", ISSUER, "--jwt-audience", AUDIENCE)
    for options, text in (
            (("--jwt-keys", jwks, "--jwt-issuer", ISSUER), "jwt_keys needs jwt_issuer and jwt_audience"),
            (("--jwt-keys", "http://sso.example/jwks", *ids), "expected a file, an https URL"),
            (("--jwt-keys", jwks, *ids, "--jwt-algorithms", "none"), "'none' is not an algorithm"),
            (("--jwt-keys", keys.write("a", "{}"), *ids), "expected a key set"),
            (("--jwt-keys", keys.write("b", {"keys": []}), *ids), "there is no key for signatures"),
            (("--jwt-keys", keys.write("c", {"keys": [short.jwk]}), *ids), "key 'short' has 1024 bits: expected at least 2048")):
        code, stderr = refused_start(*options)
        suite.check(code == 1 and text in stderr, f"{text}: {code} {stderr}")
    # Shared secrets only where they are asked for.
    secret = os.urandom(32)
    keys.write("jwks", {"keys": [{"kty": "oct", "k": url64(secret), "kid": "s"}]})
    token = key.token(claims(), header={"alg": "HS256", "kid": "s"}, signer=hmac_by(secret))
    for more, status in (((), 401), (("--jwt-algorithms", "HS256"), 200)):
        with Service(*keys.options(*more)) as server:
            suite.equal(server.request("GET", WHERE, headers=bearer(token)).status, status, str(more))


def test_beside_users_and_tokens(suite):
    keys = Keys()
    key = Key(keys.folder, "EC", "one")
    keys.write("jwks", {"keys": [key.jwk]})
    keys.write("roles", "roles:\n  ann: [all]\n  jwt:ann: [metrics]\n")
    os.chmod(keys.write("users", "ann:secret\n"), 0o600)
    with Service(*keys.options("--users", keys.folder + "/users")) as server:
        suite.equal(server.request("GET", WHERE, headers=basic("ann", "secret")).status, 200, "the user")
        token = key.token(claims(roles=[], exp=int(time.time()) - 28))
        suite.equal(server.request("GET", WHERE, headers=bearer(token)).status, 403, "is not the subject of that name")
        suite.equal(server.request("GET", "/metrics", headers=bearer(token)).status, 200, "which has its own roles")
        time.sleep(2.5)
        suite.equal(server.request("GET", "/metrics", headers=bearer(token)).status, 401, "until it expires, though it was known")


if __name__ == "__main__":
    if not have_rhonabwy():
        print("skipped: built without rhonabwy")
        raise SystemExit(77)
    main(globals())
