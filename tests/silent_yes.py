#!/usr/bin/env python3
"""silent_yes - traps: what is misspelt, unknown, unreachable or unlogged must not become a Permit that nobody sees.

Each file tests/silent_yes/*.json is one trap. It is tried through the command line, HTTP and the C library, in both modes:

  trap      what would be a silent yes, as a sentence
  item      a label to find the trap by; free text
  policies  {file name: text, list of lines, or the document as JSON}; none: no --policies
  history   rows of the operation history, entered before the first step
  now       the time at which it starts (virtual time everywhere); default 2026-04-14T12:00:00Z
  modes     default ["strict", "onap"]
  doors     default ["cli", "http", "library"]; "xacml" when named: the policies converted for ONAP's engine, read by
            tests/xacml_names.py, which knows ONAP's names alone; strict mode only
  options   {door: further options of clguard decide, clguardd or silent_library}
  quarantined  true: the database replaced a damaged one just before; then the time is today's, and there is no `cli`
  load      {mode: {"refused": true?, "says": [texts], "silent": [texts]}}: what loading the policies must tell, and must
            not; `clguard check`, the service's log, the library's findings
  steps     each of:
              {"ask": {resource.guard}} or {"request": the whole body}, "explain": true?
              {"reserve": {resource.guard}, "as": NAME}, {"settle": NAME, "outcome": ...}, {"abort": NAME}, {"renew": NAME}
              {"record": [rows]}, {"wait_ms": n}, {"get": PATH} (http alone), {"accept": true} (clguard db accept; http alone)
              {"post": PATH, "body": ...} (http alone)
              {"logged": [members of each line]}: all that the decision log has by now, door by door (http alone)
              an ask of xacml may have "world": {"counts", "outcomes", "time"}, as tests/xacml_names.py has them
            with "doors" to limit it, and what is expected in each mode, {"strict": EXPECT, "onap": EXPECT}:
              status  as HTTP's (default 200); the other doors' results are put into the same numbers
              body    members that the answer must have, with these values
              absent  members that it must not have
              says    texts that must stand in it; silent: that must not

Whatever a trap asks over HTTP, the decision log has a line for each Permit and each Deny, and no more.

A step with a member that the library's structs do not have is not asked there. `silent_yes.py NAME...` runs those files alone.
"""
# SPDX-License-Identifier: Apache-2.0
import datetime
import glob
import json
import os
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "http"))
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import service  # noqa: E402
import xacml_names  # noqa: E402
from service import BUILD, DECISION, SOURCE, Service  # noqa: E402

CLGUARD = os.path.join(BUILD, "clguard")
LIBRARY = os.path.join(BUILD, "tests", "silent_library")
RESERVATIONS = "/clguard/v1/reservations"
DOORS = ("cli", "http", "library")
ALONE = ("get", "accept", "post", "logged")  # over HTTP alone
MODES = ("strict", "onap")
START = "2026-04-14T12:00:00Z"
KNOWN = {"trap", "item", "policies", "history", "now", "modes", "doors", "options", "quarantined", "load", "steps"}
VERBS = ("ask", "request", "reserve", "settle", "abort", "renew", "record", "wait_ms", *ALONE)
STEP = {*VERBS, *MODES, "explain", "as", "outcome", "doors", "body", "world"}
EXPECT = {"status", "body", "absent", "says", "silent"}


class Answer:
    def __init__(self, status, text):
        self.status, self.text = status, text
        try:
            self.body = json.loads(text)
        except ValueError:
            self.body = {}


def later(now, ms):
    time = datetime.datetime.fromisoformat(now.replace("Z", "+00:00")) + datetime.timedelta(milliseconds=ms)
    return time.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def quarantined_data(folder):
    """A database that has just taken the place of a damaged one."""
    data = os.path.join(folder, "data")
    rows = os.path.join(folder, "rows.json")
    with open(rows, "w", encoding="utf-8") as file:
        file.write("[]")
    subprocess.run([CLGUARD, "db", "import", "--data", data, rows], check=True, capture_output=True, timeout=60)
    os.truncate(os.path.join(data, "data.mdb"), 4096)
    done = subprocess.run([CLGUARD, "db", "verify", "--data", data, "--quarantine"], capture_output=True, text=True,
                          timeout=60, check=False)
    assert "put aside" in done.stdout + done.stderr, done
    return data


def body_of(step):
    return step["request"] if "request" in step else {"action": "guard", "resource": {"guard": step.get("ask", step.get("reserve"))}}


