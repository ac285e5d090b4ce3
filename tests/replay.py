#!/usr/bin/env python3
"""replay - a decision log decided again: by its own policies the same on every line, by others as if they had been in force"""
# SPDX-License-Identifier: Apache-2.0
import glob
import json
import os
import random
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "http"))
import service
from service import DECISION, Service, ask, wait_for

PROGRAM = os.path.join(service.BUILD, "clguard")

GUARDS = """tosca_definitions_version: tosca_simple_yaml_1_1_0
topology_template:
  policies:
    - limit.target:
        type: onap.policies.controlloop.guard.common.FrequencyLimiter
        type_version: 1.0.0
        version: 1.0.0
        properties: {actor: SO, operation: Restart, limit: %d, timeWindow: 10, timeUnits: minute}
    - limit.all:
        type: onap.policies.controlloop.guard.common.FrequencyLimiter
        type_version: 1.0.0
        version: 1.0.0
        metadata: {count_by: operation}
        properties: {actor: SO, operation: Scale, limit: 3, timeWindow: 1, timeUnits: hour}
    - never:
        type: onap.policies.controlloop.guard.common.Blacklist
        type_version: 1.0.0
        version: 1.0.0
        properties: {actor: SO, operation: Restart, blacklist: [bad, worse]}
    - size:
        type: onap.policies.controlloop.guard.common.MinMax
        type_version: 1.0.0
        version: 1.0.0
        properties: {actor: SO, operation: Scale, target: t1, min: 1, max: 3}
    - second:
        type: onap.policies.controlloop.guard.coordination.FirstBlocksSecond
        type_version: 1.0.0
        version: 1.0.0
        properties: {controlLoop: [loop-1, loop-2]}
"""


def run(*arguments, code=0):
    done = subprocess.run([PROGRAM, *arguments], capture_output=True, text=True, timeout=120, check=False)
    if code is not None and done.returncode != code:
        raise AssertionError(f"{arguments}: {done.returncode}, not {code}: {done.stdout}{done.stderr}")
    return done.stdout


def write(folder, name, text):
    path = os.path.join(folder, name)
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)
    return path


def play(server, seed, steps):
    """Whatever a service may be asked, in virtual time."""
    dice = random.Random(seed)
    held = []
    for step in range(steps):
        server.request("PUT", "/clguard/v1/clock", {"advance_ms": dice.choice((0, 0, 1000, 20000, 60000))})
        guard = {"actor": "SO", "operation": dice.choice(("Restart", "Restart", "Scale", "Other")),
                 "target": dice.choice(("t1", "t2", "t3", "bad")), "clname": dice.choice(("loop-1", "loop-2", "loop-3"))}
        if dice.random() < 0.8:
            guard["vfCount"] = dice.randrange(5)
        what = dice.random()
        if what < 0.5:
            server.decide(**guard)
        elif what < 0.7:
            reply = server.request("POST", "/clguard/v1/reservations", {**ask(**guard, requestId=f"r{step}"), "lease_s": dice.choice((30, 600))}).json
            if "reservation" in reply:
                held.append(reply["reservation"])
        elif what < 0.8 and held:
            right = held.pop(dice.randrange(len(held)))
            if dice.random() < 0.7:
                server.request("PUT", "/clguard/v1/reservations/" + right, {"outcome": dice.choice(("Success", "Failure", "Failure_Guard"))})
            else:
                server.request("DELETE", "/clguard/v1/reservations/" + right)
        elif what < 0.95:
            row = {"actor": "SO", "operation": guard["operation"], "target": guard["target"], "closedLoopName": guard["clname"],
                   "requestId": f"o{dice.randrange(max(1, step // 3))}", "outcome": dice.choice(("Started", "Success", "Failure"))}
            server.request("POST", "/clguard/v1/operations", [row])
        else:
            rows = server.request("GET", "/clguard/v1/operations?ids=true&limit=20").json
            if rows:
                server.request("DELETE", f"/clguard/v1/operations/{dice.choice(rows)['id']}?by=me&why=test")


