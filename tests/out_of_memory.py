#!/usr/bin/env python3
"""out_of_memory - one allocation after the other fails while a database is verified and opened: that is not damage."""
# SPDX-License-Identifier: Apache-2.0
import os
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "http"))
import service  # noqa: E402
from service import Service  # noqa: E402

FAILER = os.path.abspath(os.path.join(service.BUILD, "tests", ".libs", "fail_malloc.so"))
CLGUARD = os.path.join(service.BUILD, "clguard")
STARTS_STEP = 1 if os.environ.get("CLGUARD_STRESS") else 9


def run(command, number):
    """The command with that allocation failing; 0: none does. A service that comes up is ended."""
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                               env=dict(os.environ, LD_PRELOAD=FAILER, CLGUARD_FAIL_MALLOC=str(number)))
    said = []
    for line in process.stdout:
        said.append(line)
        if line.startswith("listening on"):
            process.terminate()
    process.stdout.close()
    return process.wait(timeout=60), "".join(said)


def each(suite, command, data, step, most):
    """Until every allocation up to the end of the start has failed once; how many were tried."""
    seen = set()
    for number in range(1, most, step):
        code, said = run(command, number)
        seen.add(code)
        if not suite.check(code in (0, 3), f"allocation {number}: exit {code}: {said[-300:]}"):
            return seen
        suite.check("damage" not in said and "put aside" not in said, f"allocation {number}: {said[-300:]}")
        suite.check(code == 0 or "memory" in said.lower(), f"allocation {number}: exit {code} says memory: {said[-300:]}")
    suite.equal([name for name in os.listdir(data) if name.startswith("damaged")], [], "databases that were put aside")
    return seen


def filled(folder):
    rows = [{"actor": "A", "operation": "O", "outcome": "Success", "requestId": f"r{i}"} for i in range(300)]
    with Service(data=folder) as server:
        server.request("POST", "/clguard/v1/operations", rows)


def test_a_verification_without_memory_finds_no_damage(suite):
    with tempfile.TemporaryDirectory() as data:
        filled(data)
        seen = each(suite, [CLGUARD, "db", "verify", "--data", data], data, 1, 120)
        suite.equal(seen, {0, 3}, "exit codes: some allocations matter")


def test_a_start_without_memory_puts_no_database_aside(suite):
    with tempfile.TemporaryDirectory() as data:
        filled(data)
        seen = each(suite, [service.PROGRAM, "--listen", "127.0.0.1:0", "--workers", "1", "--data", data], data, STARTS_STEP,
                    900)
        suite.check(3 in seen, f"exit codes: {seen}")
        code, said = run([CLGUARD, "db", "verify", "--data", data], 0)
        suite.equal(code, 0, f"sound: {said}")


def is_instrumented():
    """
    Programs that write their coverage at exit allocate for it, and do not look whether they got it; those with a
    sanitizer have an allocator of their own.
    """
    with open(os.path.join(service.BUILD, "Makefile"), encoding="utf-8") as file:
        return any(line.startswith("CFLAGS = ") and ("--coverage" in line or "-fprofile" in line) or
                   line.startswith("SANITIZE = ") and "-fsanitize" in line for line in file)


if __name__ == "__main__":
    if is_instrumented():
        print("left out: built for coverage or with a sanitizer")
        sys.exit(77)
    if subprocess.run([CLGUARD, "--version"], env=dict(os.environ, LD_PRELOAD=FAILER), stdout=subprocess.DEVNULL,
                      stderr=subprocess.DEVNULL).returncode != 0:
        print("left out: allocations cannot be replaced in this build")
        sys.exit(77)
    service.main(globals())
