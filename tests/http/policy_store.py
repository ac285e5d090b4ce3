#!/usr/bin/env python3
"""policy_store - policies created, deployed, asked, rolled back over HTTP; two processes; kill -9 at every step."""
# SPDX-License-Identifier: Apache-2.0
import json
import os
import random
import subprocess
import tempfile
import threading
import time

import service

API, PAP, OURS = "/policy/api/v1/", "/policy/pap/v1/", "/clguard/v1/policies/"
LIMITER = "onap.policies.controlloop.guard.common.FrequencyLimiter"
BLACKLIST = "onap.policies.controlloop.guard.common.Blacklist"


def limiter(name, version="1.0.0", limit=2, **more):
    return {name: {"type": LIMITER, "type_version": "1.0.0", "version": version, "properties": {
        "actor": "SO", "operation": "Restart", "limit": limit, "timeWindow": 10, "timeUnits": "minute", **more}}}


def blacklist(name, *targets, version="1.0.0", operation="Restart"):
    return {name: {"type": BLACKLIST, "type_version": "1.0.0", "version": version, "properties": {
        "actor": "SO", "operation": operation, "blacklist": list(targets)}}}


def template(*policies, **more):
    return {"tosca_definitions_version": "tosca_simple_yaml_1_1_0", "topology_template": {"policies": list(policies)},
            **more}


def create(server, *policies, query=""):
    return server.request("POST", API + "policies" + query, template(*policies))


def deploy(server, *names, query=""):
    policies = [dict(zip(("policy-id", "policy-version"), name.split(":"))) for name in names]
    return server.request("POST", PAP + "pdps/policies" + query, {"policies": policies})


def undeploy(server, name, query=""):
    return server.request("DELETE", PAP + "pdps/policies/" + name + query)


def verdict(server, target="vm-1", operation="Restart"):
    return server.decide(actor="SO", operation=operation, target=target, clname="cl").json["status"]


def generations(server):
    return server.request("GET", OURS + "generations").json


def deployed(server):
    return sorted(p["policy-id"] for p in server.request("GET", PAP + "policies/deployed").json)


def test_more_policies_than_a_set_holds_are_refused(suite):
    with service.Service("--policies-max", "3") as server:
        for i in range(4):
            create(server, blacklist(f"edge.b{i}", "vm-1"))
        suite.equal(deploy(server, "edge.b0", "edge.b1", "edge.b2").status, 202, "as many as it holds")
        reply = deploy(server, "edge.b3")
        suite.check(reply.status == 400 and b"3" in reply.body, f"one more: {reply.status} {reply.body}")
        suite.equal((verdict(server), len(deployed(server))), ("Deny", 3), "the old set stays")


