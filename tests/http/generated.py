#!/usr/bin/env python3
"""generated - requests that a generator makes of doc/openapi.yaml: no 5xx, and every answer as it is described

schemathesis (PyPI) stands in a virtual environment of the build directory, made by ./bootstrap check; without it the test is
skipped. With CLGUARD_STRESS it has minutes, else seconds.
"""
# SPDX-License-Identifier: Apache-2.0
import os
import re
import subprocess
import sys
import tempfile

import service
from service import Service

GENERATOR = os.path.join(service.BUILD, "schemathesis", "bin", "schemathesis")
STRESS = bool(os.environ.get("CLGUARD_STRESS"))
CHECKS = "not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance,response_headers_conformance"
# Streams and long polls have no end; ONAP's PAP answers a bad state with text that is no JSON, and so do we.
LEFT_OUT = r"^(/events/.*|/clguard/v1/events|/policy/pap/v1/pdps/groups/.*|/console.*)$"


def example(name):
    with open(os.path.join(service.SOURCE, "examples", "authzen", name), encoding="utf-8") as file:
        return file.read()


def test_answers_are_as_described(suite):
    entities = os.path.join(service.SOURCE, "examples", "authzen", "entities.yaml")
    with tempfile.TemporaryDirectory() as folder, \
            Service("--clock", "manual", "--durability", "process", "--entities", entities, "--publish-rate", "1G",
                    policies={"records.yaml": example("records.yaml"), "l.yaml": service.LIMITER}) as server:
        schema = os.path.join(folder, "openapi.yaml")
        with open(schema, "wb") as file:
            file.write(server.request("GET", "/openapi.yaml", headers={}).body)
        with open(os.path.join(service.SOURCE, "doc", "openapi.yaml"), "rb") as file, open(schema, "rb") as served:
            suite.check(file.read() == served.read(), "what is served is doc/openapi.yaml")
        for seconds in (600,) if STRESS else (12, 60):  # a busy machine needs the longer time
            done = subprocess.run(
                [GENERATOR, "run", schema, "--url", f"http://127.0.0.1:{server.port}", "--checks", CHECKS, "--exclude-path-regex", LEFT_OUT,
                 "--phases", "examples,coverage,fuzzing" if STRESS else "examples,fuzzing", "-n", "50" if STRESS else "1",
                 "--max-time", str(seconds), "--generation-deterministic", "--continue-on-failure", "--no-shrink",
                 "--warnings", "off", "--no-color", "--request-timeout", "20"],
                stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, cwd=folder, check=False)
            cases = re.search(r"(\d+) generated", done.stdout)
            if done.returncode or cases and int(cases.group(1)) > 10:
                break
        suite.check(done.returncode == 0, done.stdout[-6000:])
        suite.check(cases and int(cases.group(1)) > 10, "requests were made")
        print(cases.group(0) if cases else done.stdout)
        suite.equal(server.request("GET", "/live", headers={}).status, 200, "it lives")


if __name__ == "__main__":
    if not os.access(GENERATOR, os.X_OK):
        print("skipped: no schemathesis")
        sys.exit(77)
    service.main(globals())
