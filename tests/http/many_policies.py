#!/usr/bin/env python3
"""many_policies - as many policies as a set may hold are all in force; one more is refused, and the set before stays.

Under CLGUARD_STRESS 100,000 and one more, else 1,000: as files, and deployed over HTTP.
"""
# SPDX-License-Identifier: Apache-2.0
import os

import service
from service import BLACKLIST, Service, ask, wait_for

MOST = 100000 if os.environ.get("CLGUARD_STRESS") else 1000
BATCH = 1000
API, PAP = "/policy/api/v1/policies", "/policy/pap/v1/pdps/policies"
OPTIONS = ["--policies-max", str(MOST), "--body-size", "16M", "--body-nodes", "10000000", "--memory-budget", "4G"]


def blacklist(number):
    return {f"p.{number}": {
        "type": "onap.policies.controlloop.guard.common.Blacklist", "type_version": "1.0.0", "version": "1.0.0",
        "properties": {"actor": "SO", "operation": "Restart", "blacklist": [f"vm-{number}"]}}}


def deploy(server, numbers):
    """The status of the deployment, and what it says."""
    for first in range(0, len(numbers), BATCH):
        part = numbers[first:first + BATCH]
        reply = server.request("POST", API, {"tosca_definitions_version": "tosca_simple_yaml_1_1_0",
                                             "topology_template": {"policies": [blacklist(i) for i in part]}})
        if reply.status not in (200, 201):
            raise AssertionError(f"{reply.status} {reply.body[:300]}")
    reply = server.request("POST", PAP, {"policies": [{"policy-id": f"p.{i}", "policy-version": "1.0.0"} for i in numbers]})
    return reply.status, reply.body


def denies(server, number):
    return server.request("POST", service.DECISION, ask(actor="SO", operation="Restart", target=f"vm-{number}",
                                                        clname="cl")).json["status"] == "Deny"


def check_all(suite, server, most):
    for number in (0, most // 2, most - 1):
        suite.check(denies(server, number), f"policy {number} is in force")
    suite.equal(server.request("GET", "/clguard/v1/generation").json["policies"], most, "policies in force")


def test_deployed(suite):
    with Service(*OPTIONS) as server:
        numbers = list(range(MOST))
        status, body = deploy(server, numbers)
        suite.equal(status, 202, f"deployed: {body[:300]}")
        check_all(suite, server, MOST)
        status, body = deploy(server, [MOST])
        suite.check(status >= 400 and str(MOST).encode() in body, f"one more: {status} {body[:300]}")
        suite.check(not denies(server, MOST), "it is not in force")
        check_all(suite, server, MOST)


def test_files(suite):
    with Service(*OPTIONS, policies={f"{i:06}.yaml": BLACKLIST.replace("edge.block", f"p{i}") % f"n{i}" for i in range(MOST)}) as server:
        def denied(number):
            return server.decide(actor="RANC", operation="Cell Reset", target=f"n{number}").json["status"] == "Deny"

        suite.equal([denied(i) for i in (0, MOST - 1)], [True, True], "the first and the last file")
        server.write(f"{MOST:06}.yaml", BLACKLIST.replace("edge.block", f"p{MOST}") % f"n{MOST}")
        told = lambda: server.request("GET", "/clguard/v1/generation").json["last_error"] or ""  # noqa: E731
        suite.check(wait_for(lambda: str(MOST) in told(), 60), f"one file more is refused: {told()}")
        suite.equal([denied(i) for i in (0, MOST - 1, MOST)], [True, True, False], "the set before stays")


service.main(globals())