def test_its_own_policies_give_the_same_answers(suite):
    for mode in ("strict", "onap"):
        with tempfile.TemporaryDirectory() as folder:
            log, data = os.path.join(folder, "d.log"), os.path.join(folder, "db")
            text = GUARDS % 2
            if mode == "onap":
                text = text.replace("metadata: {count_by: operation}\n        ", "")
            policies = write(folder, "p.yaml", text)
            for round in range(3):  # the database and the log go on
                with Service("--decision-log", log, "--clock", "manual", "--mode", mode, "--policies", policies, data=data) as server:
                    play(server, 7 * round + 1, 110)
            report = json.loads(run("replay", "--log", log, "--policies", policies, "--same", "--json"))
            suite.check(report["decided"] > 150 and report["changes"] > 50, f"{mode}: {report}")
            suite.equal([report["open"][key] for key in ("to_deny", "to_permit", "other_reason", "uncertain")], [0, 0, 0, 0], f"{mode}: the same on every line")
            suite.equal((report["missing"], report["other_policies"]), (0, 0), f"{mode}: all of it")
            denied = sum(1 for line in open(log, encoding="utf-8") if '"reason":"limit_reached"' in line)
            suite.check(denied > 5, f"{mode}: limits were reached: {denied}")
            # One line that says otherwise is found.
            lines = open(log, encoding="utf-8").readlines()
            at = next(i for i, line in enumerate(lines) if '"door":"decision"' in line and '"status":"Permit"' in line)
            lines[at] = lines[at].replace('"status":"Permit"', '"status":"Deny"')
            changed = write(folder, "changed.log", "".join(lines))
            report = json.loads(run("replay", "--log", changed, "--policies", policies, "--same", "--json", code=1))
            suite.equal((report["open"]["to_permit"], report["examples"][0]["line"]), (1, at + 1), f"{mode}: found, with its line")