class Cli:
    """clguard check and clguard decide: a process for each question, the history in a file."""

    def __init__(self, case, mode, paths, folder):
        self.mode, self.paths, self.folder, self.now = mode, paths, folder, case.get("now", START)
        self.options, self.rows = case.get("options", {}).get("cli", []), list(case.get("history", []))

    def load(self):
        done = subprocess.run([CLGUARD, "check", "--mode", self.mode, *self.paths], capture_output=True, text=True, timeout=60,
                              check=False)
        return done.returncode == 0, done.stdout + done.stderr

    def step(self, verb, step):
        if verb == "wait_ms":
            self.now = later(self.now, step[verb])
        elif verb == "record":
            self.rows += step[verb]
        else:
            return self.decide(step)
        return Answer(200, "{}")

    def decide(self, step):
        history = os.path.join(self.folder, "history.json")
        with open(history, "w", encoding="utf-8") as file:
            json.dump(self.rows, file)
        command = [CLGUARD, "decide", "--mode", self.mode, "--history", history, "--now", self.now, "--request", "-", *self.options]
        command += ["--policy", *self.paths] if self.paths else []
        command += ["--explain"] if step.get("explain") else []
        done = subprocess.run(command, input=json.dumps(body_of(step)), capture_output=True, text=True, timeout=60, check=False)
        return Answer({0: 200, 1: 400}.get(done.returncode, 500), done.stdout or done.stderr)

    def close(self):
        pass


class Http:
    """A clguardd with a manual clock."""

    def __init__(self, case, mode, paths, folder):
        self.log = os.path.join(folder, "decisions.json")
        self.answered = 0  # Permits and Denies
        options = ["--mode", mode, "--clock", "manual", "--decision-log", self.log, "--workers", "1",
                   *case.get("options", {}).get("http", [])]
        options += ["--policies", *paths] if paths else []
        self.data = quarantined_data(folder) if case.get("quarantined") else None
        self.now, self.rows, self.options = case.get("now", START), case.get("history", []), options
        self.service, self.ids = None, {}

    def load(self):
        """The service does not start on a bad policy: what it says then is its log."""
        try:
            self.service = Service(*self.options, data=self.data)
        except RuntimeError as problem:
            return False, str(problem)
        if not self.data:  # else the clock stands where the database's does
            self.send("PUT", "/clguard/v1/clock", {"now": self.now})
        if self.rows:
            self.send("POST", "/clguard/v1/operations", self.rows)
        return True, self.service.log_text()

    def send(self, method, path, body=None):
        reply = self.service.request(method, path, body, {} if body is None else None)
        answer = Answer(reply.status, reply.body.decode())
        self.answered += path.split("?")[0] in (DECISION, RESERVATIONS) and answer.body.get("status") in ("Permit", "Deny")
        return answer

    def lines(self):
        with open(self.log, encoding="utf-8") as file:
            lines = [json.loads(line) for line in file]
        return [line for line in lines if line.get("door") not in (None, "log", "counters", "policies")]  # answers

    def check_log(self, suite, where):
        """Of rights, elements and operations there are lines without an answer of this kind, but none has its door."""
        def told():
            return [line for line in self.lines() if "status" in line and line["door"] in ("decision", "access", "reservation")]
        service.wait_for(lambda: len(told()) >= self.answered, 5)
        suite.check(len(told()) == self.answered, f"{where}: {self.answered} answers, but in the log {told()}")

    def logged(self, wanted):
        """200 when the log has these lines, all of them. Each door writes its own, so only theirs are in order."""
        service.wait_for(lambda: len(self.lines()) >= len(wanted), 5)
        told = self.lines()
        good = len(told) == len(wanted) and all(
            has([line for line in told if line["door"] == door], [line for line in wanted if line["door"] == door])
            for door in {line["door"] for line in told + wanted})
        return Answer(200 if good else 500, json.dumps({"lines": told}))

    def step(self, verb, step):
        if verb == "wait_ms":
            return self.send("PUT", "/clguard/v1/clock", {"advance_ms": step[verb]})
        if verb == "record":
            return self.send("POST", "/clguard/v1/operations", step[verb])
        if verb == "get":
            return self.send("GET", step[verb])
        if verb == "accept":
            return self.accept()
        if verb == "post":
            return self.send("POST", step[verb], step["body"])
        if verb == "logged":
            return self.logged(step[verb])
        if verb == "settle":
            return self.send("PUT", f"{RESERVATIONS}/{self.ids.get(step[verb])}", {"outcome": step["outcome"]})
        if verb == "abort":
            return self.send("DELETE", f"{RESERVATIONS}/{self.ids.get(step[verb])}")
        if verb == "reserve":
            answer = self.send("POST", RESERVATIONS, body_of(step))
            self.ids[step.get("as")] = answer.body.get("reservation")
            return answer
        return self.send("POST", DECISION + ("?explain=true" if step.get("explain") else ""), body_of(step))

    def accept(self):
        subprocess.run([CLGUARD, "db", "accept", "--data", self.data], check=True, timeout=60)
        seen = service.wait_for(lambda: "clguard_database_quarantined 0\n" in self.send("GET", "/metrics").text)
        return Answer(200 if seen else 500, "{}")

    def close(self):
        if self.service:
            self.service.__exit__(None, None, None)


