#!/usr/bin/env python3
"""authzen - AuthZEN 1.0: the certification's fixture, all shapes, batches, searches, discovery; the Todo interop payloads."""
# SPDX-License-Identifier: Apache-2.0
import json
import os
import re
import subprocess
import tempfile

import service
from service import JSON, Service

ACCESS = "/access/v1/"
EXAMPLES = os.path.join(service.SOURCE, "examples", "authzen")
CONFORMANCE = os.path.join(service.SOURCE, "tests", "conformance", "authzen")


def example(name):
    with open(os.path.join(EXAMPLES, name), encoding="utf-8") as file:
        return file.read()


def question(subject, action, resource="record-1", **properties):
    """properties: subject_, action_, resource_NAME=VALUE."""
    body = {"subject": {"type": "user", "id": subject}, "action": {"name": action},
            "resource": {"type": "record", "id": resource}}
    for key, value in properties.items():
        entity, name = key.split("_", 1)
        body[entity].setdefault("properties", {})[name] = value
    return body


def evaluate(server, body, route="evaluation", headers=None):
    return server.request("POST", ACCESS + route, body, {**JSON, **(headers or {})})


# The certification's rules, by number.
RULES = {
    1: (question("alice", "read"), True), 2: (question("alice", "write"), True), 3: (question("bob", "read"), True),
    4: (question("bob", "write"), False), 5: (question("alice", "write", resource_status="archived"), False),
    6: (question("alice", "write", subject_role="admin", resource_status="archived"), True),
    7: (question("alice", "delete", action_soft=True), True), 8: (question("alice", "delete", action_soft=False), False),
}


def test_the_rules_of_the_certification(suite):
    with Service("--entities", os.path.join(EXAMPLES, "entities.yaml"), policies={"records.yaml": example("records.yaml")}) as server:
        for number, (body, permit) in RULES.items():
            for more in ({}, {"context": {"time": "2026-11-30T12:00:00Z", "ip": "192.0.2.7"}}, {"other": [1]}):
                reply = evaluate(server, {**body, **more})
                suite.equal((reply.status, reply.json["decision"]), (200, permit), f"rule {number}")
        batch = evaluate(server, {"evaluations": [body for body, _ in RULES.values()]}, "evaluations").json["evaluations"]
        suite.equal([item["decision"] for item in batch], [permit for _, permit in RULES.values()], "all in one batch")
        suite.check("LINT" not in server.log_text(), "the example has no findings")


def test_answers_tell_why(suite):
    with Service(policies={"records.yaml": example("records.yaml"), "b.yaml": service.BLACKLIST % "gnb-041"}) as server:
        suite.equal(evaluate(server, RULES[4][0]).json, {"decision": False, "context": {"reason": "blacklisted"}}, "a reason")
        suite.equal(evaluate(server, RULES[1][0]).json, {"decision": True, "context": {"reason": "no_applicable_guard"}}, "no guard")
        for reply in (evaluate(server, RULES[5][0], "evaluation?explain=true"),
                      evaluate(server, {**RULES[5][0], "options": {"explain": True}})):
            guard = reply.json["context"]["explanation"]["guards"][0]
            suite.equal((guard["policy"], guard["values"]["resource.properties.status"]), ("records.archived", "archived"), "why")
        items = evaluate(server, {"evaluations": [RULES[5][0]], "options": {"explain": True}}, "evaluations").json["evaluations"]
        suite.check("guards" in items[0]["context"]["explanation"], "in a batch too")
        reply = evaluate(server, {**question("RANC", "Cell Reset", ""), "context": {}})
        suite.equal(reply.json["context"], {"reason": "missing_attribute", "missing": "resource.id"}, "by AuthZEN's name")


