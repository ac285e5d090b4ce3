#!/usr/bin/env python3
"""onap_services - what ONAP's policy API, PAP and PDP answered, replayed in order against clguardd."""
# SPDX-License-Identifier: Apache-2.0
import json
import os
import re
import tempfile

import service

FOLDER = os.path.join(service.SOURCE, "tests", "conformance", "onap-service")
USER = service.basic("policyadmin", "secret")
API, PAP = "/policy/api/v1/", "/policy/pap/v1/"
PDP = "clguard-2a1bd972-335b-44ec-9228-7a537a0ce061"  # the PDP of the recording's second half, which soon was silent


def recorded(name):
    with open(os.path.join(FOLDER, name + ".jsonl"), encoding="utf-8") as file:
        return [json.loads(line) for line in file]


RECORDED = {name: recorded(name) for name in ("api", "pap", "xacml-pdp")}

# The bodies that differ, as doc/compatibility.md says: (file, number) -> why. Statuses are equal all the same.
BODIES = {
    ("api", 34): "YAML", ("api", 35): "YAML", ("api", 36): "YAML", ("api", 62): "YAML",
    ("api", 64): "HTML", ("xacml-pdp", 1): "metrics",
}
# The two answers with 500, which clguard gives a better one.
STATUSES = {("api", 49): 200, ("pap", 46): 400}


def canonical(value, path=()):
    """Ids, times and addresses out; lists whose order is that of a hash table sorted."""
    if isinstance(value, dict):
        out = {}
        for key, member in value.items():
            if key in ("auditId", "timestamp", "lastUpdate", "url"):
                continue
            if key == "properties" and path[-1:] == ("slice.capacity.check",):
                continue  # a policy in Rego: ours is our own
            out[key] = canonical(member, path + (key,))
        return out
    if isinstance(value, list):
        out = [canonical(item, path) for item in value]
        return sorted(out, key=json.dumps) if out and isinstance(out[0], dict) and "pdpId" in out[0] else out
    if isinstance(value, str) and re.fullmatch(r"(xacml|clguard)-[0-9a-f-]{36}", value):
        return "ID"
    return value


def difference(ours, theirs, path=""):
    """The first place where two values differ, for a message."""
    if isinstance(ours, dict) and isinstance(theirs, dict):
        for key in sorted(set(ours) | set(theirs)):
            if key not in ours or key not in theirs:
                return f"{path}.{key}: {'missing' if key not in ours else 'surplus'}"
            found = difference(ours[key], theirs[key], f"{path}.{key}")
            if found:
                return found
        return None
    if isinstance(ours, list) and isinstance(theirs, list) and len(ours) == len(theirs):
        for i, (a, b) in enumerate(zip(ours, theirs)):
            found = difference(a, b, f"{path}[{i}]")
            if found:
                return found
        return None
    return None if ours == theirs else f"{path}: {str(ours)[:200]!r}, not {str(theirs)[:200]!r}"


class Replay:
    def __init__(self, suite, server):
        self.suite, self.server, self.equal = suite, server, 0

    def run(self, name, first, last=None):
        for number in range(first, (first if last is None else last) + 1):
            self.one(name, number, RECORDED[name][number])

    def one(self, name, number, exchange):
        label = f"{name} {number} {exchange['method']} {exchange['path']}"
        headers = {} if exchange["status"] == 401 else dict(USER)
        for header, member in (("Content-Type", "content_type"), ("Accept", "accept")):
            if exchange.get(member):
                headers[header] = exchange[member]
        reply = self.server.request(exchange["method"], exchange["path"], exchange.get("body") or None, headers)
        wanted = STATUSES.get((name, number), exchange["status"])
        good = self.suite.equal(reply.status, wanted, label)
        if (name, number) in STATUSES:
            return
        if BODIES.get((name, number)) == "metrics":
            for series in ("jvm_threads_current", "pdpx_policy_decisions_total", "pdpx_policy_deployments_total", "process_cpu_seconds_total"):
                good &= self.suite.check(f"\n{series}" in reply.body.decode(), f"{label}: {series}")
        elif (name, number) not in BODIES:
            ours, theirs = reply.body.decode(), exchange["answer"]
            if theirs[:1] in "{[" and theirs:
                found = difference(canonical(json.loads(ours)), canonical(json.loads(theirs)))
                good &= self.suite.check(not found, f"{label}: {found}")
            else:
                good &= self.suite.equal(ours, theirs, label)
            self.equal += good

    def setup(self, method, path, body=None, status=(200, 201, 202)):
        """What the recording does not show, but needs to have happened."""
        reply = self.server.request(method, path, body, {**service.JSON, **USER})
        self.suite.check(reply.status in status, f"setup {method} {path}: {reply.status} {reply.body[:300]}")
        return reply


def group(pdp_type, supported):
    return {"groups": [{
        "name": "defaultGroup", "pdpGroupState": "ACTIVE",
        "description": "The default group that registers all supported policy types and pdps.",
        "pdpSubgroups": [{"pdpType": pdp_type, "desiredInstanceCount": 1, "supportedPolicyTypes": supported}]}]}