def test_a_service_under_load(suite):
    """Lines of several threads about one state of the counters after the other."""
    import threading
    with tempfile.TemporaryDirectory() as folder:
        log = os.path.join(folder, "d.log")
        policies = write(folder, "p.yaml", GUARDS % 20)
        with Service("--decision-log", log, "--policies", policies, "--durability", "process", data=os.path.join(folder, "db")) as server:
            def client(seed):
                dice = random.Random(seed)
                connection = server.connection()
                for i in range(200):
                    guard = {"actor": "SO", "operation": "Restart", "target": dice.choice(("t1", "t2")), "clname": "loop-3"}
                    if dice.random() < 0.6:
                        server.request("POST", DECISION, ask(**guard), connection=connection)
                    else:
                        reply = server.request("POST", "/clguard/v1/reservations", ask(**guard, requestId=f"{seed}-{i}"), connection=connection).json
                        if "reservation" in reply and dice.random() < 0.6:
                            server.request("DELETE", "/clguard/v1/reservations/" + reply["reservation"], connection=connection)
                connection.close()

            threads = [threading.Thread(target=client, args=(i,)) for i in range(6)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
        report = json.loads(run("replay", "--log", log, "--policies", policies, "--same", "--json"))
        suite.equal([report["open"][key] for key in ("to_deny", "to_permit", "other_reason")], [0, 0, 0], f"the same: {report}")
        suite.check(report["decided"] > 800, report)
        run("log", "verify", log)


SINGLE = """type: onap.policies.controlloop.guard.common.FrequencyLimiter
properties: {actor: SO, operation: Restart, limit: %d, timeWindow: %d, timeUnits: minute}
"""


def live(folder, name, policy, seed):
    """Answers of a service that is asked a script; each operation that is permitted takes 5 s."""
    dice = random.Random(seed)
    policies = write(folder, name + ".yaml", policy)
    log = os.path.join(folder, name + ".log")
    answers, running = [], []
    with Service("--decision-log", log, "--clock", "manual", "--policies", policies) as server:
        for step in range(200):
            guard = {"actor": "SO", "operation": "Restart", "target": dice.choice(("a", "b", "c"))}
            server.request("PUT", "/clguard/v1/clock", {"advance_ms": 5000})
            for right in running:
                server.request("PUT", "/clguard/v1/reservations/" + right, {"outcome": "Success"})
            running.clear()
            server.request("PUT", "/clguard/v1/clock", {"advance_ms": dice.randrange(1, 60) * 1000})
            reply = server.request("POST", "/clguard/v1/reservations", ask(**guard, requestId=f"r{step}")).json
            answers.append(reply["status"])
            if "reservation" in reply:
                running.append(reply["reservation"])
    return policies, log, answers


def test_flips_are_those_of_both_sets_live(suite):
    with tempfile.TemporaryDirectory() as folder:
        old, log, answers = live(folder, "old", SINGLE % (4, 15), 3)
        for name, policy in (("more", SINGLE % (6, 15)), ("less", SINGLE % (2, 15)), ("wider", SINGLE % (4, 40)), ("same", SINGLE % (4, 15))):
            new, _, others = live(folder, name, policy, 3)
            wanted = [sum(a == one and b == other for a, b in zip(answers, others)) for one, other in (("Permit", "Deny"), ("Deny", "Permit"))]
            done = run("replay", "--log", log, "--policies", new, "--json", code=None)
            report = json.loads(done)
            suite.equal([report["closed"][key] for key in ("to_deny", "to_permit")], wanted, f"{name}: closed loop, as live")
            if name == "same":
                suite.equal(wanted, [0, 0], "the same policy")
            else:
                suite.check(sum(wanted) > 5, f"{name}: there is a difference: {wanted}")
                suite.check(report["open"]["to_deny" if name != "more" else "to_permit"] > 0, f"{name}: open loop too: {report['open']}")
        example = json.loads(run("replay", "--log", log, "--policies", os.path.join(folder, "less.yaml"), "--json", code=1))["examples"][0]
        suite.equal((example["was"]["status"], example["now"]["reason"], example["explanation"]["guards"][0]["limit"]), ("Permit", "limit_reached", 2), "explained")
        run("replay", "--log", log, "--policies", os.path.join(folder, "more.yaml"), "--max-permits", "1000", "--max-denies", "1000")
        markdown = run("replay", "--log", log, "--policies", os.path.join(folder, "less.yaml"), "--markdown", code=1)
        suite.check("| closed loop |" in markdown and "| open | " in markdown, markdown)
        # The counters of any moment, as a history for clguard decide.
        lines = [json.loads(line) for line in open(log, encoding="utf-8")]
        denied = next(line for line in lines if line.get("reason") == "limit_reached")
        history = write(folder, "history.json", run("replay", "--log", log, "--at", denied["time"]))
        request = write(folder, "request.json", json.dumps(ask(actor="SO", operation="Restart", target=denied["target"])))
        answer = json.loads(run("decide", "--policy", old, "--history", history, "--now", denied["time"], "--request", request))
        suite.equal(answer["reason"], "limit_reached", "as at that time")


def test_a_log_that_begins_late_says_so(suite):
    with tempfile.TemporaryDirectory() as folder:
        old, log, _ = live(folder, "old", SINGLE % (4, 15), 5)
        lines = open(log, encoding="utf-8").readlines()
        late = write(folder, "late.log", "".join(lines[len(lines) // 2:]))
        report = json.loads(run("replay", "--log", late, "--policies", old, "--json", code=None))
        suite.check(report["open"]["uncertain"] > 0, f"warned: {report['open']}")
        first = next(json.loads(line) for line in lines[len(lines) // 2:] if "time" in line)
        history = write(folder, "before.json", run("replay", "--log", log, "--at", json.loads(lines[len(lines) // 2 - 1])["time"]))
        report = json.loads(run("replay", "--log", late, "--policies", old, "--history", history, "--json", code=None))
        suite.equal((report["open"]["uncertain"], report["open"]["to_permit"]), (0, 0), f"with what was before: {first['time']}")


def test_differences_have_witnesses(suite):
    with tempfile.TemporaryDirectory() as folder:
        def sets(old, new):
            names = []
            for name, text in (("old", old), ("new", new)):
                path = os.path.join(folder, name)
                os.makedirs(path, exist_ok=True)
                for file in glob.glob(path + "/*"):
                    os.remove(file)
                for i, policy in enumerate(text):
                    write(path, f"{i}.yaml", policy)
                names.append(path)
            return names

        base = GUARDS % 2
        changes = {
            "limit raised": (base, GUARDS % 5, "limit.target", "Permit"),
            "window": (base, base.replace("timeWindow: 10", "timeWindow: 11"), "limit.target", "Deny"),
            "count by": (base, base.replace("metadata: {count_by: operation}", "metadata: {count_by: target}"), "limit.all", "Permit"),
            "one target more": (base, base.replace("[bad, worse]", "[bad, worse, worst]"), "never", "Deny"),
            "one target less": (base, base.replace("[bad, worse]", "[bad]"), "never", "Permit"),
            "max": (base, base.replace("max: 3", "max: 2"), "size", "Deny"),
            "min": (base, base.replace("min: 1", "min: 0"), "size", "Permit"),
            "loop": (base, base.replace("[loop-1, loop-2]", "[loop-3, loop-2]"), "second", "Deny"),
            "shadow": (base, base.replace("metadata: {count_by: operation}", "metadata: {count_by: operation, mode: shadow}"), "limit.all", "Permit"),
            "hours": (base, base.replace("blacklist: [bad, worse]", "blacklist: [bad, worse], timeRange: {start_time: '08:00:00Z', end_time: '17:00:00Z'}"), "never", "Permit"),
        }
        for name, (old, new, policy, to) in changes.items():
            report = json.loads(run("diff", *sets([old], [new]), "--json", code=1))
            found = [d for d in report["differences"] if d["policy"] == policy and d["to"] == to]
            suite.check(found, f"{name}: {report['differences']}")
            if not found:
                continue
            # The witness shows it, asked for itself.
            witness = found[0]
            rows = []
            for i in range(witness.get("operations", {}).get("count", 0)):
                rows.append({"actor": witness["request"]["actor"], "operation": witness["request"]["operation"], "endtime": witness["operations"]["ended"],
                             "starttime": witness["operations"]["ended"], "outcome": "Success",
                             "target": "another-target" if witness["operations"]["on"] == "another target" else witness["request"].get("target"),
                             "closedLoopName": "another-loop" if witness["operations"]["on"] == "another loop" else witness["request"].get("clname")})
            if "live_loop" in witness:
                rows.append({"actor": "x", "operation": "y", "closedLoopName": witness["live_loop"], "outcome": "Started", "starttime": witness["now"], "requestId": "l"})
            history = write(folder, "history.json", json.dumps(rows))
            request = write(folder, "request.json", json.dumps(ask(**witness["request"])))
            said = [json.loads(run("decide", "--policy", os.path.join(folder, side), "--request", request, "--history", history, "--now", witness["now"]))["status"]
                    for side in ("old", "new")]
            suite.equal(said, ["Deny", "Permit"] if to == "Permit" else ["Permit", "Deny"], f"{name}: the witness")
        report = json.loads(run("diff", *sets([base], [base.replace("Restart", "Restart")]), "--json"))
        suite.equal((report["differences"], report["gone"], report["new"]), ([], [], []), "none")
        report = json.loads(run("diff", *sets([base], [base.replace("- never:", "- not.ever:")]), "--json", code=1))
        suite.equal(([p["policy"] for p in report["gone"]], [p["policy"] for p in report["new"]], report["differences"]), (["never"], ["not.ever"], []), "another name")
        old, log, _ = live(folder, "log", SINGLE % (4, 15), 9)
        text = run("diff", old, write(folder, "new.yaml", SINGLE % (2, 15)), "--log", log, "--markdown", code=1)
        suite.check("Effect on" in text and "| open loop |" in text, text)
        # A policy without a name but its file's is the same in another folder, or as a file of another name.
        bare = "type: onap.policies.controlloop.guard.common.Blacklist\nproperties: {actor: SO, operation: Restart, blacklist: [vm-1%s]}\n"
        for name, text in (("bare", bare % ""), ("bare-same", bare % ""), ("bare-more", bare % ", vm-2")):
            os.mkdir(os.path.join(folder, name))
            write(os.path.join(folder, name), "b.yaml", text)
        bare, same, more = (os.path.join(folder, name) for name in ("bare", "bare-same", "bare-more"))
        suite.check("no difference" in run("diff", bare, same + "/"), "the same in another folder")
        run("diff", os.path.join(bare, "b.yaml"), os.path.join(same, "b.yaml"))
        report = json.loads(run("diff", bare, more, "--json", code=1))
        suite.equal((report["gone"], report["new"], len(report["differences"])), ([], [], 1), "another entry, and no other policy")
        # The exit code is about the sets, whatever the log says.
        run("diff", old, old, "--log", log)
        run("diff", write(folder, "other.yaml", SINGLE % (1, 15)), os.path.join(folder, "other.yaml"), "--log", log)
        run("diff", old, os.path.join(folder, "new.yaml"), "--log", log, "--json", code=1)
        run("diff", old, write(folder, "bad.yaml", SINGLE % (0, 15)), "--log", log, code=1)
        run("diff", old, old, "--log", os.path.join(folder, "none"), code=3)
        run("diff", old, old, "--log", log, "--json", "--markdown", code=2)


if __name__ == "__main__":
    service.main(globals())