def test_shapes(suite):
    with Service(policies={"records.yaml": example("records.yaml")}) as server:
        good = RULES[1][0]
        for wrong, place in ((json.dumps({**good, "subject": None}), "subject"), ('{"subject":{"type":"user","id":1}}', "subject.id"),
                             (json.dumps({k: v for k, v in good.items() if k != "action"}), "action"),
                             (json.dumps({**good, "action": {}}), "name"), (json.dumps({**good, "resource": {"id": "x"}}), "type"),
                             (json.dumps({**good, "context": []}), "context"), ("[]", "map"), ("", "end of the text"), ('{"a":', "line 1"),
                             (json.dumps({**good, "context": {"vfCount": "many"}}), "vfCount"),
                             (json.dumps({**question("a", "b", resource_clname="c"), "context": {"clname": "d"}}), "clname")):
            reply = evaluate(server, wrong)
            suite.equal(reply.status, 400, f"{wrong}: {reply.body}")
            suite.check(place in "".join(reply.json["details"]), f"{wrong} tells of {place}: {reply.body}")
        many = {f"p{i}": i for i in range(300)}
        suite.equal(evaluate(server, {**good, "context": many}).status, 400, "more properties than are looked at")
        for kind in ("text/plain", "application/yaml"):
            suite.equal(evaluate(server, json.dumps(good), headers={"Content-Type": kind}).status, 400, f"400 for {kind}")
        suite.equal(evaluate(server, good, headers={"Accept": "text/html"}).status, 406, "nothing that Accept takes")
        suite.equal(server.request("GET", ACCESS + "evaluation", headers={}).status, 405, "POST alone")
        nested = question("alice", "write", resource_status=["x", "archived"])
        suite.equal(evaluate(server, nested).json["decision"], False, "any value of a list")
        suite.equal(evaluate(server, question("alice", "write", resource_status=None)).json["decision"], True, "null is absent")
        spaced = json.dumps(RULES[5][0], indent=3).replace("archived", "\\u0061rchived")
        suite.equal(evaluate(server, spaced).json["decision"], False, "escapes and white space")


def test_request_ids_are_echoed(suite):
    with Service() as server:
        for status, body, route in ((200, RULES[1][0], "evaluation"), (400, "{", "evaluation"), (200, RULES[1][0], "evaluations"),
                                    (404, "", "nothing"), (200, RULES[1][0], "search/action")):
            reply = evaluate(server, body, route, {"X-Request-ID": "bfe9eb29 ~;x"})
            suite.equal((reply.status, reply.headers.get("x-request-id")), (status, "bfe9eb29 ~;x" if status != 404 else None), route)
        suite.check("x-request-id" not in evaluate(server, RULES[1][0]).headers, "none without one")
        for odd in ("", "a\tb"):
            reply = evaluate(server, RULES[1][0], headers={"X-Request-ID": odd})
            suite.equal((reply.status, reply.headers.get("x-request-id")), (200, None), f"one that no header can hold: {odd!r}")


def test_batches(suite):
    with Service("--batch-items", "10", policies={"records.yaml": example("records.yaml")}) as server:
        def batch(body):
            reply = evaluate(server, body, "evaluations")
            return [item["decision"] for item in reply.json["evaluations"]] if reply.status == 200 else reply.status

        archived = {"type": "record", "id": "record-2", "properties": {"status": "archived"}}
        active = {"type": "record", "id": "record-1"}
        base = {"subject": {"type": "user", "id": "alice"}, "action": {"name": "write"}, "resource": archived}
        suite.equal(batch({**base, "evaluations": [{}, {"resource": active}, {"action": {"name": "read"}}]}), [False, True, True],
                    "defaults are replaced whole")
        bob = {"type": "user", "id": "bob", "properties": {"role": "admin"}}
        suite.equal(batch({**base, "subject": bob, "evaluations": [{}, {"subject": {"type": "user", "id": "bob"}}]}), [True, False],
                    "and not merged")
        suite.equal(batch({"evaluations": [{}, {"resource": active}], **base}), [False, True], "defaults behind the items")
        items = {**base, "evaluations": [{"resource": active}, {}, {"resource": active}]}
        for semantic, wanted in (("execute_all", [True, False, True]), ("deny_on_first_deny", [True, False]),
                                 ("permit_on_first_permit", [True])):
            suite.equal(batch({**items, "options": {"evaluations_semantic": semantic}}), wanted, semantic)
        suite.equal(batch({**items, "options": {"evaluations_semantic": "some"}}), 400, "another semantic")
        for none in ({}, {"evaluations": []}, {"evaluations": None}):
            suite.equal(evaluate(server, {**base, **none}, "evaluations").json["decision"], False, "without items one answer")
        reply = evaluate(server, {**base, "evaluations": [{"resource": 5}, {"resource": active}, {"subject": {"id": "x"}}]}, "evaluations")
        decided = reply.json["evaluations"]
        suite.equal([item["decision"] for item in decided], [False, True, False], "a faulty item is denied, the rest answered")
        suite.equal(decided[0]["context"]["error"]["status"], 400, "and told")
        suite.check("evaluations[0].resource" in decided[0]["context"]["error"]["message"], decided[0])
        suite.equal(batch({**base, "evaluations": [{}] * 10}), [False] * 10, "as many as may be")
        suite.equal(batch({**base, "evaluations": [{}] * 11}), 400, "one more")
        suite.equal(batch({**base, "evaluations": {}}), 400, "no list")


