#!/usr/bin/env python3
# operational_live - operational policies against a real clguardd: events and answers over topics, in virtual time
# SPDX-License-Identifier: Apache-2.0
"""First each conformance case that can be played is played live, and what the service tells and writes is compared with
what `clguard simulate` says of the same script. Then the cases of our own below. Arguments: parts of case names; -v tells
why a case was not played."""
import collections
import http.client
import json
import os
import re
import subprocess
import sys
import tempfile
import time
from datetime import datetime, timezone

from conformance_runtime import Service
import operational_live_own

TOP = os.environ.get("top_srcdir", ".")
CLGUARD = os.path.join(os.environ.get("top_builddir", "."), "clguard")
SUITES = ["tests/conformance/operational.json", "tests/conformance/operational-own.json"]
SETTINGS = {"heartBeatMs": 20000, "maxStatusWaitMs": 100000, "maxWaitMs": 20000, "maxRetryCount": 4}
EVENTS, TOLD = "unauthenticated.DCAE_CL_OUTPUT", "POLICY-CL-MGT"
GOES_ON = ("Permit", "Indeterminate")


def simulate(folder, script, style):
    path = os.path.join(folder, "script.json")
    guards = []
    for i, guard in enumerate(script.get("guards", [])):
        guards.append(os.path.join(folder, "guard-%d.yaml" % i))
        with open(guards[-1], "w", encoding="utf-8") as file:
            file.write(guard)
    with open(path, "w", encoding="utf-8") as file:
        json.dump({k: v for k, v in script.items() if k not in ("guards", "expect", "id", "title", "why")}, file)
    done = subprocess.run([CLGUARD, "simulate", "--script", path, "--format", style,
                           *(["--guards", *guards] if guards else [])],
                          capture_output=True, text=True, timeout=60, check=False)
    return json.loads(done.stdout) if done.stdout else None


def instant(text):
    return int(datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp() * 1000)


def start_of(case):
    """The instant of t = 0, as simulate has it."""
    if "start" in case:
        return instant(case["start"])
    timed = [e for e in sorted(case["events"], key=lambda e: e.get("t", 0)) if "time" in e]
    return instant(timed[0]["time"]) - int(timed[0].get("t", 0) * 1000) if timed else 0


def adapted(case):
    """The script as a service can play it: one clock, and a guard for each question. Both sides play this one."""
    start = start_of(case)
    events = [dict(e, t=(instant(e["time"]) - start) / 1000) if "time" in e else e for e in case["events"]]
    guards = case.get("guard_results", []) + [{"result": "Permit"}] * 20
    return dict(case, events=events, guard_results=guards)


def denials(result, case):
    """What the script's guards deny, as (actor, operation, target); a text: why no real guard can say the same."""
    if case.get("guards"):
        return set()
    if any(g.get("after") for g in case.get("guard_results", [])):
        return "a guard that takes its time"
    words = [t.rsplit(":", 1)[1] for t in result["sequence"] if t.startswith("guard:")]
    words = [w for w in words if w != "NO_VFCOUNT"]
    said = collections.defaultdict(set)
    for word, request in zip(words, result["guard_requests"]):
        if word not in GOES_ON and word != "Deny":
            return "a guard that answers %s" % word
        said[request["actor"], request["operation"], request["target"]].add(word in GOES_ON)
    if len(words) != len(result["guard_requests"]):
        return "a guard that does not answer"
    if any(len(v) == 2 for v in said.values()):
        return "a guard that changes its mind"
    return {k for k, v in said.items() if v == {False}}


BLACKLIST = """tosca_definitions_version: tosca_simple_yaml_1_1_0
topology_template:
  policies:
%s"""
ENTRY = """    - guard.deny-%d:
        type: onap.policies.controlloop.guard.common.Blacklist
        type_version: 1.0.0
        version: 1.0.0
        properties: {actor: %s, operation: %s, blacklist: [%s]}
"""
# Holds the lock of an entity for as long as a case takes.
HOLDER = """name: op.holder
type: onap.policies.controlloop.operational.common.Drools
type_version: 1.0.0
version: 1.0.0
properties:
  id: CL-HOLDER
  timeout: 100000
  trigger: hold
  operations:
    - id: hold
      operation: {actor: APPC, operation: Restart, target: {targetType: VM}}
      timeout: 90000
"""