def test_a_policy_comes_into_force_and_goes_back(suite):
    with service.Service() as server:
        body = json.dumps(template(blacklist("edge.block", "vm-1")), indent=1)
        reply = server.request("POST", API + "policies", body)
        suite.equal(reply.status, 201, "created")
        suite.equal(verdict(server), "Permit", "what is only created is not in force")

        reply = deploy(server, "edge.block", query="?dry-run=true")
        suite.equal(reply.status, 200, "a dry run")
        suite.equal((reply.json["good"], [g["policy"] for g in reply.json["guards"]]), (True, ["edge.block"]),
                    "a dry run tells what would be in force")
        suite.equal((verdict(server), generations(server)["generation"]), ("Permit", 0), "and changes nothing")

        suite.equal(deploy(server, "edge.block").status, 202, "deployed")
        suite.equal(verdict(server), "Deny", "in force when the answer comes")
        why = server.request("POST", service.DECISION + "?explain=true",
                             service.ask(actor="SO", operation="Restart", target="vm-1", clname="cl")).json
        guard = why["explanation"]["guards"][0]
        suite.equal((guard["policy"], guard["file"]), ("edge.block", "policy edge.block 1.0.0"), "the explanation names it")
        document = server.request("GET", OURS + "edge.block/1.0.0", headers={"Accept": "application/yaml"}).body.decode()
        suite.check("edge.block" in document.splitlines()[guard["line"] - 1], f"and its line: {guard['line']} of {document}")

        suite.equal(create(server, limiter("edge.limit")).status, 201, "another one")
        suite.equal(deploy(server, "edge.limit").status, 202, "deployed too")
        suite.equal(undeploy(server, "edge.block").status, 202, "the first one undeployed")
        suite.equal(verdict(server), "Permit", "and out of force")
        listed = generations(server)
        suite.equal([(g["generation"], g["action"]) for g in listed["generations"]],
                    [(3, "undeploy"), (2, "deploy"), (1, "deploy")], "three generations")
        diff = server.request("GET", OURS + "diff?from=3&to=1").json
        suite.equal(([c["policy"]["name"] for c in diff["deploy"]], [c["policy"]["name"] for c in diff["undeploy"]]),
                    (["edge.block"], ["edge.limit"]), "what lies between")

        dry = server.request("POST", OURS + "rollback?dry-run=true", {"generation": 1}).json
        suite.equal([g["policy"] for g in dry["guards"]], ["edge.block"], "a rollback's dry run")
        reply = server.request("POST", OURS + "rollback", {"generation": 1})
        suite.equal((reply.status, reply.json), (200, {"rolledBackTo": 1, "generation": 4}), "rolled back, as a new one")
        suite.equal((verdict(server), deployed(server)), ("Deny", ["edge.block"]), "what was in force then is again")
        suite.equal(server.request("POST", OURS + "rollback", {"generation": 9}).status, 400, "no such generation")


def logged(path):
    """How many decisions the log tells of."""
    with open(path, encoding="utf-8") as file:
        return sum('"door":"decision"' in line for line in file if line.endswith("\n"))


def turned(reply, loop="open"):
    figures = reply.json["impact"][loop]
    return figures["asked"], figures["to_deny"], figures["to_permit"]