class Library:
    """tests/silent_library: the C library asked with a line of JSON each."""

    MEMBERS = {"actor", "operation", "target", "clname", "vfCount", "requestId", "subrequestId", "generic-vnf.vnf-name",
               "generic-vnf.vnf-id", "generic-vnf.vnf-type", "generic-vnf.nf-naming-code", "vserver.vserver-id",
               "cloud-region.cloud-region-id"}

    def __init__(self, case, mode, paths, folder):
        data = ["--data", quarantined_data(folder)] if case.get("quarantined") else []
        self.command = [LIBRARY, mode, *data, *case.get("options", {}).get("library", []), *paths]
        self.now, self.rows, self.ids = case.get("now", START), case.get("history", []), {}
        if data:
            self.now = datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        self.process = None

    def load(self):
        self.process = subprocess.Popen(self.command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        said = self.line()
        good = "refused" not in json.loads(said)
        if good:
            self.send({"do": "clock", "now_ms": self.instant(self.now)})
            if self.rows:
                self.record(self.rows)
        return good, said

    def line(self):
        return self.process.stdout.readline()

    def send(self, command):
        self.process.stdin.write(json.dumps(command) + "\n")
        self.process.stdin.flush()
        said = self.line()
        return Answer(json.loads(said)["http"], said)

    @staticmethod
    def instant(text):
        return int(datetime.datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp() * 1000)

    def record(self, rows):
        return self.send({"do": "record", "rows": [
            {**{k: v for k, v in row.items() if k not in ("starttime", "endtime")},
             **{k: self.instant(row[k]) for k in ("starttime", "endtime") if k in row}} for row in rows]})

    def step(self, verb, step):
        if verb == "wait_ms":
            self.now = later(self.now, step[verb])
            return self.send({"do": "clock", "now_ms": self.instant(self.now)})
        if verb == "record":
            return self.record(step[verb])
        if verb in ("settle", "abort", "renew"):
            return self.send({"do": verb, "id": self.ids.get(step[verb], ""), "outcome": step.get("outcome", "")})
        guard = (body_of(step).get("resource") or {}).get("guard") or {}
        if not isinstance(guard, dict) or set(guard) - self.MEMBERS or \
                not all(isinstance(value, int if key == "vfCount" else str) for key, value in guard.items()):
            return None  # not to be said in C
        answer = self.send({"do": "reserve" if verb == "reserve" else "explain" if step.get("explain") else "decide", "request": guard})
        if verb == "reserve":
            self.ids[step.get("as")] = answer.body.get("reservation")
        return answer

    def close(self):
        if self.process:
            self.process.stdin.close()
            if self.process.wait(timeout=20) != 0:
                raise AssertionError(f"silent_library ended with {self.process.returncode}")


class Xacml:
    """clguard convert --to xacml, and a reader of what it writes."""

    def __init__(self, _case, _mode, paths, _folder):
        self.paths, self.roots = paths, []

    def load(self):
        said = ""
        for path in self.paths:
            done = subprocess.run([CLGUARD, "convert", path, "--to", "xacml"], capture_output=True, text=True, timeout=60, check=False)
            if done.returncode != 0:
                return False, done.stderr
            said += done.stderr
            self.roots.append(xacml_names.tree.fromstring(done.stdout))
        return True, said

    def step(self, _verb, step):
        world = {"request": step["ask"], "counts": {}, "outcomes": {}, "time": None, **step.get("world", {})}
        try:
            verdicts = [xacml_names.decide(root, world) for root in self.roots]
        except xacml_names.Unknown as problem:
            return Answer(500, json.dumps(f"ONAP does not know {problem}"))
        return Answer(200, json.dumps({"status": "Deny" if "Deny" in verdicts else "Permit"}))

    def close(self):
        pass


def has(got, wanted):
    """Whether a JSON value has all that is wanted: maps may have more, lists must be as long."""
    if isinstance(wanted, dict):
        return isinstance(got, dict) and all(key in got and has(got[key], value) for key, value in wanted.items())
    if isinstance(wanted, list):
        return isinstance(got, list) and len(got) == len(wanted) and all(map(has, got, wanted))
    return got == wanted


def compare(suite, where, expect, answer):
    suite.check(not set(expect) - EXPECT, f"{where}: what is {set(expect) - EXPECT} to mean?")
    suite.check(answer.status == expect.get("status", 200), f"{where}: {answer.status}, not {expect.get('status', 200)}: {answer.text}")
    suite.check(has(answer.body, expect.get("body", {})), f"{where}: {answer.text.strip()} has not {expect.get('body')}")
    for name in expect.get("absent", []):
        suite.check(name not in answer.body, f"{where}: '{name}' in {answer.text.strip()}")
    speak(suite, where, expect, answer.text)


def speak(suite, where, expect, text):
    for wanted in expect.get("says", []):
        suite.check(wanted in text, f"{where}: no '{wanted}' in {text.strip()}")
    for unwanted in expect.get("silent", []):
        suite.check(unwanted not in text, f"{where}: '{unwanted}' in {text.strip()}")


def write_policies(case, folder):
    paths = []
    for name, document in case.get("policies", {}).items():
        paths.append(os.path.join(folder, name))
        text = document if isinstance(document, str) else \
            "\n".join(document) + "\n" if isinstance(document, list) else json.dumps(document, indent=1)
        with open(paths[-1], "w", encoding="utf-8") as file:
            file.write(text)
    return paths


def run_steps(suite, case, where, door, mode, opened):
    asked = 0
    for number, step in enumerate(case.get("steps", []), 1):
        verb = next(verb for verb in VERBS if verb in step)
        if door not in step.get("doors", ["http"] if verb in ALONE else DOORS + ("xacml",)):
            continue
        answer = opened.step(verb, step)
        if answer is not None and mode in step:
            asked += 1
            compare(suite, f"{where} step {number} ({verb})", step[mode], answer)
    return asked


def run(suite, name, case, door, mode):
    where = f"{name}: {door}, {mode}"
    with tempfile.TemporaryDirectory() as folder:
        opened = {"cli": Cli, "http": Http, "library": Library, "xacml": Xacml}[door](case, mode, write_policies(case, folder), folder)
        try:
            loads = case.get("load", {}).get(mode, {})
            good, said = opened.load() if door != "cli" or case.get("policies") else (True, "")
            suite.check(good != loads.get("refused", False), f"{where}: load {'good' if good else 'refused'}: {said}")
            speak(suite, where + " load", loads, said)
            asked = run_steps(suite, case, where, door, mode, opened) if good else 0
            if good and door == "http":
                opened.check_log(suite, where)
            return asked + len(loads)
        finally:
            opened.close()


def try_trap(suite, path):
    name = os.path.basename(path)[:-5]
    with open(path, encoding="utf-8") as file:
        case = json.load(file)
    suite.check(case.get("trap") and not set(case) - KNOWN, f"{name}: no trap, or what is {set(case) - KNOWN} to mean?")
    for step in case.get("steps", []):
        suite.check(len(set(step) & set(VERBS)) == 1 and not set(step) - STEP, f"{name}: a step {step}")
    for mode in case.get("modes", MODES):
        doors = case.get("doors", ("http", "library") if case.get("quarantined") else DOORS)
        done = {door: run(suite, name, case, door, mode) for door in doors}
        suite.check(any(done.values()), f"{name}, {mode}: nothing is expected of any door")


def main():
    names = sys.argv[1:]
    paths = sorted(glob.glob(os.path.join(SOURCE, "tests", "silent_yes", "*.json")))
    suite = service.Suite()

    def test(path):
        def traps(suite):
            try_trap(suite, path)
        traps.__name__ = os.path.basename(path)[:-5]
        return traps
    suite.check(paths, "there are traps")
    suite.run([test(path) for path in paths if not names or os.path.basename(path)[:-5] in names])


if __name__ == "__main__":
    main()
