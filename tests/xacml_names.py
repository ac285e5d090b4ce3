#!/usr/bin/env python3
"""xacml_names - guards converted to XACML, decided by a reader that knows ONAP's names alone

The names below are ONAP's, written down from its engine's side: which attributes a guard request has, and what the two information
points of the operation history answer to. They are not taken from the project's table, and a designator that names anything
else is an error: in ONAP's engine its bag is empty, a rule that needs it fails, and a guard that denies by a rule is open.
tests/xacml_engine.py asks a real engine.
"""
# SPDX-License-Identifier: Apache-2.0
import json
import os
import re
import subprocess
import sys
import tempfile
import xml.etree.ElementTree as tree

BUILD = os.environ.get("top_builddir", ".")
RESOURCE = "urn:oasis:names:tc:xacml:3.0:attribute-category:resource"
ENVIRONMENT = "urn:oasis:names:tc:xacml:3.0:attribute-category:environment"
GUARD = "urn:org:onap:guard:"
ISSUER = "urn:org:onap:xacml:guard:"
REQUEST = {
    "actor": GUARD + "actor:actor-id",
    "operation": GUARD + "operation:operation-id",
    "clname": GUARD + "clname:clname-id",
    "target": GUARD + "target:target-id",
    "vfCount": GUARD + "target:vf-count",
    "generic-vnf.vnf-name": GUARD + "target:generic-vnf.vnf-name",
    "generic-vnf.vnf-id": GUARD + "target:generic-vnf.vnf-id",
    "generic-vnf.vnf-type": GUARD + "target:generic-vnf.vnf-type",
    "generic-vnf.nf-naming-code": GUARD + "target:generic-vnf.nf-naming-code",
    "vserver.vserver-id": GUARD + "target:vserver.vserver-id",
    "cloud-region.cloud-region-id": GUARD + "target:cloud-region.cloud-region-id",
}
KEYS = {name: key for key, name in REQUEST.items()}
UNITS = ("second", "minute", "hour", "day")  # week, month and year give -1 there


class Fails(Exception):
    """XACML's Indeterminate."""


class Unknown(Exception):
    """What ONAP has no name for."""


def local(element):
    return element.tag.rsplit("}", 1)[1]


def value_of(element):
    text = element.text or ""
    return int(text) if element.get("DataType").endswith("#integer") else text


def history_bag(name, issuer, world):
    if name == GUARD + "operation:operation-count":
        found = re.fullmatch(re.escape(ISSUER) + r"count-recent-operations:tw:(\d+):(\w+)", issuer or "")
        if not found or found.group(2) not in UNITS or int(found.group(1)) > 2147483647:
            raise Unknown(f"count of {issuer}")
        asked = [world["request"].get(key) for key in ("actor", "operation", "target")]
        return [] if None in asked else [world["counts"].get(f"{found.group(1)} {found.group(2)}", 0)]
    found = re.fullmatch(re.escape(ISSUER) + r"get-operation-outcome:clname:(.*)", issuer or "")
    if not found or "clname:" in found.group(1):
        raise Unknown(f"outcome of {issuer}")
    return [world["outcomes"][found.group(1)]] if found.group(1) in world["outcomes"] else []


def bag_of(element, world):
    name, category = element.get("AttributeId"), element.get("Category")
    if category == ENVIRONMENT and name.endswith(":current-time"):
        return [world["time"]]
    if category != RESOURCE:
        raise Unknown(f"{name} in {category}")
    if name in (GUARD + "operation:operation-count", GUARD + "operation:operation-outcome"):
        bag = history_bag(name, element.get("Issuer"), world)
    elif name in KEYS:
        bag = [world["request"][KEYS[name]]] if KEYS[name] in world["request"] else []
    else:
        raise Unknown(name)
    if not bag and element.get("MustBePresent") == "true":
        raise Fails(name)
    return bag


def only(bag):
    if len(bag) != 1:
        raise Fails("one and only")
    return bag[0]