def test_a_dry_run_tells_what_would_turn_by_the_decision_log(suite):
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "decisions.log")
        with service.Service("--decision-log", path, policies={"p.yaml": json.dumps(template(blacklist("file.block", "vm-9")))}) as server:
            create(server, blacklist("edge.block", "vm-1"), limiter("edge.limit"))
            for number in range(12):
                verdict(server, target=f"vm-{number % 4}")
            verdict(server, target="vm-9")
            service.wait_for(lambda: logged(path) == 13)

            reply = deploy(server, "edge.block", query="?dry-run=true")
            suite.check("impact" not in reply.json, "only where it is asked for")
            reply = deploy(server, "edge.block", query="?dry-run=true&impact=true")
            suite.equal((reply.status, reply.json["good"]), (200, True), f"a dry run with its effect: {reply.body[:300]}")
            suite.equal((turned(reply), turned(reply, "closed")), ((13, 3, 0), (13, 3, 0)), "three of thirteen become a Deny")
            example = reply.json["impact"]["examples"][0]
            suite.equal((example["request"]["target"], example["was"]["status"], example["now"]["status"], example["now"]["policy"]),
                        ("vm-1", "Permit", "Deny", "edge.block"), "an example")
            suite.equal(example["now"]["file"], "policy edge.block 1.0.0", "with its place")
            suite.equal((verdict(server), generations(server)["generation"]), ("Permit", 0), "and nothing is changed")
            suite.equal(turned(deploy(server, "edge.limit", query="?dry-run=true&impact=true"))[1:], (0, 0),
                        "a limiter turns nothing where nothing was done")

            _, text = clguard(server, "policy", "deploy", "edge.block", "--dry-run")
            suite.check("of 13 decisions 3 would become a Deny and 0 a Permit" in text or
                        "of 14 decisions 4 would become a Deny and 0 a Permit" in text, f"the command says so: {text}")
            suite.check("target=vm-1 clname=cl: was Permit, would be Deny by edge.block (policy edge.block 1.0.0:" in text, text)

            suite.equal(deploy(server, "edge.block").status, 202, "deployed")
            suite.equal(verdict(server), "Deny", "in force")
            service.wait_for(lambda: logged(path) == 15)
            reply = undeploy(server, "edge.block", query="?dry-run=true&impact=true")
            suite.equal(turned(reply), (15, 0, 1), f"one Deny would become a Permit: {reply.body[:400]}")
            reply = server.request("POST", OURS + "rollback?dry-run=true&impact=true", {"generation": 0})
            suite.equal(turned(reply), (15, 0, 1), "a rollback is judged alike")

            undeploy(server, "edge.block")
            program = os.path.join(service.BUILD, "clguard")
            with open(os.path.join(folder, "p.yaml"), "w", encoding="utf-8") as file:
                json.dump(template(blacklist("edge.block", "vm-1"), blacklist("file.block", "vm-9")), file)
            there = subprocess.run([program, "replay", "--log", path, "--policies", file.name, "--json"],
                                   capture_output=True, text=True, timeout=30, check=False)
            reply = deploy(server, "edge.block", query="?dry-run=true&impact=true")
            theirs = json.loads(there.stdout)
            suite.equal([theirs[key] for key in ("open", "closed")], [reply.json["impact"][key] for key in ("open", "closed")],
                        "clguard replay finds the same")
            with open(path, "a", encoding="utf-8") as file:
                file.write('{"n":99,"time":')
            suite.check("open" in deploy(server, "edge.block", query="?dry-run=true&impact=true").json["impact"],
                        "a line that is being written is left out")
    with service.Service() as server:
        create(server, blacklist("edge.block", "vm-1"))
        reply = deploy(server, "edge.block", query="?dry-run=true&impact=true")
        suite.equal((reply.status, reply.json["good"]), (200, True), "without a decision log")
        suite.check("decision_log" in reply.json["impact"]["error"], f"it says why: {reply.body}")


def test_a_log_that_is_cut_or_long_is_no_trouble(suite):
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "decisions.log")
        old = path + ".00000000000000000001"
        with service.Service("--decision-log", path, "--decision-log-permits", "1") as server:
            create(server, blacklist("edge.block", "vm-1"))
            verdict(server)
            service.wait_for(lambda: logged(path) == 1)
            with open(path, "rb") as file:
                lines = file.read().splitlines(keepends=True)
            first, decision = lines[0], next(line for line in lines if b'"door":"decision"' in line)

            # More than is read: the first line counts all the same, and lines have no number.
            long = decision.replace(b'"target":"vm-1"', b'"target":"vm-1' + b"x" * 16000 + b'"')
            with open(old, "wb") as file:
                file.write(first.replace(b'"permits":1,', b'"permits":10,') + long * 2200 + decision)
            impact = deploy(server, "edge.block", query="?dry-run=true&impact=true").json["impact"]
            suite.equal((impact["permits"], impact["open"]["to_deny"]), (10, 2), f"what its first line tells: {str(impact)[:300]}")
            suite.check(2000 < impact["lines"] < 2150, f"the newest 32 MiB: {impact['lines']} lines")
            told = ["line" in example for example in impact["examples"]]
            suite.equal((told[0], told[-1]), (False, True), "a line is told where it is known")

            # Cut by another program again and again.
            text, stop = first + decision * 20000, threading.Event()

            def cut():
                while not stop.is_set():
                    with open(old, "r+b") as file:
                        file.write(text)
                        file.truncate(100)

            cutter = threading.Thread(target=cut)
            cutter.start()
            try:
                for _ in range(12):
                    reply = deploy(server, "edge.block", query="?dry-run=true&impact=true")
                    suite.check(reply.status == 200 and "impact" in reply.json, f"the service stays: {reply.status}")
            finally:
                stop.set()
                cutter.join()

