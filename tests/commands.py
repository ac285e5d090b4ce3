#!/usr/bin/env python3
# commands - the command line as a new user meets it: suggestions, whole refusals, tables, JSON, JUnit, a terminal
# SPDX-License-Identifier: Apache-2.0
import json
import os
import pty
import subprocess
import sys
import tempfile
import xml.etree.ElementTree

sys.path.insert(0, os.path.join(os.environ.get("top_srcdir", "."), "tests", "http"))
from service import BUILD, LIMITER, SOURCE, Service, main  # noqa: E402

CLGUARD = os.path.abspath(os.path.join(BUILD, "clguard"))
BAD = LIMITER.replace("limit: 2", "limit: none")
TESTS = """policies: [limit.yaml]
requests:
  - {name: first, now: 2026-04-14T12:00:00Z, request: {actor: RANC, operation: Cell Reset, target: x}, expect: {decision: Permit}}
  - {name: 'a <"odd"> & name', now: 2026-04-14T12:00:00Z, request: {actor: RANC, operation: Cell Reset, target: x},
     expect: {decision: Deny}}
"""


def clguard(*words, **more):
    return subprocess.run([CLGUARD, *words], capture_output=True, text=True, timeout=60, **more)


def at_terminal(*words, **environment):
    """What a command prints to a terminal."""
    master, slave = pty.openpty()
    process = subprocess.Popen([CLGUARD, *words], stdout=slave, stderr=subprocess.DEVNULL,
                               env={**os.environ, "TERM": "xterm", "NO_COLOR": "", **environment})
    os.close(slave)
    got = b""
    try:
        while True:
            piece = os.read(master, 65536)
            if not piece:
                break
            got += piece
    except OSError:
        pass  # the other end is closed
    os.close(master)
    process.wait()
    return got.decode().replace("\r\n", "\n")


class Folder(tempfile.TemporaryDirectory):
    """A folder with a good policy, a bad one, and tests."""

    def __enter__(self):
        self.path = super().__enter__()
        for name, text in (("limit.yaml", LIMITER), ("bad.yaml", BAD), ("tests.yaml", TESTS)):
            with open(os.path.join(self.path, name), "w", encoding="utf-8") as file:
                file.write(text)
        return self.path


def test_misspelt_words_are_suggested(suite):
    suite.check("did you mean 'status'?" in clguard("staus").stderr, "a command")
    suite.check("did you mean '--coverage'?" in clguard("test", "--covrage", "x").stderr, "an option")
    suite.check("did you mean" not in clguard("frobnicate").stderr, "nothing is near")
    with Folder() as folder:
        for wrong, meant in (("polices: [limit.yaml]", "policies"), ("requsts: []", "requests")):
            with open(f"{folder}/t.yaml", "w", encoding="utf-8") as file:
                file.write("refused: x\n" + wrong + "\n")
            run = clguard("test", f"{folder}/t.yaml")
            suite.check(run.returncode == 1 and f"did you mean '{meant}'?" in run.stdout, f"{wrong}: {run.stdout}")
        with open(f"{folder}/t.yaml", "w", encoding="utf-8") as file:
            file.write(TESTS.replace("perform", "x").replace("expect: {decision: Permit}", "expects: {decision: Permit}"))
        suite.check("did you mean 'expect'?" in clguard("test", f"{folder}/t.yaml").stdout, "a request's key")


def test_a_type_by_the_end_of_its_name(suite):
    run = clguard("types", "FrequencyLimiter")
    suite.equal(run.returncode, 1, "that is no name")
    suite.check("; did you mean 'onap.policies.controlloop.guard." in run.stderr and
                "'onap.policies.controlloop.guard.common.FrequencyLimiter'" in run.stderr, run.stderr)
    suite.check("did you mean" not in clguard("types", "Limiter").stderr, "not the end of one")
    shown = clguard("types", "onap.policies.controlloop.guard.common.FrequencyLimiter").stdout
    for text in ("#   actor: string, required (of onap.policies.controlloop.guard.Common)\n", "#   limit: integer, required\n"):
        suite.check(text in shown, f"own and inherited properties: {text}")


def test_a_service_that_cannot_be_reached_is_named(suite):
    for command in (("status",), ("participants",), ("record", "/dev/null"), ("reload",), ("state",)):
        run = clguard(*command, "--service", "no-such-host.invalid:1")
        suite.check(run.returncode == 3 and "no-such-host.invalid" in run.stderr, f"{command}: {run.returncode} {run.stderr}")
    suite.check("the host 'no-such-host.invalid' is unknown" in run.stderr, run.stderr)


def test_a_refusal_is_printed_whole(suite):
    with Folder() as folder, Service() as service:
        words = ("--service", service.address())
        with open(f"{folder}/rows.json", "w", encoding="utf-8") as file:
            json.dump({"actor": "a", "colour": "red"}, file)
        run = clguard("record", *words, f"{folder}/rows.json")
        suite.equal(run.returncode, 1, "a bad row")
        suite.check("400 Invalid request\n  line 1, column " in run.stderr and "an operation has no 'colour'" in run.stderr,
                    f"says what and where: {run.stderr}")
        run = clguard("policy", "create", f"{folder}/bad.yaml", *words)
        suite.check(run.returncode == 1 and ":11:" in run.stderr and "must be an integer" in run.stderr,
                    f"a policy: {run.stderr}")