def test_a_batch_counts_nothing_and_sees_one_state(suite):
    limit = service.LIMITER.replace("limit: 2", "limit: 1")
    with Service(policies={"l.yaml": limit}) as server:
        ask = {**question("RANC", "Cell Reset", "gnb-1"), "context": {"clname": "cl"}}
        items = {**ask, "evaluations": [{}] * 5}
        suite.equal([i["decision"] for i in evaluate(server, items, "evaluations").json["evaluations"]], [True] * 5, "below the limit")
        row = {"actor": "RANC", "operation": "Cell Reset", "target": "gnb-1", "outcome": "Success"}
        server.request("POST", "/clguard/v1/operations", row)
        suite.equal([i["context"]["reason"] for i in evaluate(server, items, "evaluations").json["evaluations"]],
                    ["limit_reached"] * 5, "at the limit")


def results(server, kind, body):
    """The names that a search finds, page by page, and how many pages that takes."""
    found, pages, token = [], 0, ""
    while True:
        page = {**body.get("page", {}), "token": token}
        reply = evaluate(server, {**body, "page": page}, "search/" + kind)
        assert reply.status == 200, reply.body
        found += [result.get("id", result.get("name")) for result in reply.json["results"]]
        pages, token = pages + 1, reply.json["page"]["next_token"]
        if not token:
            return found, pages


def test_searches_list_what_is_known_and_permitted(suite):
    with Service("--entities", os.path.join(EXAMPLES, "entities.yaml"), policies={"records.yaml": example("records.yaml")}) as server:
        alice, bob = {"type": "user", "id": "alice"}, {"type": "user", "id": "bob"}
        write, record = {"name": "write"}, {"type": "record", "id": "record-1"}
        search = {"subject": alice, "action": write, "resource": {"type": "record"}}
        suite.equal(results(server, "resource", search), (["record-1"], 1), "not what is archived")
        suite.equal(results(server, "resource", {**search, "subject": {**bob, "properties": {"role": "admin"}}})[0], ["record-2"],
                    "an admin, but for record-1")
        suite.equal(results(server, "resource", {**search, "action": {"name": "read"}})[0], ["record-1", "record-2"], "all to read")
        suite.equal(results(server, "subject", {"subject": {"type": "user"}, "action": write, "resource": record})[0], ["alice"],
                    "who may write record-1")
        suite.equal(results(server, "subject", {"subject": {"type": "user", "id": "bob"}, "action": write, "resource": record})[0],
                    ["alice"], "the searched id is ignored")
        suite.equal(results(server, "subject", {"subject": {"type": "robot"}, "action": write, "resource": record})[0], [],
                    "no entity of another type, though policies name it")
        suite.equal(results(server, "action", {"subject": alice, "resource": record})[0], ["read", "write"], "deleting for good is not")
        suite.equal(results(server, "action", {"subject": {"type": "user", "id": "nobody"}, "resource": record})[0], ["read", "write"],
                    "whoever is not known")
        reply = evaluate(server, search, "search/resource").json
        suite.equal(reply, {"results": [{"type": "record", "id": "record-1"}], "page": {"next_token": ""}}, "the shape")
        reply = evaluate(server, {"subject": alice, "resource": record}, "search/action").json
        suite.equal(reply["results"][0], {"name": "read"}, "of actions")
        for wrong in ({"action": write, "resource": record}, {"subject": {"type": "user"}, "resource": record},
                      {**search, "page": {"token": "zz"}}, {**search, "page": {"limit": 0}}, {**search, "page": 5}):
            kind = "resource" if "page" in wrong else "subject"
            suite.equal(evaluate(server, wrong, "search/" + kind).status, 400, f"{wrong}")