def test_a_rollback_restores_what_was_removed_and_refuses_what_was_replaced(suite):
    with service.Service() as server:
        create(server, blacklist("a", "vm-1"), blacklist("b", "vm-2"))
        deploy(server, "a", "b")
        undeploy(server, "a")
        undeploy(server, "b")
        for name in "ab":
            suite.equal(server.request("DELETE", API + f"policies/{name}/versions/1.0.0").status, 200, f"{name} removed")
        suite.equal(server.request("POST", OURS + "rollback", {"generation": 1}).status, 200, "rolled back")
        suite.equal((deployed(server), verdict(server)), (["a", "b"], "Deny"), "both restored")
        undeploy(server, "b")
        server.request("DELETE", API + "policies/b/versions/1.0.0")
        create(server, blacklist("b", "vm-3"))
        reply = server.request("POST", OURS + "rollback", {"generation": 1})
        suite.equal(reply.status, 409, "other content under the version")
        suite.check("other content" in reply.json["errorDetails"], reply.body)
        suite.equal(deployed(server), ["a"], "all or nothing")


def test_what_is_wrong_is_refused_with_its_place(suite):
    body = json.dumps(template(limiter("bad.limit", limit=0)), indent=1)
    line = [i for i, text in enumerate(body.splitlines(), 1) if '"limit": 0' in text][0]
    with service.Service() as server:
        reply = server.request("POST", API + "policies", body)
        suite.equal((reply.status, reply.json["code"]), (406, "NOT_ACCEPTABLE"), "strict: limit 0")
        finding = reply.json["findings"][0]
        suite.equal((finding["file"], finding["line"], finding["severity"]), ("body", line, "error"), "its place")
        suite.equal(create(server, limiter("bad.limit", limit=0), query="?dry-run=true").json["good"], False, "a dry run says so")
        unknown = {"x": {"type": "onap.policies.monitoring.nothing", "type_version": "1.0.0", "version": "1.0.0"}}
        suite.check("not found" in create(server, unknown).json["error"], "an unknown type")
        monitoring = {"m": {"type": "onap.policies.monitoring.tcagen2", "type_version": "1.0.0", "version": "1.0.0",
                            "properties": {"nosuch": 1}}}
        reply = create(server, monitoring)
        suite.equal(reply.status, 406, "policies of other types are checked too")
        suite.check("nosuch" in reply.json["error"], reply.body)
        reply = create(server, blacklist("twice", "vm-1"), blacklist("twice", "vm-2"))
        suite.equal(reply.status, 406, "one name and version with two contents")
        suite.equal(server.request("GET", API + "policies/twice/versions/1.0.0").status, 404, "nothing of it is kept")
        suite.equal(create(server, blacklist("dry", "vm-1"), query="?dry-run=true").json["good"], True, "a good one, dry")
        suite.equal(server.request("GET", API + "policies/dry/versions/1.0.0").status, 404, "nothing of it is kept either")
        reply = server.request("POST", API + "policies", "{", service.JSON)
        suite.equal((reply.status, "line 1" in json.dumps(reply.json["details"])), (400, True), "no JSON, and where")
    with service.Service("--api-checks", "onap") as server:
        suite.equal(create(server, limiter("bad.limit", limit=0)).status, 201, "as ONAP takes it")
        create(server, blacklist("good", "vm-1"))
        suite.equal(deploy(server, "good").status, 202, "a good one")
        reply = deploy(server, "bad.limit")
        suite.equal(reply.status, 400, "not into force")
        suite.check("limit" in reply.json["errorDetails"] and reply.json["findings"][0]["line"] > 1, reply.body)
        suite.equal((deployed(server), verdict(server)), (["good"], "Deny"), "the old set stays")