FUNCTIONS = {
    "string-equal": lambda a, b: a == b, "string-equal-ignore-case": lambda a, b: a.lower() == b.lower(),
    "string-regexp-match": lambda a, b: re.search(a, b) is not None, "string-contains": lambda a, b: a in b,
    "string-starts-with": lambda a, b: b.startswith(a), "string-ends-with": lambda a, b: b.endswith(a),
    "string-greater-than": lambda a, b: a > b, "string-less-than": lambda a, b: a < b,
    "integer-equal": lambda a, b: a == b, "integer-less-than": lambda a, b: a < b,
    "integer-less-than-or-equal": lambda a, b: a <= b, "integer-greater-than-or-equal": lambda a, b: a >= b,
    "time-less-than-or-equal": lambda a, b: a <= b, "time-greater-than-or-equal": lambda a, b: a >= b,
    "string-is-in": lambda a, bag: a in bag, "string-bag-size": len, "not": lambda a: not a,
    "string-one-and-only": only, "integer-one-and-only": only, "time-one-and-only": only,
}


def evaluate(element, world):
    kind = local(element)
    if kind == "AttributeValue":
        return value_of(element)
    if kind == "AttributeDesignator":
        return bag_of(element, world)
    name = element.get("FunctionId").rsplit(":", 1)[1]
    if name == "and":  # the first that decides ends it
        return all(evaluate(part, world) for part in element)
    if name == "or":
        return any(evaluate(part, world) for part in element)
    return FUNCTIONS[name](*(evaluate(part, world) for part in element))


def matches(target, world):
    """AnyOfs are joined by and, their AllOfs by or, Matches by and."""
    def match(element):
        name = element.get("MatchId").rsplit(":", 1)[1]
        return any(FUNCTIONS[name](value_of(element[0]), value) for value in bag_of(element[1], world))
    return all(any(all(map(match, every)) for every in some) for some in target)


def rule(element, world):
    try:
        holds = all(evaluate(part[0], world) for part in element if local(part) == "Condition")
        return element.get("Effect") if holds else None
    except Fails:
        return "Indeterminate"


def policy(element, world):
    parts = {name: [part for part in element if local(part) == name] for name in ("Target", "Rule")}
    if not matches(parts["Target"][0], world):
        return None
    said = [rule(part, world) for part in parts["Rule"]]
    algorithm = element.get("RuleCombiningAlgId").rsplit(":", 1)[1]
    if algorithm in ("permit-unless-deny", "deny-unless-permit"):
        other, first = algorithm.split("-unless-")
        return first.capitalize() if first.capitalize() in said else other.capitalize()
    first = algorithm.split("-")[0].capitalize()
    order = [first, "Indeterminate", "Permit" if first == "Deny" else "Deny"]
    return next((effect for effect in order if effect in said), None)


def decide(root, world):
    return "Deny" if "Deny" in [policy(part, world) for part in root if local(part) == "Policy"] else "Permit"


def convert(body):
    with tempfile.NamedTemporaryFile("w", suffix=".json", encoding="utf-8") as file:
        json.dump({"tosca_definitions_version": "tosca_simple_yaml_1_1_0", "topology_template": {"policies": [body]}}, file)
        file.flush()
        done = subprocess.run([os.path.join(BUILD, "clguard"), "convert", file.name, "--to", "xacml"], capture_output=True,
                              text=True, timeout=60, check=False)
    return done


def guard(kind, **properties):
    return {"p": {"type": "onap.policies.controlloop.guard." + kind, "type_version": "1.0.0", "version": "1.0.0",
                  "properties": properties}}


