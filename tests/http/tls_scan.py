#!/usr/bin/env python3
"""tls_scan - testssl.sh finds nothing to say of a TLS listener; as it stands its versions of TLS, CLGUARD_STRESS=1 all of them."""
# SPDX-License-Identifier: Apache-2.0
import json
import os
import shutil
import subprocess
import tempfile

from service import Service, main

SCANNER = shutil.which("testssl") or shutil.which("testssl.sh")
PARTS = ("-p", "-s", "-f", "-U") if os.environ.get("CLGUARD_STRESS") else ("-p",)


def test_a_scanner_finds_nothing_to_say(suite):
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-keyout",
                        folder + "/key", "-out", folder + "/pem", "-days", "2", "-subj", "/CN=localhost", "-addext",
                        "subjectAltName=DNS:localhost,IP:127.0.0.1"], check=True, capture_output=True)
        found = folder + "/found.json"
        with Service("--tls-certificate", folder + "/pem", "--tls-key", folder + "/key") as server:
            run = subprocess.run([SCANNER, "--quiet", "--color", "0", "--warnings", "off", "--fast", *PARTS, "--jsonfile", found,
                                  f"127.0.0.1:{server.port}"], capture_output=True, text=True, timeout=600, check=False)
        with open(found, encoding="utf-8") as file:
            findings = json.load(file)
        offered = {finding["id"]: finding["finding"] for finding in findings}
        suite.check(offered.get("TLS1_2", "").startswith("offered") and offered.get("TLS1_3", "").startswith("offered"),
                    f"TLS 1.2 and 1.3: {run.stdout}")
        for name in ("SSLv2", "SSLv3", "TLS1", "TLS1_1"):
            suite.equal(offered.get(name), "not offered", name)
        suite.equal([finding for finding in findings if finding["severity"] in ("LOW", "MEDIUM", "HIGH", "CRITICAL", "FATAL")], [],
                    "nothing is found")


if not SCANNER:
    print("skipped: no testssl.sh")
    raise SystemExit(77)
main(globals())