def test_every_type_from_the_start_can_be_used(suite):
    with service.Service() as server:
        types = server.request("GET", API + "policytypes").json["policy_types"]
        suite.equal(len(types), 39, "as many as in ONAP")
        for name, declared in types.items():
            reply = create(server, {"p": {"type": name, "type_version": declared["version"], "version": "1.0.0", "properties": {}}},
                           query="?dry-run=true")
            files = {finding["file"] for finding in reply.json["findings"] if finding["severity"] == "error"}
            suite.check("types" not in files, f"{name}: {reply.body[:300]}")


def test_types_of_users_and_other_domains(suite):
    types = {"com.example.NightGuard": {"derived_from": BLACKLIST, "version": "1.0.0",
                                        "properties": {"shift": {"type": "com.example.Shift", "required": True}}}}
    data = {"com.example.Shift": {"derived_from": "tosca.datatypes.Root", "version": "1.0.0",
                                  "properties": {"who": {"type": "string", "required": True}}}}
    night = {"night": {"type": "com.example.NightGuard", "type_version": "1.0.0", "version": "1.0.0", "properties": {
        "actor": "SO", "operation": "Restart", "blacklist": ["vm-1"], "shift": {"who": "b"}}}}
    group = {"name": "defaultGroup", "pdpSubgroups": [{"pdpType": "xacml", "supportedPolicyTypes": [
        {"name": "com.example.*", "version": "1.0.0"}, {"name": "onap.policies.monitoring.*", "version": "1.0.0"}]}]}
    with service.Service() as server:
        reply = server.request("POST", API + "policytypes", template(policy_types=types, data_types=data))
        suite.equal(reply.status, 201, f"a user's type: {reply.body[:300]}")
        reply = create(server, night)
        suite.equal(reply.status, 201, f"a policy of it: {reply.body[:300]}")
        suite.equal(create(server, {"m": {"type": "onap.policies.monitoring.tcagen2", "type_version": "1.0.0",
                                          "version": "1.0.0", "properties": {"tca.policy": {
                                              "domain": "measurementsForVfScaling", "metricsPerEventName": []}}}}).status,
                    201, "a monitoring policy")
        suite.equal(deploy(server, "night").status, 400, "its type is not supported yet")
        reply = server.request("POST", PAP + "pdps/groups/batch", {"groups": [group]})
        suite.equal(reply.status, 200, f"now it is: {reply.body[:300]}")
        reply = deploy(server, "night", "m")
        suite.equal(reply.status, 202, f"deployed: {reply.body[:300]}")
        suite.equal(verdict(server), "Deny", "a guard of a user's type")
        suite.equal(deployed(server), ["m", "night"], "and what is only held")
        suite.equal(server.request("DELETE", API + "policytypes/com.example.NightGuard/versions/1.0.0").status, 406, "in use")


def test_groups_and_states(suite):
    with service.Service() as server:
        group = {"name": "g", "pdpSubgroups": [{"pdpType": "xacml", "supportedPolicyTypes": [{"name": LIMITER, "version": "1.0.0"}]}]}
        suite.equal(server.request("POST", PAP + "pdps/groups/batch", {"groups": [group]}).status, 200, "a group")
        bad = {"name": "h", "pdpSubgroups": []}
        suite.equal(server.request("POST", PAP + "pdps/groups/batch", {"groups": [group, bad]}).status, 400, "one without subgroups")
        create(server, limiter("l"))
        batch = {"groups": [{"name": "g", "deploymentSubgroups": [
            {"pdpType": "xacml", "action": "POST", "policies": [{"name": "l", "version": "1.0.0"}]}]}]}
        suite.equal(server.request("POST", PAP + "pdps/deployments/batch", batch).status, 202, "deployed in the other group")
        suite.equal(server.request("GET", "/clguard/v1/generation").json["policies"], 0, "which is not ours")
        suite.equal(server.request("DELETE", API + "policies/l/versions/1.0.0").status, 406, "deployed")
        suite.equal(server.request("DELETE", PAP + "pdps/groups/g").status, 200, "a passive group goes, with what it had")
        suite.equal(server.request("DELETE", API + "policies/l/versions/1.0.0").status, 200, "not deployed any more")
        suite.equal(server.request("PUT", PAP + "pdps/groups/defaultGroup?state=PASSIVE").status, 200, "our group passive")
        suite.equal(server.decide(actor="SO", operation="Restart").status, 409, "and so are we")
        suite.equal(server.request("PUT", PAP + "pdps/groups/defaultGroup?state=ACTIVE").status, 200, "active")
        suite.equal(verdict(server), "Permit", "again")


