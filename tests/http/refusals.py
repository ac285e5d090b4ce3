#!/usr/bin/env python3
"""refusals - what is refused, in which order, and limits at n and n+1."""
# SPDX-License-Identifier: Apache-2.0
import json
import tempfile

from service import DECISION, HEALTH_PATH, JSON, Service, ask, basic, main


def users_file(folder, text="ann:secret\nbob:pass:with:colons\n"):
    path = folder + "/users"
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)
    return path


def test_the_order_is_401_409_404_405_415_406_400(suite):
    with Service("--state", "passive") as server:
        suite.equal(server.request("GET", DECISION, headers={}).status, 409, "409 before 405")
        suite.equal(server.request("POST", "/policy/pdpx/v1/nothing", "{}").status, 409, "409 before 404")
        reply = server.request("POST", DECISION, "x", {"Content-Type": "text/xml"})
        suite.equal((reply.status, reply.body), (409, b""), "409 before 415, without a body")
        suite.equal(server.request("GET", HEALTH_PATH, headers={}).status, 200, "healthcheck is served")
        suite.equal(server.request("GET", "/policy/pdpx/v1/statistics", headers={}).status, 200, "statistics too")
        suite.equal(server.request("GET", "/ready", headers={}).status, 503, "not ready")
        suite.equal(server.request("GET", "/live", headers={}).status, 200, "but alive")
        suite.equal(server.request("PUT", "/clguard/v1/state", {"state": "ACTIVE"}).json, {"state": "ACTIVE"}, "wake")
        suite.equal(server.request("GET", "/ready", headers={}).json["ready"], True, "ready")
        suite.equal(server.request("POST", "/nothing", "x", {"Content-Type": "text/xml"}).status, 404, "404 before 415")
        reply = server.request("PUT", DECISION, "x", {"Content-Type": "text/xml", "Accept": "text/html"})
        suite.equal((reply.status, reply.headers["allow"]), (405, "POST"), "405 before 415")
        suite.equal(server.request("POST", DECISION, "x", {"Content-Type": "text/xml", "Accept": "text/html"}).status, 415,
                    "415 before 406")
        suite.equal(server.request("POST", DECISION, "x", {**JSON, "Accept": "text/html"}).status, 406, "406 before 400")
        suite.equal(server.request("POST", DECISION, "x").status, 400, "400")
        suite.equal(server.request("POST", DECISION, ask(), {"Content-Type": "application/json; charset=utf-8"}).status, 200,
                    "parameters of the type")
        suite.equal(server.request("DELETE", "/clguard/v1/operations", headers={}).headers["allow"], "GET, HEAD, POST",
                    "allow")
        reply = server.request("HEAD", HEALTH_PATH, headers={})
        suite.equal((reply.status, reply.body), (200, b""), "HEAD")
        suite.equal(server.request("PUT", "/clguard/v1/state", {"state": "asleep"}).status, 400, "no such state")
        suite.equal(server.request("PUT", "/clguard/v1/state", "null").status, 400, "no state")
        suite.equal(server.request("PUT", "/clguard/v1/clock", {"advance_ms": 1}).status, 409, "the clock is the system's")


def test_a_refusal_tells_what_to_do(suite):
    types = {"Content-Type": "text/xml"}
    cases = (("GET", "/nothing", {}, 404, "Not found", "there is nothing at this path"),
             ("GET", "/clguard/v1/types/no.such.type", {}, 404, "Not found", "no type 'no.such.type'"),
             ("PUT", "/clguard/v1/operations", {}, 405, "Method not allowed", "this path takes GET, HEAD, POST"),
             ("POST", DECISION, types, 415, "Unsupported media type", "application/json or application/yaml"),
             ("POST", "/clguard/v1/operations", types, 415, "Unsupported media type", "must be application/json"),
             ("GET", HEALTH_PATH, {"Accept": "text/html"}, 406, "Not acceptable", "application/json or application/yaml"),
             ("GET", "/ready", {"Accept": "text/html"}, 406, "Not acceptable", "the answer can be application/json"),
             ("GET", HEALTH_PATH, {f"X-{n}": "x" for n in range(70)}, 431, "Too many headers", "header_count"))
    with Service() as server:
        for method, path, headers, status, words, detail in cases:
            reply = server.request(method, path, "{}" if method != "GET" else None, headers)
            suite.equal((reply.status, reply.json["errorDetails"]), (status, words), f"{method} {path}")
            suite.check(detail in reply.json["details"][0], f"{method} {path}: {reply.json}")
    with Service("--mode", "onap") as server:
        suite.equal(server.request("GET", "/nothing", headers={}).json, {"errorDetails": "Not found"}, "onap")
    with tempfile.TemporaryDirectory() as folder, Service("--users", users_file(folder)) as server:
        suite.check("HTTP Basic" in server.request("GET", HEALTH_PATH, headers={}).json["details"][0], "401")