def write_policies(folder, case, denied, held):
    os.mkdir(os.path.join(folder, "policies"))
    texts = [t for t in [case.get("policy"), *case.get("more_policies", [])] if t] + case.get("guards", [])
    if denied:
        texts.append(BLACKLIST % "".join(ENTRY % (i, *d) for i, d in enumerate(sorted(denied))))
    if held:
        texts.append(HOLDER)
    for i, text in enumerate(texts):
        with open(os.path.join(folder, "policies", "%d.yaml" % i), "w", encoding="utf-8") as file:
            file.write(text)


class Live:
    """One service, and the script's world around it: a clock that goes from event to answer to deadline."""

    def __init__(self, folder, case, start, denied):
        env = case.get("env", {})
        self.case, self.env, self.now = case, env, start
        self.held = env.get("locks_held_elsewhere", [])
        write_policies(folder, case, denied, self.held)
        self.actors = set(re.findall(r"actor:\s*\{?(?:id:)?\s*([A-Za-z0-9_-]+)", json.dumps(case).replace('\\"', "")))
        options = ["--policies", os.path.join(folder, "policies"), "--actors"]
        options += ["%s=REQUESTS,ANSWERS" % a for a in sorted(self.actors | {"APPC", "SO", "SDNC", "CDS", "ROBOT"})]
        options += ["AAI=REQUESTS,INVENTORY"] if "custom_query" in env else []
        options += ["--guard-operations", "off"] if env.get("guard_disabled") else []
        self.service = Service(folder, SETTINGS, options=options)
        self.results = [dict(r) for r in case.get("operation_results", [])]
        self.pending = []  # (when, order, subRequestID, topic, answer)

    def must(self, method, path, body=None):
        status, text = self.service.ask(method, path, None if body is None else json.dumps(body))
        if status != 200:
            raise AssertionError("%s %s answers %d %s" % (method, path, status, text))
        return json.loads(text)

    def poll(self, topic):
        return [json.loads(m) for m in
                self.must("GET", "/events/%s/test/0?timeout=0&limit=10000" % topic)]

    def clock(self, to):
        if to > self.now:
            text = datetime.fromtimestamp(to / 1000, timezone.utc).isoformat(timespec="milliseconds")
            self.must("PUT", "/clguard/v1/clock", {"now": text})
            self.now = to

    def requests(self):
        """New requests: the script says what their actor will answer, and when."""
        while True:
            batch = self.poll("REQUESTS")
            for request in batch:
                if request["closedLoopControlName"] == "CL-HOLDER":
                    continue
                self.plan(request)
            if not batch:
                return

    def plan(self, request):
        ids = {"requestID": request["requestID"], "subRequestID": request["subRequestID"]}
        if request["actor"] == "AAI":
            answer = dict(self.env["custom_query"], result="SUCCESS", **ids)
            self.pending.append((self.now, len(self.pending), "INVENTORY", answer))
            return
        here = [t["directive"] for t in self.must("GET", "/clguard/v1/transactions")
                if request["subRequestID"].startswith(t["transaction"] + "-")]
        for result in self.results:
            if result.get("used") or result.get("op", here[0]) != here[0]:
                continue
            result["used"] = True
            if result["result"] != "NONE":
                answer = dict(ids, result=result["result"])
                if "message" in result:
                    answer["message"] = result["message"]
                at = self.now + int(result.get("after", 0) * 1000)
                self.pending.append((at, len(self.pending), "ANSWERS", answer))
            return

    def due(self):
        return min([instant(t["due"]) for t in self.must("GET", "/clguard/v1/transactions")
                    if t["closedLoopControlName"] != "CL-HOLDER"], default=None)

    def lose_lock(self):
        for transaction in self.must("GET", "/clguard/v1/transactions"):
            if transaction["locked"]:
                self.must("DELETE", "/clguard/v1/transactions/" + transaction["transaction"])

    def play(self):
        start = self.now
        self.poll("REQUESTS")  # a group sees what comes after its first question
        self.poll(TOLD)
        self.now = 0
        self.clock(start)
        self.now = start
        for held in self.held:
            self.must("POST", "/events/" + EVENTS,
                      {"closedLoopControlName": "CL-HOLDER", "closedLoopEventStatus": "ONSET", "requestID": "holder",
                       "target": "generic-vnf.vnf-id", "target_type": "VNF", "AAI": {"generic-vnf.vnf-id": held}})
        todo = [(start + int(e.get("t", 0) * 1000), i) for i, e in enumerate(self.case["events"])]
        todo.sort()
        lost = [start + int(self.env["lock_lost_at"] * 1000)] if "lock_lost_at" in self.env else []
        while True:
            self.requests()
            due = self.due()
            # At one instant: deadlines, answers, what happens to us.
            steps = [(due, 0)] if due is not None else []
            steps += [(min(self.pending)[0], 1)] if self.pending else []
            steps += [(lost[0], 2)] if lost else []
            steps += [(todo[0][0], 3)] if todo else []
            if not steps or (due is None and not self.pending and not todo):
                break
            when, kind = min(steps)
            self.clock(when)
            if kind == 1:
                _, _, topic, answer = self.pending.pop(self.pending.index(min(self.pending)))
                self.must("POST", "/events/" + topic, answer)
            elif kind == 2:
                lost = []
                self.lose_lock()
            elif kind == 3:
                event = self.case["events"][todo.pop(0)[1]]
                self.must("POST", "/events/" + EVENTS, {k: v for k, v in event.items() if k not in ("t", "time")})
        told = [m for m in self.poll(TOLD) if m.get("closedLoopControlName") != "CL-HOLDER"]
        rows = [r for r in self.must("GET", "/clguard/v1/operations?limit=1000")
                if r.get("closedLoopName") != "CL-HOLDER"]
        return told, rows