def test_files_and_deployments_are_one_set(suite):
    text = "tosca_definitions_version: tosca_simple_yaml_1_1_0\ntopology_template:\n  policies:\n    - same:\n" \
           f"        type: {BLACKLIST}\n        version: 1.0.0\n        properties: {{actor: SO, operation: Restart, blacklist: [vm-9]}}\n"
    with service.Service(policies={"a.yaml": text}) as server:
        create(server, blacklist("same", "vm-1"), blacklist("other", "vm-1"))
        reply = deploy(server, "same")
        suite.equal(reply.status, 400, "a file has this name and version")
        suite.check("already defined" in reply.json["errorDetails"], reply.body)
        suite.equal(deploy(server, "other").status, 202, "another name")
        suite.equal((verdict(server, "vm-9"), verdict(server, "vm-1")), ("Deny", "Deny"), "both in force")


def test_deployments_survive_a_restart(suite):
    with tempfile.TemporaryDirectory() as data:
        with service.Service(data=data) as server:
            create(server, blacklist("edge.block", "vm-1"))
            deploy(server, "edge.block")
            name = server.request("GET", PAP + "pdps/healthcheck").json["pdpList"][0]["instanceId"]
        with service.Service(data=data) as server:
            suite.equal(verdict(server), "Deny", "in force from the first answer on")
            suite.equal(server.request("GET", PAP + "pdps/healthcheck").json["pdpList"][0]["instanceId"], name, "the same PDP")
        # What cannot come into force is not left out in silence: the service does not start.
        text = "tosca_definitions_version: tosca_simple_yaml_1_1_0\ntopology_template:\n  policies:\n    - edge.block:\n" \
               f"        type: {BLACKLIST}\n        version: 1.0.0\n        properties: {{actor: SO, operation: X, blacklist: [a]}}\n"
        try:
            with service.Service(data=data, policies={"a.yaml": text}):
                suite.check(False, "starts without a policy that is deployed")
        except RuntimeError as problem:
            suite.check("already defined" in str(problem), str(problem))