def test_credentials_come_first(suite):
    with tempfile.TemporaryDirectory() as folder:
        with Service("--state", "passive", "--users", users_file(folder)) as server:
            reply = server.request("POST", DECISION, ask())
            suite.equal((reply.status, reply.headers["www-authenticate"]), (401, 'Basic realm="clguard"'), "none")
            for path in (HEALTH_PATH, "/metrics", "/nothing"):
                suite.equal(server.request("GET", path, headers={}).status, 401, path)
            for path in ("/live", "/ready"):
                suite.check(server.request("GET", path, headers={}).status != 401, path + " is open")
            for user, password, status in (("ann", "secret", 200), ("ann", "secre", 401), ("ann", "secret ", 401),
                                           ("ann", "", 401), ("an", "secret", 401), ("", "", 401),
                                           ("bob", "pass:with:colons", 200), ("bob", "pass", 401),
                                           ("ann", "secret\0x", 401), ("x" * 2000, "y", 401)):
                for _ in range(2):  # the second time from the worker's memory
                    suite.equal(server.request("GET", HEALTH_PATH, headers=basic(user, password)).status, status,
                                f"{user[:9]}:{password}")
            for header in ("Basic", "Basic !", "Bearer x", "basic " + basic("ann", "secret")["Authorization"][6:]):
                suite.equal(server.request("GET", HEALTH_PATH, headers={"Authorization": header}).status,
                            200 if header.startswith("basic") else 401, header)


def test_a_body_may_have_the_limit_and_not_a_byte_more(suite):
    with Service("--body-size", "1000") as server:
        body = json.dumps(ask(actor="a"))
        suite.equal(server.request("POST", DECISION, body + " " * (1000 - len(body))).status, 200, "1000")
        connection = server.connection()
        reply = server.request("POST", DECISION, body + " " * (1001 - len(body)), connection=connection)
        suite.equal(reply.status, 413, "1001")
        suite.equal(server.request("POST", DECISION, body, connection=connection).status, 200, "and the connection lives")
        reply = server.request("POST", DECISION, body + " " * 900000)
        suite.equal(reply.status, 413, "900 kB")

        def chunks(size):
            yield body.encode()
            yield b" " * (size - len(body))
        for size, status in ((1000, 200), (1001, 413)):
            connection = server.connection()
            connection.request("POST", DECISION, body=chunks(size), headers=JSON, encode_chunked=True)
            suite.equal(connection.getresponse().status, status, f"{size} in chunks")


def test_a_hopeless_body_is_answered_before_it_comes(suite):
    with Service() as server:
        sock = server.connect()
        sock.sendall(b"POST %s HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 99999999999\r\n\r\n"
                     % DECISION.encode())
        suite.check(sock.recv(4096).startswith(b"HTTP/1.1 413"), "without waiting for 100 GB")
        for length in (b"18446744073709551617", b"-1", b"5x"):  # two lengths: it is not known where the body ends
            sock = server.connect()
            sock.sendall(b"POST %s HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n"
                         b"Content-Length: %s\r\n\r\n" % (DECISION.encode(), length))
            suite.check(sock.recv(4096).startswith(b"HTTP/1.1 400"), length.decode() + " bytes in chunks")
        sock = server.connect()
        sock.sendall(b"POST /nothing HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n")
        suite.check(sock.recv(4096).startswith(b"HTTP/1.1 404"), "no 100 for a refused request")
        sock = server.connect()
        body = json.dumps(ask(actor="a")).encode()
        sock.sendall(b"POST %s HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nExpect: 100-continue\r\n"
                     b"Content-Length: %d\r\n\r\n" % (DECISION.encode(), len(body)))
        suite.check(sock.recv(4096).startswith(b"HTTP/1.1 100"), "100 for a good one")
        sock.sendall(body)
        suite.check(sock.recv(4096).startswith(b"HTTP/1.1 200"), "then its answer")


def test_headers_are_limited_in_number_and_size(suite):
    with Service("--header-count", "20", "--header-size", "4096") as server:
        # http.client adds Host and Accept-Encoding
        suite.equal(server.request("GET", HEALTH_PATH, headers={f"X-{i}": "y" for i in range(18)}).status, 200, "20")
        suite.equal(server.request("GET", HEALTH_PATH, headers={f"X-{i}": "y" for i in range(19)}).status, 431, "21")
        suite.check(server.request("GET", HEALTH_PATH, headers={"X": "y" * 5000}).status in (413, 431), "5000 bytes")
        suite.equal(server.request("GET", HEALTH_PATH, headers={"X": "y" * 1500}).status, 200, "1500 bytes")


def test_depth_of_a_body_is_limited(suite):
    with Service("--body-depth", "10") as server:
        for depth, status in ((9, 200), (10, 400)):
            body = '{"action":"guard","x":%s}' % ("[" * depth + "]" * depth)
            suite.equal(server.request("POST", DECISION, body).status, status, f"depth {depth + 1}")


main(globals())
