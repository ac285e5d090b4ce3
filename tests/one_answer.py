#!/usr/bin/env python3
"""one_answer - the same question by every door has one answer: ONAP's route, batches, AuthZEN, reservations, the C library

Random guards of all kinds, a random history and random questions; both modes. With CLGUARD_STRESS 100,000 questions, else
10,000. Each is asked in a batch of ONAP's dialect, in a batch of AuthZEN's and of the library; one of ten also alone; one of
eight (with CLGUARD_STRESS each) is reserved over HTTP and in the library, and given back.
"""
# SPDX-License-Identifier: Apache-2.0
import json
import os
import random
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "http"))
import service  # noqa: E402

STRESS = bool(os.environ.get("CLGUARD_STRESS"))
QUESTIONS = 100000 if STRESS else 10000
CHUNK = 200
START_MS = 1776168000000  # 2026-04-14T12:00:00Z
LIBRARY = os.path.join(service.BUILD, "tests", "silent_library")
GUARD = "onap.policies.controlloop.guard."
ACTORS, OPERATIONS, TARGETS, LOOPS = ("SO", "APPC", "alice"), ("Restart", "read", "Scale"), ("vm-1", "vm-2", "rec-7", ""), ("cl-a", "cl-b")
FIELDS = {"generic-vnf.vnf-name": ("v1", "v2"), "cloud-region.cloud-region-id": ("north", "south"), "subject.properties.role": ("admin", "user"),
          "resource.properties.status": ("archived", "active", "a\u00e9"), "action.properties.soft": ("true", "false"), "context.ip": ("10.0.0.1",)}
PATHS = (*FIELDS, "subject.type", "resource.type", "subject.id", "resource.id")
NAMES = {"subject.id": "actor", "action.name": "operation", "resource.id": "target"}


def policies(chance, mode):
    """A service template of random guards."""
    def scope(of):
        return chance.choice((*of, ".*", "/" + of[0][:1] + ".*/")) if mode == "strict" else chance.choice(of)

    def filters():
        for _ in range(chance.randint(1, 3)):
            path = chance.choice(PATHS if mode == "strict" else PATHS[:2])
            one = {"field": path, "filter": chance.choice((*FIELDS.get(path, ("user", "vm-1", "alice")), ".*a.*")),
                   "function": chance.choice(("string-equal", "string-regexp-match", "string-starts-with", "string-greater-than")),
                   "blacklist": chance.random() < 0.7}
            if mode == "strict" and chance.random() < 0.6:
                one["absent"] = "no_match"
            yield one

    def one(number):
        kind = chance.choice(("FrequencyLimiter", "Blacklist", "MinMax", "Filter", "Filter", "FirstBlocksSecond"))
        properties = {"actor": scope(ACTORS), "operation": scope(OPERATIONS)}
        if chance.random() < 0.3:
            properties["id"] = chance.choice(LOOPS)
        if kind == "FrequencyLimiter":
            properties.update(limit=chance.randint(1, 9), timeWindow=chance.randint(1, 20), timeUnits="minute")
        elif kind == "Blacklist":
            properties["blacklist"] = chance.sample([t for t in TARGETS if t], chance.randint(1, 2))
        elif kind == "MinMax":
            properties.update(target=chance.choice(TARGETS[:2]), min=1, max=chance.randint(2, 5))
        elif kind == "Filter":
            properties.update(algorithm=chance.choice(("blacklist-overrides", "whitelist-overrides")), filters=list(filters()))
        else:
            properties = {"controlLoop": list(LOOPS)}
            return {f"p{number}": {"type": GUARD + "coordination." + kind, "type_version": "1.0.0", "version": "1.0.0", "properties": properties}}
        return {f"p{number}": {"type": GUARD + "common." + kind, "type_version": "1.0.0", "version": "1.0.0", "properties": properties}}

    return {"tosca_definitions_version": "tosca_simple_yaml_1_1_0", "topology_template": {"policies": [one(i) for i in range(12)]}}


def question(chance, number):
    """The members of resource.guard, which say all that AuthZEN's form does."""
    guard = {"actor": chance.choice(ACTORS), "operation": chance.choice(OPERATIONS), "target": chance.choice(TARGETS),
             "subject.type": chance.choice(("user", "robot")), "resource.type": "record", "requestId": f"r{number}"}
    if chance.random() < 0.7:
        guard["clname"] = chance.choice(LOOPS)
    if chance.random() < 0.6:
        guard["vfCount"] = chance.randint(0, 6)
    for path, values in FIELDS.items():
        if chance.random() < 0.5:
            guard[path] = chance.choice(values)
    return guard


def authzen(guard):
    body = {"subject": {"type": guard["subject.type"], "id": guard["actor"]}, "action": {"name": guard["operation"]},
            "resource": {"type": guard["resource.type"], "id": guard["target"]}, "context": {}}
    for key, value in guard.items():
        parts = key.split(".")
        if parts[0] in body and parts[1:2] == ["properties"]:
            value = {"true": True, "false": False}.get(value, value)
            body[parts[0]].setdefault("properties", {})[parts[2]] = value
        elif parts[0] == "context":
            body["context"][parts[1]] = value
        elif key in ("clname", "vfCount", "requestId") or parts[0] in ("generic-vnf", "cloud-region"):
            (body["context"] if len(value if isinstance(value, str) else "") % 2 else body["resource"].setdefault("properties", {}))[key] = value
    return body