def test_searches_know_policies_and_the_history(suite):
    with Service(policies={"b.yaml": service.BLACKLIST % "gnb-041, gnb-042"}) as server:
        rows = [{"actor": "RANC", "operation": "Cell Reset", "target": f"gnb-{i:03}", "outcome": "Success"} for i in range(40, 60)]
        server.request("POST", "/clguard/v1/operations", rows)
        search = {"subject": {"type": "actor", "id": "RANC"}, "action": {"name": "Cell Reset"}, "resource": {"type": "cell"}}
        wanted = [f"gnb-{i:03}" for i in range(40, 60) if i not in (41, 42)]
        suite.equal(results(server, "resource", search), (wanted, 1), "of the history, but what is blacklisted")
        for limit, pages in ((1, 20), (7, 3), (18, 2), (100, 1)):
            found, took = results(server, "resource", {**search, "page": {"limit": limit}})
            suite.equal(found, wanted, f"pages of {limit}")
            suite.check(abs(took - pages) <= 2, f"{took} pages of {limit}")
        action = {"subject": search["subject"], "resource": {"type": "cell", "id": "gnb-041"}}
        suite.equal(results(server, "action", action)[0], [], "what is blacklisted for the one action")
        server.request("PUT", "/clguard/v1/state", {"state": "PASSIVE"})
        suite.equal([evaluate(server, search, route).status for route in ("evaluation", "evaluations", "search/resource")], [409] * 3,
                    "PASSIVE gates them all")


def test_an_entities_document_with_mistakes_is_told(suite):
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "e.yaml")
        with Service("--entities", path) as server:
            search = {"subject": {"type": "user", "id": "a"}, "action": {"name": "b"}, "resource": {"type": "c"}}
            suite.equal(evaluate(server, search, "search/resource").status, 500, "it is not there")
            for text, told in (("subjects: 5", "e.yaml:1:11"), ("users: []", "unknown member 'users'"),
                               ("resources:\n  - {type: c}", "e.yaml:2:5"), ("resources: [{type: c, id: r", "e.yaml:2:1")):
                with open(path, "w", encoding="utf-8") as file:
                    file.write(text)
                reply = evaluate(server, search, "search/resource")
                suite.check(reply.status == 500 and told in reply.body.decode(), f"{text}: {reply.status} {reply.body}")
            with open(path, "w", encoding="utf-8") as file:
                file.write("resources: [{type: c, id: r}]")
            suite.equal(results(server, "resource", search)[0], ["r"], "mended, without a restart")


def certificate(folder):
    paths = os.path.join(folder, "cert.pem"), os.path.join(folder, "key.pem")
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2",
                    "-subj", "/CN=localhost", "-out", paths[0], "-keyout", paths[1]], check=True, stderr=subprocess.DEVNULL)
    return paths


