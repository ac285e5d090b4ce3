#!/usr/bin/env python3
"""conformance - the transport cases of tests/conformance/guard-http.json, against a real process in onap mode."""
# SPDX-License-Identifier: Apache-2.0
import json
import os

import service

with open(os.path.join(service.SOURCE, "tests", "conformance", "guard-http.json"), encoding="utf-8") as file:
    CASES = json.load(file)


def run_case(suite, server, case):
    request, expect = case["request"], case["expect"]
    headers = dict(request["headers"])
    if case["auth"] != "none":
        headers.update(service.basic("healthcheck", "good" if case["auth"] == "good" else "wrong"))
    reply = server.request(request["method"], request["path"], request["body"], headers)
    suite.equal(reply.status, expect["status"], case["id"])
    if "json" in expect:
        suite.equal(reply.json, expect["json"], case["id"])
    for key, value in expect.get("json_contains", {}).items():
        suite.equal(reply.json.get(key), value, f"{case['id']} {key}")
    if "content_type" in expect:
        suite.equal(reply.headers.get("content-type"), expect["content_type"], case["id"])


def test_every_case_holds(suite):
    for state in sorted({case["pdp_state"] for case in CASES}):
        users = os.path.join(os.environ.get("TMPDIR", "/tmp"), f"users-{os.getpid()}")
        with open(users, "w", encoding="utf-8") as users_file:
            users_file.write("healthcheck:good\n")
        with service.Service("--mode", "onap", "--state", state.lower(), "--users", users) as server:
            for case in CASES:
                if case["pdp_state"] == state:
                    run_case(suite, server, case)
        os.unlink(users)


service.main(globals())
