#!/usr/bin/env python3
# conformance_guard - ONAP's answers, case by case, through the command line
# SPDX-License-Identifier: Apache-2.0
"""Runs guard-onap.json, guard-legacy.json and our own guard-own.json of tests/conformance in onap mode, through
`clguard decide` and `clguard check`."""
import json
import os
import subprocess
import sys
import tempfile

TOP = os.environ.get("top_srcdir", ".")
CLGUARD = os.path.join(os.environ.get("top_builddir", "."), "clguard")

# Where ONAP answers 500 we answer 400, or refuse the policy at load; doc/compatibility.md says why of each.
BETTER = {"E23-invalid-regex-breaks-requests", "E24-invalid-regex-unused-field", "I05-null-actor",
          "I08-timeZone-must-be-offset"}


def run(*arguments, stdin=None):
    done = subprocess.run([CLGUARD, *arguments], input=stdin, capture_output=True, text=True, timeout=60)
    if done.returncode not in (0, 1):
        raise AssertionError("exit code %d: %s" % (done.returncode, done.stderr))
    return done


def write(folder, name, text):
    path = os.path.join(folder, name)
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)
    return path


def request_of(case):
    request = case["request"]
    if "dialect" not in case:
        return request
    guard = {key: value for key, value in request.items() if key != "currentTime"}
    return {"action": "guard", "currentTime": request.get("currentTime"), "resource": {"guard": guard}}


def check(case, folder):
    expect = case["expect"]
    policies = [write(folder, "policy%d.yaml" % i, text) for i, text in enumerate(case["policies"])]
    history = write(folder, "history.json", json.dumps(case["history"]))
    if policies:
        loaded = run("check", "--mode", "onap", *policies).returncode == 0
        must_load = "load" not in expect and case["id"] not in BETTER
        if must_load and not loaded:
            return "the policies must load and do not"
        if "load" in expect and loaded:
            return "the policies must be refused and are not"
    arguments = ["decide", "--mode", "onap", "--history", history, "--now", case["now"], "--skip-bad-policies",
                 "--request", "-"]
    if policies:
        arguments += ["--policy", *policies]
    if case.get("db") == "fail":
        arguments.append("--history-fails")
    done = run(*arguments, stdin=json.dumps(request_of(case)))
    body = json.loads(done.stdout)
    if expect["decision"] is None:
        if case["id"].startswith("E23"):
            return None if not loaded else "a policy with a bad pattern must be refused"
        return None if done.returncode == 1 and body.get("status") is None else "must be refused, is %s" % body
    want = {"status": expect["decision"]}
    if "message" in expect:
        want["message"] = expect["message"]
    if body != want or done.returncode != 0:
        return "expected %s, got %s" % (want, body)
    return None


def main():
    with open(os.path.join(TOP, "doc", "compatibility.md"), encoding="utf-8") as file:
        told = file.read()
    passed = failed = 0
    for name in sys.argv[1:] or ["guard-onap.json", "guard-legacy.json", "guard-own.json"]:
        with open(os.path.join(TOP, "tests", "conformance", name), encoding="utf-8") as file:
            cases = json.load(file)
        for case in cases:
            with tempfile.TemporaryDirectory() as folder:
                wrong = check(case, folder)
            if case["id"] in BETTER and case["id"] not in told:
                wrong = "an exception that doc/compatibility.md does not name"
            if wrong:
                print("%s: %s: %s" % (name, case["id"], wrong))
                failed += 1
            else:
                passed += 1
    print("%d passed, %d failed" % (passed, failed))
    return 1 if failed or not passed else 0


sys.exit(main())