def supported_types(number):
    return json.loads(RECORDED["pap"][number]["answer"])["groups"][0]["pdpSubgroups"][0]["supportedPolicyTypes"]


def messages(server, consumer):
    return [json.loads(text) for text in
            server.request("GET", f"/events/policy-pdp-pap/{consumer}/1?timeout=0", headers=USER).json]


def say(server, **message):
    body = {"messageName": "PDP_STATUS", "name": PDP, "pdpType": "xacml", "pdpGroup": "defaultGroup",
            "healthy": "HEALTHY", **message}
    return server.request("POST", "/events/policy-pdp-pap", body, {**service.JSON, **USER})


def first_half(replay):
    """pap-test, then xacml-pdp-test; clguardd is the PDP."""
    replay.setup("POST", PAP + "pdps/groups/batch", group("apex", supported_types(3)))
    replay.run("api", 0, 2)
    replay.run("pap", 0, 15)
    replay.setup("POST", PAP + "pdps/groups/batch", {"groups": [{**group("xacml", supported_types(37))["groups"][0]}]})
    replay.run("xacml-pdp", 0, 1)
    replay.run("api", 3, 4)
    replay.run("xacml-pdp", 2)
    replay.setup("POST", PAP + "pdps/policies", {"policies": [{"policy-id": "SDNC_Policy.ONAP_NF_NAMING_TIMESTAMP"}]})
    replay.run("pap", 16)
    replay.run("xacml-pdp", 3, 6)
    replay.run("api", 5, 6)
    for policy in ("SDNC_Policy.ONAP_NF_NAMING_TIMESTAMP", "onap.restart.tca", "OSDF_CASABLANCA.Affinity_Default"):
        replay.setup("DELETE", PAP + "pdps/policies/" + policy)


def silent_pdp(replay):
    """A PDP that has three policies, and does not say that they are gone."""
    server = replay.server
    three = ["OSDF_CASABLANCA.Affinity_Default", "onap.restart.tca", "SDNC_Policy.ONAP_NF_NAMING_TIMESTAMP"]
    messages(server, "pdp")
    say(server, state="PASSIVE", policies=[])
    update = messages(server, "pdp")[-1]
    replay.suite.equal((update["messageName"], update["name"]), ("PDP_UPDATE", PDP), "a new PDP is told what to have")
    say(server, state="PASSIVE", policies=[], response={"responseTo": update["requestId"], "responseStatus": "SUCCESS"})
    change = messages(server, "pdp")[-1]
    replay.suite.equal((change["messageName"], change["state"]), ("PDP_STATE_CHANGE", "ACTIVE"), "then to be active")
    say(server, state="ACTIVE", response={"responseTo": change["requestId"], "responseStatus": "SUCCESS"})
    replay.setup("POST", PAP + "pdps/policies", {"policies": [{"policy-id": name} for name in three]})
    update = [m for m in messages(server, "pdp") if m["messageName"] == "PDP_UPDATE"][-1]
    replay.suite.equal(sorted(p["name"] for p in update["policiesToBeDeployed"]), sorted(three), "what is to be deployed")
    say(server, state="ACTIVE", policies=[{"name": name, "version": "1.0.0"} for name in three],
        response={"responseTo": update["requestId"], "responseStatus": "SUCCESS"})
    status = replay.setup("GET", PAP + "policies/status").json
    replay.suite.equal([entry["state"] for entry in status], ["SUCCESS"] * 3, "the PDP has them")
    for name in three:
        replay.setup("DELETE", PAP + "pdps/policies/" + name)


def second_half(replay):
    """api-test; then by hand, while the one PDP of the group is silent."""
    silent_pdp(replay)
    replay.setup("DELETE", API + "policies/operational.apex.decisionMaker/versions/1.0.0")
    replay.setup("DELETE", API + "policies/OSDF_CASABLANCA.Affinity_Default/versions/1.0.0")
    replay.run("api", 7, 33)
    replay.run("api", 34, 42)
    replay.run("pap", 17, 20)
    replay.run("api", 43, 67)
    replay.run("pap", 21, 54)
    replay.run("api", 68, 71)


def test_every_recorded_exchange_is_answered_alike(suite):
    with tempfile.TemporaryDirectory() as folder:
        users, data = os.path.join(folder, "users"), os.path.join(folder, "data")
        with open(users, "w", encoding="utf-8") as file:
            file.write("policyadmin:secret\n")
        options = ("--mode", "onap", "--api-checks", "onap", "--users", users)
        with service.Service(*options, data=data) as server:
            replay = Replay(suite, server)
            first_half(replay)
        with service.Service(*options, "--pdp-group", "none", data=data) as server:
            replay.server = server
            second_half(replay)
        total = sum(map(len, RECORDED.values()))
        print(f"{replay.equal} of {total} exchanges equal, {len(BODIES)} with another body, {len(STATUSES)} better ones")
        suite.equal(replay.equal + len(BODIES) + len(STATUSES), total, "all are played once, and equal")


if __name__ == "__main__":
    service.main(globals())
