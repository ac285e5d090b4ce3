#!/usr/bin/env python3
"""mistakes - what policy authors get wrong, and what clguard check says of it: tests/mistakes, one document a mistake.

A document begins with what the mistake is, then `# mode: onap` where it is not strict mode's, then one line for each finding:
    # expect: LINE:COLUMN SEVERITY [ID]: WHAT | HINT ...
All findings from warning up must be expected, at their place, with each of the texts. A document without `# expect:` is
right as it is. Each id of engine/lint/lint.h has a document, and a paragraph in clguard-policy(5).
"""
# SPDX-License-Identifier: Apache-2.0
import glob
import os
import re
import subprocess
import sys

SOURCE = os.environ.get("top_srcdir", os.path.join(os.path.dirname(__file__), ".."))
BUILD = os.environ.get("top_builddir", os.path.join(SOURCE, "build"))
CLGUARD = os.path.join(BUILD, "clguard")

FINDING = re.compile(r"^(?P<file>.*?):(?P<place>\d+:\d+): (?P<severity>error|warning|info): (?P<text>.*?)"
                     r"(?: \[(?P<id>[A-Z0-9]+-\d+)\])?$")
EXPECT = re.compile(r"^# expect: (?P<place>\d+:\d+) (?P<severity>error|warning)(?: (?P<id>[A-Z0-9]+-\d+))?: (?P<texts>.*)$")


def check(path, *options):
    """Exit code and findings."""
    done = subprocess.run([CLGUARD, "check", *options, os.path.basename(path)], cwd=os.path.dirname(path),
                          capture_output=True, text=True, check=False)
    findings = [FINDING.match(line) for line in done.stdout.splitlines()]
    return done.returncode, [found for found in findings if found and found["severity"] != "info"], done.stdout


def is_met(wanted, found):
    return (wanted["place"] == found["place"] and wanted["severity"] == found["severity"] and wanted["id"] == found["id"] and
            all(text.strip() in found["text"] for text in wanted["texts"].split(" | ")))


def faults_of(path):
    """What is wrong with clguard's answer to one document."""
    with open(path, encoding="utf-8") as file:
        lines = file.read().splitlines()
    head = [line for line in lines if line.startswith("# ")]
    mode = next((line.split(": ")[1] for line in head if line.startswith("# mode: ")), "strict")
    wanted = [EXPECT.match(line) for line in head if line.startswith("# expect")]
    if None in wanted:
        yield "an expectation is malformed"
        return
    code, findings, shown = check(path, "--mode", mode)
    for one in wanted:
        if not any(is_met(one, found) for found in findings):
            yield f"not found: {one[0][10:]}\n{shown}"
    if len(findings) != len(wanted):
        yield f"{len(findings)} findings: expected {len(wanted)}\n{shown}"
    if code != any(one["severity"] == "error" for one in wanted):
        yield f"exit code {code}"
    # Warnings alone are errors when they are asked to be.
    code, findings, shown = check(path, "--mode", mode, "--strict-warnings")
    if code != bool(wanted) or any(found["severity"] != "error" for found in findings):
        yield f"with --strict-warnings exit code {code}\n{shown}"


def main():
    bad = 0
    documents = sorted(glob.glob(os.path.join(SOURCE, "tests", "mistakes", "*.yaml")))
    texts = ""
    for path in documents:
        with open(path, encoding="utf-8") as file:
            texts += file.read()
        for fault in faults_of(path):
            print(f"{os.path.basename(path)}: {fault}")
            bad += 1
    with open(os.path.join(SOURCE, "engine", "lint", "lint.h"), encoding="utf-8") as file:
        ids = re.findall(r'X\(\w+, "(LINT-\d+)"\)', file.read())
    with open(os.path.join(SOURCE, "doc", "clguard-policy.5"), encoding="utf-8") as file:
        manual = file.read().replace("\\-", "-")
    for name in ids:
        if f"{name}:" not in texts.replace(" |", ":"):
            print(f"{name} has no document in tests/mistakes")
            bad += 1
        if not re.search(rf"^\.B {name}$", manual, re.M):
            print(f"{name} has no paragraph in doc/clguard-policy.5")
            bad += 1
    mistakes = texts.count("# expect")
    print(f"{len(documents)} documents, {mistakes} findings, {len(ids)} ids")
    if len(documents) < 60 or not ids:
        bad += 1
    sys.exit(bad > 0)


if __name__ == "__main__":
    main()