def clguard(server, *words):
    """The command line against the service: (exit code, what it printed)."""
    done = subprocess.run([os.path.join(service.BUILD, "clguard"), *words, "--service", server.address()],
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    return done.returncode, done.stdout


def test_the_command_line_does_it_all(suite):
    with service.Service() as server:
        files = {}
        for name, policy in (("good", blacklist("edge.block", "vm-1")), ("bad", limiter("bad.limit", limit=0))):
            files[name] = server.path(name + ".json")
            with open(files[name], "w", encoding="utf-8") as file:
                json.dump(template(policy), file, indent=1)
        suite.equal(clguard(server, "policy", "create", files["good"]), (0, "created\n"), "create")
        code, text = clguard(server, "policy", "create", files["bad"])
        suite.equal((code, "body:" in text and "limit" in text), (1, True), f"create says what is wrong: {text}")
        code, text = clguard(server, "policy", "create", files["bad"], "--dry-run")
        suite.equal((code, "body:" in text), (1, True), f"so does a dry run: {text}")
        code, text = clguard(server, "policy", "list")
        suite.equal((code, "edge.block" in text and BLACKLIST in text), (0, True), "list")
        code, text = clguard(server, "policy", "get", "edge.block")
        suite.equal((code, "blacklist:" in text), (0, True), "get")
        code, text = clguard(server, "policy", "deploy", "edge.block", "--dry-run")
        suite.equal((code, [line for line in text.splitlines() if "warning:" not in line]),
                    (0, ["would deploy edge.block 1.0.0 in defaultGroup xacml", "would be in force: edge.block 1.0.0",
                         "by the decision log: no decision log is kept: decision_log says where"]),
                    "deploy, dry")
        suite.equal(clguard(server, "policy", "deploy", "edge.block:1.0.0"), (0, "deployed\n"), "deploy")
        suite.equal(verdict(server), "Deny", "in force")
        code, text = clguard(server, "pap", "status")
        suite.equal((code, text.split()[:3]), (0, ["SUCCESS", "edge.block", "1.0.0"]), "status")
        suite.equal(clguard(server, "policy", "undeploy", "edge.block"), (0, "undeployed\n"), "undeploy")
        suite.equal(clguard(server, "policy", "diff", "1"), (0, "- edge.block 1.0.0 in defaultGroup xacml\n"), "diff")
        code, text = clguard(server, "policy", "history")
        suite.equal([line.split()[0] for line in text.splitlines()], ["2", "-", "1", "+"], "history")
        suite.equal(clguard(server, "policy", "rollback", "1"), (0, "rolled back\n"), "rollback")
        suite.equal(verdict(server), "Deny", "in force again")
        clguard(server, "policy", "undeploy", "edge.block")
        suite.equal(clguard(server, "policy", "delete", "edge.block", "1.0.0"), (0, "deleted\n"), "delete")
        code, text = clguard(server, "policy", "get", "edge.block", "--json")
        suite.equal((code, "not found" in text), (1, True), "what is not there")
        suite.equal(json.loads(clguard(server, "policy", "history", "--json")[1])["generation"], 4, "json")
        suite.equal(clguard(server, "policy", "get", "../x")[0], 2, "a name is not a path")
        suite.equal(clguard(server, "policy", "sing")[0], 2, "no such verb")


def test_audit_names_who_did_it(suite):
    with tempfile.TemporaryDirectory() as folder:
        users = os.path.join(folder, "users")
        with open(users, "w", encoding="utf-8") as file:
            file.write("alice:a\nbob:b\n")
        with service.Service("--users", users) as server:
            alice, bob = ({**service.JSON, **service.basic(*who)} for who in (("alice", "a"), ("bob", "b")))
            server.request("POST", API + "policies", template(limiter("l")), alice)
            server.request("POST", PAP + "pdps/policies", {"policies": [{"policy-id": "l"}]}, alice)
            server.request("DELETE", PAP + "pdps/policies/l", headers=bob)
            audit = server.request("GET", PAP + "policies/audit", headers=bob).json
            suite.equal([(a["action"], a["user"]) for a in audit], [("UNDEPLOYMENT", "bob"), ("DEPLOYMENT", "alice")], "audit")
            suite.equal([g["user"] for g in server.request("GET", OURS + "generations", headers=bob).json["generations"]],
                        ["bob", "alice"], "generations")


def test_notifications_are_published(suite):
    with service.Service() as server:
        topic = "/events/policy-notification/test/1?timeout=0"
        server.request("GET", topic)
        create(server, limiter("l"))
        deploy(server, "l")
        undeploy(server, "l")
        told = [json.loads(text) for text in server.request("GET", topic).json]
        entry = {"policy-type": LIMITER, "policy-type-version": "1.0.0", "policy-id": "l", "policy-version": "1.0.0",
                 "success-count": 1, "failure-count": 0, "incomplete-count": 0}
        suite.equal(told, [{"deployed-policies": [entry], "undeployed-policies": []},
                           {"deployed-policies": [], "undeployed-policies": [entry]}], "as ONAP's")


def test_two_processes_share_what_is_deployed(suite):
    with tempfile.TemporaryDirectory() as data:
        with service.Service(data=data) as one, service.Service(data=data) as two:
            create(one, *(blacklist(f"block.{i}", f"vm-{i}") for i in range(20)))
            waits = []
            for i in range(20):
                suite.equal(deploy(one, f"block.{i}").status, 202, "deployed through one")
                if i % 2:
                    body = service.ask(actor="SO", operation="Restart", target=f"vm-{i}", clname="cl", requestId=f"r{i}")
                    reply = two.request("POST", "/clguard/v1/reservations", body)
                    suite.equal(reply.json["status"], "Deny", "the next reserve of the other sees it")
                else:
                    begun = time.monotonic()
                    service.wait_for(lambda i=i: verdict(two, f"vm-{i}") == "Deny", 5)
                    waits.append(time.monotonic() - begun)
            # One may be late where the machine is busy; most of them are not.
            suite.check(sorted(waits)[len(waits) // 2] < 0.1, f"decisions of the other see it within 100 ms: {waits}")
            suite.check(max(waits) < 1.0, f"and none is late: {waits}")
            print(f"decisions of the other process saw a deployment after {max(waits) * 1000:.0f} ms at most")
            suite.equal(server_policies(two), 20, "all in force in both")


def server_policies(server):
    return server.request("GET", "/clguard/v1/generation").json["policies"]


# --- kill -9 ---

def play_until_killed(server, number, acknowledged):
    """Creates, deploys and undeploys one policy after another; what was acknowledged is entered as (step, name)."""
    try:
        for i in range(1000):
            name = f"k{number}.{i}"
            if create(server, blacklist(name, name)).status == 201:
                acknowledged.append(("create", name))
            if deploy(server, name).status == 202:
                acknowledged.append(("deploy", name))
            if i % 2 and undeploy(server, name).status == 202:
                acknowledged.append(("undeploy", name))
    except (OSError, ValueError, service.http.client.HTTPException):
        pass  # killed


def check_kept(suite, server, acknowledged, state):
    """Every acknowledged step holds; deployments, status, generations and the set in force say the same."""
    for step, name in acknowledged:
        state[name] = step
    now = set(deployed(server))
    stored = {name for entry in server.request("GET", API + "policies").json["topology_template"]["policies"] for name in entry}
    for name, step in state.items():
        suite.check(name in stored, f"{name} was created and is gone")
        if step != "create":
            # the step after the last acknowledged one may have been done as well
            later = step == "deploy" and int(name.split(".")[1]) % 2
            suite.check((name in now) == (step == "deploy") or later, f"{name}: {step} was acknowledged and is lost")
    for name in now:
        suite.equal(verdict(server, name), "Deny", f"{name} is deployed and not in force")
    suite.equal(server_policies(server), len(now), "the set is what is deployed")
    net = {}
    for generation in reversed(server.request("GET", OURS + "generations?limit=1000").json["generations"]):
        for change in generation["changes"]:
            net[change["policy"]["name"]] = change["deploy"]
    suite.equal({name for name, there in net.items() if there}, now, "the generations add up")
    for name in now:
        state[name] = "deploy"


def tidy(server, state):
    """Few policies stay, so that the last round costs what the first did."""
    for name in list(state):
        if state[name] == "deploy":
            undeploy(server, name)
        server.request("DELETE", API + f"policies/{name}/versions/1.0.0")
        del state[name]


def test_a_killed_service_loses_nothing_and_keeps_no_half(suite):
    kills = 2000 if os.environ.get("CLGUARD_STRESS") else 200
    chance = random.Random(20)
    state = {}
    with tempfile.TemporaryDirectory() as data:
        server = service.Service(data=data, check_exit=False)
        for number in range(kills):
            acknowledged = []
            player = threading.Thread(target=play_until_killed, args=(server, number, acknowledged))
            player.start()
            time.sleep(chance.random() * 0.04)
            server.kill()
            player.join()
            server.start()
            check_kept(suite, server, acknowledged, state)
            if number % 10 == 9:
                tidy(server, state)
        suite.equal(server.stop(), 0, "the last one ends well")


if __name__ == "__main__":
    service.main(globals())
