#!/usr/bin/env python3
"""pdp_messages - what ONAP's PAP and a PDP said to each other, replayed: clguardd is the PAP."""
# SPDX-License-Identifier: Apache-2.0
import json
import os
import re

import service

API, PAP = "/policy/api/v1/", "/policy/pap/v1/"
TOPIC = "/events/policy-pdp-pap"
FOLDER = os.path.join(service.SOURCE, "tests", "conformance", "onap-service")
with open(os.path.join(FOLDER, "pdp-pap-messages-guard.jsonl"), encoding="utf-8") as lines:
    MESSAGES = [json.loads(line) for line in lines]

# Members that clguardd's messages need not have, or have more often, than ONAP's.
LOOSE = ("requestId", "timestampMs", "source", "description", "pdpHeartbeatIntervalMs")


def plain(message):
    out = {key: value for key, value in message.items() if key not in LOOSE and value != []}
    for policy in out.get("policiesToBeDeployed", []):
        policy.pop("metadata", None)
    return out


def prepare(server, message):
    """What an operator did before the PAP said this: entered and deployed, or undeployed, policies."""
    for policy in message.get("policiesToBeDeployed", []):
        template = {"tosca_definitions_version": "tosca_simple_yaml_1_1_0",
                    "topology_template": {"policies": [{policy["name"]: policy}]}}
        server.request("POST", API + "policies", template)
        server.request("POST", PAP + "pdps/policies", {"policies": [{"policy-id": policy["name"]}]})
    for policy in message.get("policiesToBeUndeployed", []):
        server.request("DELETE", PAP + "pdps/policies/" + policy["name"])


def test_the_recorded_conversation_is_held(suite):
    told, ids, seen = [], {}, 0
    with service.Service("--pdp-group", "none", "--api-checks", "onap") as server:
        def listen():
            return [json.loads(text) for text in server.request("GET", f"{TOPIC}/test/1?timeout=0").json]
        listen()
        server.request("POST", PAP + "pdps/groups/batch", {"groups": [{"name": "defaultGroup", "pdpSubgroups": [
            {"pdpType": "xacml", "supportedPolicyTypes": [
                {"name": name, "version": "1.0.0"} for name in ("onap.policies.Naming", "onap.policies.controlloop.guard.common.*")]}]}]})
        server.request("GET", "/events/policy-notification/test/1?timeout=0")
        server.request("POST", PAP + "pdps/deployments/batch", {"groups": [{"name": "defaultGroup", "deploymentSubgroups": [
            {"pdpType": "xacml", "action": "POST", "policies": [
                {"name": "SDNC_Policy.ONAP_NF_NAMING_TIMESTAMP", "version": "1.0.0"}]}]}]})
        for entry in MESSAGES:
            message = entry["msg"]
            if message["messageName"] == "PDP_UPDATE" and not message["policiesToBeDeployed"] and \
                    not message.get("policiesToBeUndeployed"):
                ids[message["requestId"]] = "nothing"  # an update without a change, which clguardd does not send
                continue
            if entry["dir"] == "pdp->pap":
                if "response" in message:
                    answered = message["response"]["responseTo"]
                    message = {**message, "response": {**message["response"], "responseTo": ids.get(answered, answered)}}
                server.request("POST", TOPIC, message)
                continue
            told += [m for m in listen() if m["messageName"] != "PDP_STATUS"]
            if len(told) <= seen:
                prepare(server, message)
                told += [m for m in listen() if m["messageName"] != "PDP_STATUS"]
            if not suite.check(len(told) > seen, f"nothing is said where ONAP's PAP says {message}"):
                return
            ours, seen = told[seen], seen + 1
            ids[message["requestId"]] = ours["requestId"]
            suite.check(re.fullmatch(r"pap-clguard-[0-9a-f-]{36}", ours["source"]), "the source is ours")
            suite.equal(plain(ours), plain(message), f"message {seen} to the PDP")
        with open(os.path.join(FOLDER, "topic-policy-notification.jsonl"), encoding="utf-8") as file:
            theirs = [json.loads(line) for line in file][:6]
        del theirs[3]  # a policy that is deployed nowhere any more, with no counts
        ours = [json.loads(text) for text in server.request("GET", "/events/policy-notification/test/1?timeout=0").json]
        suite.equal(ours, theirs, "what is told of it on the topic for policies")
        deployed = [p["policy-id"] for p in server.request("GET", PAP + "policies/deployed").json]
        suite.check("guard.frequency.bad" not in deployed, "what the PDP could not take is not deployed any more")


def test_a_silent_pdp_is_dropped(suite):
    with service.Service("--pdp-group", "none", "--clock", "manual") as server:
        def pdps():
            return len(server.request("GET", PAP + "pdps/healthcheck").json["pdpList"])
        server.request("POST", TOPIC, {"messageName": "PDP_STATUS", "name": "other", "pdpType": "xacml",
                                       "pdpGroup": "defaultGroup", "state": "PASSIVE", "healthy": "HEALTHY", "policies": []})
        suite.equal(pdps(), 1, "it is there")
        server.request("PUT", "/clguard/v1/clock", {"advance_ms": 20000})
        suite.equal(pdps(), 1, "it may take its time to answer")
        server.request("PUT", "/clguard/v1/clock", {"advance_ms": 120000})
        suite.equal(pdps(), 0, "an update that is not answered twice")
        for text in ("{", "[]", "null", '{"messageName":"PDP_STATUS"}', '{"messageName":"PDP_STATUS","name":"../x"}',
                     '{"messageName":"PDP_STATUS","name":"y","pdpGroup":"none","pdpType":"z"}'):
            server.request("POST", TOPIC, json.dumps([text]))
        suite.equal(pdps(), 0, "what is not understood changes nothing")


service.main(globals())