def test_discovery(suite):
    with Service() as server:
        reply = server.request("GET", "/.well-known/authzen-configuration", headers={"Host": "pdp.example:7000"})
        base = "http://pdp.example:7000"
        suite.equal(reply.json, {
            "policy_decision_point": base, "access_evaluation_endpoint": base + "/access/v1/evaluation",
            "access_evaluations_endpoint": base + "/access/v1/evaluations",
            **{f"search_{kind}_endpoint": f"{base}/access/v1/search/{kind}" for kind in ("subject", "resource", "action")}}, "plain")
        for path in (value[len(base):] for key, value in reply.json.items() if key != "policy_decision_point"):
            suite.equal(evaluate(server, "{", path[len(ACCESS):]).status, 400, f"{path} is there")
    with Service("--public-url", "https://pdp.example/edge") as server:
        suite.equal(server.request("GET", "/.well-known/authzen-configuration", headers={}).json["access_evaluation_endpoint"],
                    "https://pdp.example/edge/access/v1/evaluation", "behind a proxy")
    with tempfile.TemporaryDirectory() as folder:
        cert, key = certificate(folder)
        users = os.path.join(folder, "users")
        with open(users, "w", encoding="utf-8") as file:
            file.write("a:b\n")
        with Service("--tls-certificate", cert, "--tls-key", key, "--users", users) as server:
            url = f"https://localhost:{server.port}"
            done = subprocess.run(["curl", "-s", "--cacert", cert, url + "/.well-known/authzen-configuration"],
                                  stdout=subprocess.PIPE, check=True)
            suite.equal(json.loads(done.stdout)["policy_decision_point"], url, "over TLS, without credentials")
            done = subprocess.run(["curl", "-s", "-o", "/dev/null", "-w", "%{http_code}", "--cacert", cert, url + "/access/v1/evaluation",
                                   "-H", "Content-Type: application/json", "-d", "{}"], stdout=subprocess.PIPE, check=True)
            suite.equal(done.stdout, b"401", "decisions need them")


def test_the_todo_interop_payloads(suite):
    with Service(policies={"todo.yaml": example("todo.yaml")}) as server:
        asked = 0
        for name in sorted(os.listdir(CONFORMANCE)):
            with open(os.path.join(CONFORMANCE, name), encoding="utf-8") as file:
                payloads = json.load(file)
            for case in payloads["evaluation"]:
                asked += 1
                suite.equal(evaluate(server, case["request"]).json["decision"], case["expected"], f"{name}: {case['request']}")
            for case in payloads.get("evaluations", ()):
                asked += 1
                got = [{"decision": item["decision"]} for item in evaluate(server, case["request"], "evaluations").json["evaluations"]]
                suite.equal(got, case["expected"], f"{name}: {case['request']}")
        suite.equal(asked, 83, "payloads")


def test_clguard_ask(suite):
    with Service(policies={"records.yaml": example("records.yaml"), "b.yaml": service.BLACKLIST % "gnb-041"}) as server:
        def ask(*words, body=None):
            done = subprocess.run([os.path.join(service.BUILD, "clguard"), "ask", "--service", server.address(), *words], text=True,
                                  input=body, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
            return done.returncode, done.stdout

        options = ("--actor", "RANC", "--operation", "Cell Reset", "--target", "gnb-041")
        suite.equal(ask(*options), (0, "Deny blacklisted\n"), "ONAP's dialect")
        suite.equal(ask(*options, "--authzen"), (0, "Deny blacklisted\n"), "AuthZEN's")
        code, text = ask(*options, "--explain")
        suite.check(code == 0 and re.search(r"b\.yaml:4: edge\.block: deny\n  to turn it: ", text), text)
        suite.equal(json.loads(ask(*options, "--json")[1]), {"status": "Deny", "reason": "blacklisted"}, "as it came")
        archived = ("--actor", "alice", "--operation", "write", "--target", "r", "--field", "resource.properties.status=archived")
        for dialect in ((), ("--authzen",)):
            suite.equal(ask(*archived, *dialect), (0, "Deny filtered\n"), f"a field {dialect}")
            suite.equal(ask(*archived, "subject.properties.role=admin", *dialect), (0, "Permit permit\n"), f"two {dialect}")
        suite.equal(ask("--authzen", "-", body=json.dumps({"evaluations": [RULES[4][0], RULES[1][0], {}]})),
                    (0, "Deny blacklisted\nPermit no_applicable_guard\nDeny the question has no subject: expected a map\n"), "a file")
        suite.equal(ask("-", body=json.dumps(service.ask(actor="RANC", operation="x")))[1], "Permit no_applicable_guard\n", "another")
        suite.equal(ask("-", body="{")[0], 1, "what is refused")
        suite.equal([ask(*words)[0] for words in ((), ("--actor", "x"), (*options, "file"), (*options, "--field", "status=x"))], [2] * 4,
                    "usage")


if __name__ == "__main__":
    service.main(globals())