WHO = {"actor": "SO", "operation": "Restart"}
ASK = {**WHO, "target": "t1", "clname": "second"}
FAMILY = {"field": "generic-vnf.vnf-id", "filter": "bad", "function": "string-equal", "blacklist": True}
CASES = [  # policy, [(request, counts, outcomes, time, expected)]
    (guard("common.FrequencyLimiter", **WHO, limit=2, timeWindow=2, timeUnits="week"), [
        (ASK, {"14 day": 0}, {}, None, "Permit"), (ASK, {"14 day": 1}, {}, None, "Permit"), (ASK, {"14 day": 2}, {}, None, "Deny"),
        (ASK, {"14 day": -1}, {}, None, "Deny"), (WHO, {}, {}, None, "Deny")]),
    (guard("common.FrequencyLimiter", **WHO, limit=1, timeWindow=1, timeUnits="month"), [
        (ASK, {"31 day": 0}, {}, None, "Permit"), (ASK, {"31 day": 1}, {}, None, "Deny")]),
    (guard("common.FrequencyLimiter", **WHO, limit=1, timeWindow=10, timeUnits="minute",
           timeRange={"start_time": "08:00:00Z", "end_time": "16:00:00Z"}), [
        (ASK, {"10 minute": 1}, {}, "12:00:00Z", "Deny"), (ASK, {"10 minute": 1}, {}, "07:00:00Z", "Permit")]),
    (guard("coordination.FirstBlocksSecond", controlLoop=["first", "second"]), [
        (ASK, {}, {"first": "In_Progress"}, None, "Deny"), (ASK, {}, {"first": "Complete"}, None, "Permit"), (ASK, {}, {}, None, "Permit"),
        ({**ASK, "clname": "other"}, {}, {"first": "In_Progress"}, None, "Permit")]),
    (guard("common.Blacklist", **WHO, blacklist=["t1", "/vm[0-9]+/"]), [
        (ASK, {}, {}, None, "Deny"), ({**ASK, "target": "vm7"}, {}, {}, None, "Deny"), ({**ASK, "target": "vm7x"}, {}, {}, None, "Permit"),
        (WHO, {}, {}, None, "Deny")]),
    (guard("common.MinMax", **WHO, target="t1", min=2, max=4), [
        ({**ASK, "vfCount": 2}, {}, {}, None, "Permit"), ({**ASK, "vfCount": 5}, {}, {}, None, "Deny"),
        ({**ASK, "vfCount": 1}, {}, {}, None, "Deny"), (ASK, {}, {}, None, "Deny")]),
    (guard("common.Blacklist", actor=".*", operation=".*", blacklist=["t9"]), [
        (ASK, {}, {}, None, "Permit"), ({"actor": "SO", "target": "t1"}, {}, {}, None, "Deny"),
        ({"operation": "Restart", "target": "t1"}, {}, {}, None, "Deny")]),
] + [
    (guard("common.Filter", **WHO, algorithm="blacklist-overrides", filters=[{**FAMILY, "field": field}]), [
        ({**ASK, field: "bad"}, {}, {}, None, "Deny"), ({**ASK, field: "good"}, {}, {}, None, "Permit"), (ASK, {}, {}, None, "Deny")])
    for field in REQUEST if "." in field
]


def main():
    passed = failed = 0
    for body, asked in CASES:
        done = convert(body)
        root = tree.fromstring(done.stdout) if done.returncode == 0 else None
        for request, counts, outcomes, time, expected in asked:
            world = {"request": request, "counts": counts, "outcomes": outcomes, "time": time}
            try:
                got = decide(root, world) if root is not None else done.stderr
            except Unknown as problem:
                got = f"ONAP does not know {problem}"
            passed, failed = passed + (got == expected), failed + (got != expected)
            if got != expected:
                print(f"FAIL {json.dumps(body)}: {world}: {got}, expected {expected}")
    done = convert(guard("coordination.FirstBlocksSecond", controlLoop=["a clname: b", "second"]))
    if done.returncode == 1 and "expected a name without 'clname:'" in done.stderr and not done.stdout:
        passed += 1
    else:
        failed += 1
        print(f"FAIL a name that ONAP cuts: {done}")
    print(f"{passed} passed, {failed} failed")
    return failed > 0


if __name__ == "__main__":
    sys.exit(main())