def plain(decision):
    """What a decision of ONAP's form says."""
    return decision["status"] == "Permit", decision.get("reason"), decision.get("missing")


def named(evaluation):
    """The same of AuthZEN's."""
    context = evaluation["context"]
    return evaluation["decision"], context.get("reason"), NAMES.get(context.get("missing"), context.get("missing"))


class Library:
    def __init__(self, mode, path):
        self.process = subprocess.Popen([LIBRARY, mode, path], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        told = json.loads(self.process.stdout.readline())
        assert "refused" not in told, told

    def do(self, *commands):
        answers = []
        for i in range(0, len(commands), 50):  # what the pipes hold
            some = commands[i:i + 50]
            self.process.stdin.write("".join(json.dumps(command) + "\n" for command in some))
            self.process.stdin.flush()
            answers += [json.loads(self.process.stdout.readline()) for _ in some]
        return answers

    def close(self):
        self.process.stdin.close()
        self.process.wait()


class Doors:
    """A service and a library engine with the same guards, history and clock."""

    def __init__(self, suite, chance, mode):
        self.suite, self.chance, self.mode = suite, chance, mode
        text = json.dumps(policies(chance, mode), indent=1)
        self.server = service.Service("--mode", mode, "--clock", "manual", "--durability", "process", policies={"p.json": text})
        self.connection = self.server.connection()
        self.library = Library(mode, os.path.join(self.server.policies, "p.json"))
        self.now = START_MS
        self.advance(0)

    def http(self, method, path, body=None):
        headers = service.JSON if body is not None else {}
        return self.server.request(method, path, body, headers, self.connection)

    def advance(self, ms):
        self.now += ms
        at = self.now / 1000
        import datetime
        text = datetime.datetime.fromtimestamp(at, datetime.timezone.utc).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        assert self.http("PUT", "/clguard/v1/clock", {"now": text}).status == 200
        self.library.do({"do": "clock", "now_ms": self.now})

    def live(self):
        """Something happens, in both alike."""
        chance = self.chance
        self.advance(chance.randint(0, 120000))
        rows = [{"actor": chance.choice(ACTORS), "operation": chance.choice(OPERATIONS), "target": chance.choice(TARGETS[:3]),
                 "clname": chance.choice(LOOPS), "outcome": "Success"} for _ in range(chance.randint(0, 3))]
        if rows:
            posted = [{**row, "closedLoopName": row["clname"]} for row in rows]
            for row in posted:
                del row["clname"]
            assert self.http("POST", "/clguard/v1/operations", posted).status == 200
            assert self.library.do({"do": "record", "rows": posted})[0]["http"] == 200

    def reserve(self, guard):
        """By HTTP and in the library, and given back: what both said."""
        reply = self.http("POST", "/clguard/v1/reservations", service.ask(**guard)).json
        told = self.library.do({"do": "reserve", "request": guard})[0]
        if "reservation" in reply:
            self.http("DELETE", "/clguard/v1/reservations/" + reply["reservation"])
        if "reservation" in told:
            self.library.do({"do": "abort", "id": told["reservation"]})
        return plain(reply), plain(told)

    def chunk(self, first):
        """Asks CHUNK questions by all doors: how many were denied."""
        guards = [question(self.chance, first + i) for i in range(CHUNK)]
        if self.mode == "onap":  # there are no paths, and no reasons
            guards = [{key: value for key, value in guard.items() if not key.startswith(("subject.", "resource.", "action.", "context."))
                       or key.endswith(".type")} for guard in guards]
        onap = [{key: value for key, value in guard.items() if self.mode == "strict" or not key.endswith(".type")} for guard in guards]
        batch = self.http("POST", "/clguard/v1/decisions", {"decisions": [service.ask(**guard) for guard in onap]}).json["decisions"]
        evaluations = self.http("POST", "/access/v1/evaluations", {"evaluations": [authzen(guard) for guard in guards]}).json["evaluations"]
        library = self.library.do(*({"do": "decide", "request": guard} for guard in onap))
        for i, guard in enumerate(guards):
            said = {"batch": plain(batch[i]), "evaluations": named(evaluations[i]), "library": plain(library[i])}
            if i % 10 == 0:
                said["decision"] = plain(self.http("POST", service.DECISION, service.ask(**onap[i])).json)
                said["evaluation"] = named(self.http("POST", "/access/v1/evaluation", authzen(guard)).json)
            if STRESS or i % 8 == 0:
                said["reservation"], said["library's reservation"] = self.reserve(onap[i])
            if self.mode == "onap":
                said = {door: answer[0] for door, answer in said.items()}
            self.suite.check(len(set(said.values())) == 1, f"{self.mode}: {guard}: {said}")
        return sum(item["status"] == "Deny" for item in batch)

    def close(self):
        self.connection.close()
        self.library.close()
        self.suite.equal(self.server.stop(), 0, "it ends well")


def test_every_door_has_the_same_answer(suite):
    chance = random.Random(20)
    asked = denied = 0
    while asked < QUESTIONS:
        doors = Doors(suite, chance, "onap" if asked % 5000 >= 4000 else "strict")
        for _ in range(5):
            denied += doors.chunk(asked)
            asked += CHUNK
            doors.live()
        doors.close()
    print(f"{asked} questions, {denied} denied")
    suite.check(asked * 0.2 < denied < asked * 0.8, "both answers occur often")


if __name__ == "__main__":
    service.main(globals())