def test_tables_fit_eighty_columns(suite):
    with Service() as service:
        words = ("--service", service.address())
        for command in (("types",), ("catalogue", *words), ("participants", *words), ("policy", "list", *words),
                        ("pap", "status", *words), ("watch", "--once", *words)):
            run = clguard(*command)
            suite.equal(run.returncode, 0, f"{command}: {run.stderr}")
            wide = [line for line in run.stdout.splitlines() if len(line) > 80 and " " in line.strip()]
            # A name alone may be longer than a line; it is never cut.
            wide = [line for line in wide if max(map(len, line.split())) < 50]
            suite.equal(wide, [], f"{command[0]} is too wide")
    suite.check("FrequencyLimiter 1.0.0" in clguard("types").stdout, "names are whole")


def test_check_prints_json(suite):
    with Folder() as folder:
        run = clguard("check", "--json", f"{folder}/bad.yaml")
        found = json.loads(run.stdout)
        suite.equal((run.returncode, found["errors"]), (1, 1), "one error")
        error = [f for f in found["findings"] if f["severity"] == "error"][0]
        suite.equal((error["file"], error["line"], error["column"]), (f"{folder}/bad.yaml", 11, 18), "its place")
        found = json.loads(clguard("check", "--json", f"{folder}/limit.yaml").stdout)
        suite.equal((found["policies"], found["guards"], found["errors"]), (1, 1, 0), "a good one")


def test_test_prints_json_and_junit(suite):
    with Folder() as folder:
        run = clguard("test", "--json", "--junit", f"{folder}/out.xml", f"{folder}/tests.yaml")
        found = json.loads(run.stdout)
        suite.equal((run.returncode, found["passed"], found["failed"]), (1, 1, 1), "one of each")
        suite.equal([test["passed"] for test in found["tests"]], [True, False], "in their order")
        suite.equal((found["tests"][1]["line"], found["tests"][1]["file"]), (5, f"{folder}/tests.yaml"), "its place")
        root = xml.etree.ElementTree.parse(f"{folder}/out.xml").getroot()
        suite.equal((root.get("tests"), root.get("failures")), ("2", "1"), "totals")
        cases = root.findall("./testsuite/testcase")
        suite.check('a <"odd"> & name' in cases[1].get("name"), "names are whole")
        suite.check("expected 'Deny'" in cases[1].find("failure").get("message"), "why it failed")
        run = clguard("test", "--junit", "/nonexistent/out.xml", f"{folder}/tests.yaml")
        suite.equal(run.returncode, 3, "a file that cannot be written")


def test_watch_prints_json(suite):
    with Service() as service:
        run = clguard("watch", "--once", "--json", "--service", service.address())
        suite.equal(sorted(json.loads(run.stdout)), ["instances", "participants"], "one line of JSON")
        run = clguard("participants", "--json", "--service", service.address())
        suite.check("participantList" in json.loads(run.stdout), run.stdout)


def test_a_terminal_shows_the_place(suite):
    with Folder() as folder:
        plain = clguard("check", f"{folder}/bad.yaml").stdout
        suite.check("^" not in plain and "\033" not in plain, "not in a pipe")
        shown = at_terminal("check", f"{folder}/bad.yaml")
        suite.check("\033[31merror\033[0m: " in shown, f"in colour: {shown!r}")
        lines = at_terminal("check", f"{folder}/bad.yaml", NO_COLOR="1").splitlines()
        suite.check(not any("\033" in line for line in lines), "NO_COLOR is kept")
        at = next(i for i, line in enumerate(lines) if "must be an integer" in line)
        suite.equal(lines[at + 1], "    11 |           limit: none", "the line")
        suite.equal(lines[at + 2], "       |                  ^", "the caret")


def test_dry_run_of_commissioning(suite):
    good = os.path.join(SOURCE, "examples", "control-loop-edge-cache.yaml")
    run = clguard("commission", "--dry-run", good, "--service", "127.0.0.1:1")
    suite.equal(run.returncode, 0, f"a good type, and nobody is asked: {run.stdout}{run.stderr}")
    with Folder() as folder:
        with open(good, encoding="utf-8") as file:
            text = file.read()
        with open(f"{folder}/loop.yaml", "w", encoding="utf-8") as file:
            file.write(text.replace("org.example.participants.Http, version: 1.0.0", "org.example.participants.None, version: 1.0.0"))
        with Service() as service:
            sent = clguard("commission", f"{folder}/loop.yaml", "--service", service.address())
        dry = clguard("commission", "--dry-run", f"{folder}/loop.yaml")
        suite.equal(dry.returncode, sent.returncode, f"what the service says: {sent.stderr} {dry.stdout}")
        # Errors of a control loop type, of another and of a policy file come in one wave.
        for name in ("one", "two"):
            with open(os.path.join(SOURCE, "examples", "control-loop-firewall.yaml"), encoding="utf-8") as file:
                loop = file.read()
            with open(f"{folder}/{name}.yaml", "w", encoding="utf-8") as file:
                file.write(loop.replace("participantType:", "participantTypo:"))
        with open(f"{folder}/policy.yaml", "w", encoding="utf-8") as file:
            file.write("type: onap.policies.controlloop.guard.common.MinMax\nversion: 1.0.0\ntype_version: 1.0.0\n"
                       "properties: {actor: SO, operation: Restart, target: t, min: 5, max: 2}\n")
        told = clguard("check", *(f"{folder}/{name}.yaml" for name in ("one", "two", "policy")))
        suite.equal(told.returncode, 1, told.stdout)
        for name in ("one", "two", "policy"):
            suite.check(f"{name}.yaml:" in told.stdout and ": error: " in told.stdout.split(f"{name}.yaml:", 1)[1].split("\n")[0],
                        f"an error of {name}: {told.stdout}")


main(globals())
