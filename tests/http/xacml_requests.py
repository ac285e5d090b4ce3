#!/usr/bin/env python3
"""xacml_requests - POST /policy/pdpx/v1/xacml: XACML's JSON profile answered by the guards, anything else refused in its form."""
# SPDX-License-Identifier: Apache-2.0
import json
import xml.dom.minidom

import service
from service import Service

PATH = "/policy/pdpx/v1/xacml"
KIND = {"Content-Type": "application/xacml+json", "Accept": "application/xacml+json"}
ONAP = "urn:org:onap:guard:"
IDS = {"actor": ONAP + "actor:actor-id", "operation": ONAP + "operation:operation-id", "target": ONAP + "target:target-id",
       "clname": ONAP + "clname:clname-id", "vfCount": ONAP + "target:vf-count",
       "generic-vnf.vnf-name": ONAP + "target:generic-vnf.vnf-name"}
OASIS = "urn:oasis:names:tc:xacml:1.0:"
BOUNDS = """type: onap.policies.controlloop.guard.common.MinMax
properties: {actor: SO, operation: Scale, target: vm, min: 1, max: 4}
"""


def attribute(name, value):
    return {"AttributeId": name, "Value": value}


def request(**values):
    return {"Request": {"Resource": [{"Attribute": [attribute(IDS[key.replace("__", ".")], value) for key, value in values.items()]}]}}


def ask(server, body, headers=KIND):
    reply = server.request("POST", PATH, body, headers)
    return reply.status, reply


def decision(server, body):
    status, reply = ask(server, body)
    result = reply.json["Response"][0]
    return status, result["Decision"], result["Status"].get("StatusMessage")


def test_guards_answer(suite):
    with Service(policies={"b.yaml": service.BLACKLIST % "gnb-041", "m.yaml": BOUNDS}) as server:
        status, reply = ask(server, request(actor="RANC", operation="Cell Reset", target="gnb-041"))
        suite.equal((status, reply.headers["content-type"]), (200, "application/xacml+json"), "the form")
        suite.equal(reply.json, {"Response": [{"Decision": "Deny", "Status": {
            "StatusCode": {"Value": OASIS + "status:ok"}, "StatusMessage": "blacklisted"}}]}, "denied, and why")
        suite.equal(decision(server, request(actor="RANC", operation="Cell Reset", target="gnb-1")), (200, "Permit", None), "permitted")
        suite.equal(decision(server, request(actor="x", operation="y")), (200, "NotApplicable", "no_applicable_guard"), "no guard")
        for count, wanted in ((3, "Permit"), ("3", "Permit"), ([5], "Deny")):
            suite.equal(decision(server, request(actor="SO", operation="Scale", target="vm", vfCount=count))[1], wanted, f"vfCount {count}")
        usual = {"Request": {"AccessSubject": {"Attribute": [attribute(OASIS + "subject:subject-id", "RANC")]},
                             "Action": [{"Attribute": [attribute(OASIS + "action:action-id", "Cell Reset")]}],
                             "Resource": {"Attribute": [attribute(OASIS + "resource:resource-id", "gnb-041"), attribute("urn:x", True)]},
                             "Category": [{"CategoryId": "urn:y", "Attribute": [attribute("urn:z", [1, 2])]}]}}
        suite.equal(decision(server, usual)[1], "Deny", "XACML's own names, and attributes that no guard knows")
        same = {"Request": {**usual["Request"], "Category": request(target="gnb-041")["Request"]["Resource"]}}
        suite.equal(decision(server, same)[1], "Deny", "the same by both names")
        metrics = server.request("GET", "/metrics", headers={}).body.decode()
        suite.check('clguard_door_decisions_total{door="decision",status="deny"} 4\n' in metrics, "they are counted")


def test_what_cannot_be_answered_is_refused_in_its_form(suite):
    with Service(policies={"b.yaml": service.BLACKLIST % "gnb-041"}) as server:
        for body, told in (("{", "line 1"), ({}, "no Request"), ({"Request": []}, "no Request"),
                           ({"Request": {"Resource": {"Attribute": [{"Value": 1}]}}}, "AttributeId"),
                           (request(actor=["a", "b"]), "one Value"), (request(actor=True), "one Value"), (request(vfCount="x"), "'x'"),
                           ({"Request": {"Resource": {"Attribute": [attribute(IDS["actor"], "a"), attribute(IDS["actor"], "b")]}}}, "twice"),
                           ({"Request": {"Resource": [[]]}}, "a list"), ({"Request": {"MultiRequests": {}}}, "/clguard/v1/decisions")):
            status, reply = ask(server, json.dumps(body) if isinstance(body, dict) else body)
            result = reply.json["Response"][0]
            suite.equal((status, result["Decision"]), (400, "Indeterminate"), f"{body}")
            suite.check(told in result["Status"]["StatusMessage"], f"{body}: {result}")
        status, reply = ask(server, "<Request/>", {"Content-Type": "application/xacml+xml", "Accept": "application/xacml+xml"})
        suite.equal((status, reply.headers["content-type"]), (400, "application/xacml+xml"), "XML")
        answer = xml.dom.minidom.parseString(reply.body)
        suite.equal(answer.getElementsByTagName("Decision")[0].firstChild.data, "Indeterminate", "in XML")
        suite.equal(ask(server, "{}", {"Content-Type": "application/json"})[0], 415, "another type")
        suite.equal(ask(server, "{}", {**KIND, "Accept": "text/html"})[0], 406, "another answer")
        server.request("PUT", "/clguard/v1/state", {"state": "PASSIVE"})
        suite.equal(ask(server, request(actor="a", operation="b"))[0], 409, "PASSIVE")


if __name__ == "__main__":
    service.main(globals())