def comparable(messages):
    """By request id, for a simulation tells transaction by transaction; ids but for their serial numbers."""
    groups = collections.defaultdict(list)
    for message in messages:
        # A bare body has another name when it comes from a file; and a live denial is explained.
        text = json.dumps({k: v for k, v in message.items()
                           if k not in ("explanation", "policyName", "policyVersion")}, sort_keys=True)
        groups[message.get("requestId")].append(
            re.sub(r'(subRequestId(?:=|": "))[0-9a-f]+-[0-9a-f]+-', r"\1", text))
    return dict(groups)


def history_of(rows):
    return sorted(json.dumps([r.get("actor"), r.get("operation"), r.get("target"), r.get("outcome"), r.get("message")])
                  for r in rows)


def play_case(case):
    """(why it was not played, what is wrong)"""
    with tempfile.TemporaryDirectory() as folder:
        case = adapted(case)
        result = simulate(folder, case, "json")
        if result is None or result["compile"] == "error":
            return "does not compile", None
        start = start_of(case)
        denied = denials(result, case)
        if isinstance(denied, str):
            return denied, None
        wanted = simulate(folder, case, "topic")
        live = Live(folder, case, start, denied)
        try:
            told, rows = live.play()
        except (AssertionError, OSError, http.client.HTTPException, ValueError, KeyError, IndexError) as error:
            return None, repr(error)
        finally:
            live.service.stop()
        if comparable(told) != comparable(wanted):
            for key in set(comparable(told)) | set(comparable(wanted)):
                a, b = comparable(wanted).get(key, []), comparable(told).get(key, [])
                for i in range(max(len(a), len(b))):
                    if a[i:i + 1] != b[i:i + 1]:
                        return None, "message %d of %s\n  simulated %s\n  live      %s" % (
                            i, key, a[i:i + 1], b[i:i + 1])
        if history_of(rows) != history_of(result["history"]):
            return None, "history\n  simulated %s\n  live      %s" % (history_of(result["history"]), history_of(rows))
    return None, None


def main():
    asked = [a for a in sys.argv[1:] if not a.startswith("-")]
    cases = []
    for path in SUITES:
        with open(os.path.join(TOP, path), encoding="utf-8") as file:
            cases += json.load(file)
    cases = [c for c in cases if not asked or any(a in c["id"] for a in asked)]
    played, failed, why = 0, 0, collections.Counter()
    began = time.monotonic()
    for case in cases:
        unfit, wrong = play_case(case)
        if unfit:
            why[unfit] += 1
            if "-v" in sys.argv:
                print("     %s: %s" % (case["id"], unfit))
            continue
        played += 1
        if wrong:
            failed += 1
            print("FAIL %s (%s): %s" % (case["id"], case["title"], wrong))
    if cases:
        print("%d of %d cases live as simulated; not played: %s (%.1f s)" % (
            played - failed, played, ", ".join("%d %s" % (n, w) for w, n in why.most_common()),
            time.monotonic() - began))
    failed += operational_live_own.run(asked)
    sys.exit(1 if failed or not (played or asked) else 0)


if __name__ == "__main__":
    main()
