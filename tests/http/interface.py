#!/usr/bin/env python3
"""interface - doc/openapi.yaml tells of every route, and of none that is not there; metrics are well-formed."""
# SPDX-License-Identifier: Apache-2.0
import json
import os
import re
import tempfile

import service
from service import DECISION, Service, ask, documented


def read(*names):
    with open(os.path.join(service.SOURCE, *names), encoding="utf-8") as file:
        return file.read()


def routed():
    """The same of the table in api/daemon/routes.c."""
    prefixes = dict(re.findall(r'#define (\w+) "(/[^"]*)"', read("api", "daemon", "routes.c")))
    paths = {}
    for method, prefix, path, flags in re.findall(r'\tROUTE\((\w+), (?:(\w+) )?"([^"]*)", ([^,]+),', read("api", "daemon", "routes.c")):
        path = prefixes.get(prefix, "") + path + ("{id}" if "ROUTE_ID" in flags else "")
        paths.setdefault(re.sub(r"\*", "{}", path), set()).add(method)
    return paths


def unnamed(paths):
    """Routes do not name what stands in a path; the document does."""
    return {re.sub(r"{\w+}", "{}", path): methods for path, methods in paths.items()}


def test_the_document_and_the_routes_are_the_same(suite):
    suite.equal(unnamed(documented()), unnamed(routed()), "doc/openapi.yaml against api/daemon/routes.c")
    suite.check(len(routed()) > 8, "routes are found")


def test_each_path_allows_what_is_documented(suite):
    with Service() as server:
        for path, methods in documented().items():
            path = re.sub(r"{\w+}", "x", path)
            allow = server.request("PATCH", path, headers={}).headers.get("allow", "").split(", ")
            suite.equal(set(allow) - {"HEAD"}, methods, path)
            suite.equal("HEAD" in allow, "GET" in methods, path + " HEAD")


def test_the_document_is_good_yaml(suite):
    with Service("--body-size", "1000000") as server:
        # requests may have no anchors and aliases, so here they are left out
        text = re.sub(r" [&*]\w+", " ", read("doc", "openapi.yaml"))
        reply = server.request("POST", DECISION, text, {"Content-Type": "application/yaml"})
        suite.equal(reply.json.get("error"), "No application for action null", f"read as a request: {reply.body}")


def test_no_comma_cuts_a_text_of_the_document(suite):
    for number, line in enumerate(read("doc", "openapi.yaml").splitlines(), 1):
        plain = re.sub(r"'[^']*'|\"[^\"]*\"|\[[^]]*\]", "x", line)
        for member in re.findall(r"[{,] *([^{},]+)", plain) if re.search(r"{.*:.*}", plain) else ():
            suite.check(":" in member, f"doc/openapi.yaml:{number}: '{member}' has no value")


def test_each_operation_may_be_unauthorized(suite):
    paths = read("doc", "openapi.yaml").split("\npaths:\n")[1].split("\ncomponents:\n")[0]
    for path in re.split(r"(?m)^  (?=/)", paths)[1:]:
        for operation in re.split(r"(?m)^    (?=(?:get|put|post|delete):$)", path)[1:]:
            suite.check("'401':" in operation or "security: []" in operation or re.search(r"responses: \*", operation),
                        f"{path.split(':')[0]} {operation.split(':')[0]}: 401 is missing")


def test_metrics_are_well_formed(suite):
    with Service() as server:
        server.decide(actor="a", operation="o")
        server.request("GET", "/nothing", headers={})
        reply = server.request("GET", "/metrics", headers={"Accept": "text/plain"})
        suite.equal(reply.headers["content-type"], "text/plain; version=0.0.4; charset=utf-8", "type")
        types, seen, last = {}, set(), None
        for line in reply.body.decode().splitlines():
            if line.startswith("# TYPE "):
                name, kind = line[7:].split()
                suite.check(name not in types, f"{name} has one type")
                types[name] = kind
                continue
            if line.startswith("# HELP "):
                last = line[7:].split()[0]
                continue
            found = re.match(r'([a-z_]+)(\{(?:[a-z]+="[^"]*",?)+\})? (\S+)$', line)
            if not suite.check(found, line):
                continue
            name = re.sub(r"_(bucket|sum|count)$", "", found.group(1))
            name = name if types.get(name) == "histogram" else found.group(1)
            suite.check(name in types and name == last, f"{line} stands under its own HELP and TYPE")
            suite.check((found.group(1), found.group(2)) not in seen, f"{line} once")
            seen.add((found.group(1), found.group(2)))
            float(found.group(3))
        text = reply.body.decode()
        suite.check('clguard_http_requests_total{route="other",status="404"} 1\n' in text, "a request that met no route")
        suite.check('clguard_decisions_total{reason="no_applicable_guard"} 1\n' in text, "a decision")
        counts = [int(n) for n in re.findall(r'duration_seconds_bucket\{route="POST /policy/pdpx/v1/decision".*\} (\d+)', text)]
        suite.check(counts == sorted(counts) and counts[-1] == 1, f"buckets add up: {counts}")


def test_types_and_their_schemas(suite):
    limiter = "onap.policies.controlloop.guard.common.FrequencyLimiter"
    with Service() as server:
        listed = server.request("GET", "/clguard/v1/types", headers={}).json
        suite.check(any(t["name"] == limiter and t["kind"] == "policy" for t in listed), "the limiter is listed")
        schema = server.request("GET", "/clguard/v1/types/" + limiter, headers={}).json
        suite.equal(schema["title"], limiter, "title")
        suite.check("minute" in schema["properties"]["timeUnits"]["enum"], "valid values")
        suite.equal(server.request("GET", "/clguard/v1/types/no.such", headers={}).status, 404, "an unknown type")
        old = server.request("GET", "/clguard/v1/types/onap.policies.controlloop.operational.Common?version=2.0.0", headers={})
        suite.check("trigger" not in old.json["properties"], "the version asked for")


OWN_TYPES = """tosca_definitions_version: tosca_simple_yaml_1_1_0
policy_types:
  my.Limiter:
    derived_from: onap.policies.controlloop.guard.common.FrequencyLimiter
    version: 2.1.0
    properties:
      ticket: {type: my.Ticket, required: true, description: who allowed it}
data_types:
  my.Ticket:
    derived_from: tosca.datatypes.Root
    version: 1.0.0
    properties:
      number: {type: integer, constraints: [{in_range: [1, 999]}]}
"""


def test_types_of_users_have_schemas_too(suite):
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "types.yaml")
        with open(path, "w", encoding="utf-8") as file:
            file.write(OWN_TYPES)
        with Service("--policies", folder) as server:
            listed = server.request("GET", "/clguard/v1/types", headers={}).json
            suite.equal([(t["kind"], t["version"]) for t in listed if t["name"].startswith("my.")], [("policy", "2.1.0"), ("data", "1.0.0")],
                        "listed")
            schema = server.request("GET", "/clguard/v1/types/my.Limiter", headers={}).json
            suite.check({"ticket", "limit", "actor"} <= set(schema["properties"]) and "ticket" in schema["required"], f"{schema}")
            suite.check("999" in json.dumps(schema["$defs"]), "with the data types that it uses")
            suite.equal(server.request("GET", "/clguard/v1/types/my.Limiter?version=2.1.0", headers={}).status, 200, "its version")
            suite.equal(server.request("GET", "/clguard/v1/types/my.Limiter?version=9.0.0", headers={}).status, 404, "another")



service.main(globals())
