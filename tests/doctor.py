#!/usr/bin/env python3
# doctor - clguard doctor: each finding provoked once, what it advises, and the exit code
# SPDX-License-Identifier: Apache-2.0
import json
import os
import resource
import shutil
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.join(os.environ.get("top_srcdir", "."), "tests", "http"))
from service import BUILD, STEPPER, Service, Steps, main, sanitized, wait_for  # noqa: E402

CLGUARD = os.path.abspath(os.path.join(BUILD, "clguard"))
DAY_MS = 86400 * 1000
LIMITER = """type: onap.policies.controlloop.guard.common.FrequencyLimiter
name: edge.limit
version: 1.0.0
properties: {actor: %s, operation: Restart, limit: 2, timeWindow: 10, timeUnits: minute}
"""
NOBODY = 65534


class Place(tempfile.TemporaryDirectory):
    """A folder with a clguard.yaml."""

    def __enter__(self):
        self.path = super().__enter__()
        os.chmod(self.path, 0o755)
        return self

    def write(self, name, text, mode=0o600):
        path = os.path.join(self.path, name)
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
        os.chmod(path, mode)
        return path

    def doctor(self, *words, settings=None, code=0, environment=None, **more):
        """The findings, [(severity, area, what, advice)]."""
        if settings is not None:
            words = ("--config", self.write("clguard.yaml", "".join(f"{k}: {v}\n" for k, v in settings.items()), 0o644), *words)
        run = subprocess.run([CLGUARD, "doctor", "--json", *words], capture_output=True, text=True, timeout=60,
                             env={**os.environ, **(environment or {})}, **more)
        if run.returncode != code:
            raise AssertionError(f"{words}: {run.returncode}, not {code}: {run.stdout}{run.stderr}")
        made = json.loads(run.stdout)
        found = [(f["severity"], f["area"], f["what"], f["advice"]) for f in made["findings"]]
        for severity in ("error", "warning"):
            if made[severity + "s"] != len([f for f in found if f[0] == severity]):
                raise AssertionError(f"totals of {run.stdout}")
        for f in found:
            if not f[3] and f[0] != "info":
                raise AssertionError(f"no advice for {f}")
        return found

    def database(self, *rows):
        """A database that was left by a clean stop."""
        data = os.path.join(self.path, "data")
        rows = self.write("rows.json", json.dumps(list(rows) or [{"actor": "APPC", "operation": "Restart", "target": "x"}]))
        subprocess.run([CLGUARD, "db", "import", "--max-future-s", "864000", data, rows], check=True, capture_output=True)
        return data


def has(suite, found, severity, area, text):
    suite.check(any(f[:2] == (severity, area) and text in f[2] for f in found), f"no {severity} of {area} with '{text}' in {found}")


def test_a_sound_service_has_nothing_to_heal(suite):
    with Place() as place:
        limit = place.write("limit.yaml", LIMITER % "APPC", 0o644)
        found = place.doctor(settings={"data": place.database(), "policies": f"[{limit}]"})
        suite.equal([f[:3] for f in found], [("info", "decision_log", "no decision log is kept")], "findings")
        text = subprocess.run([CLGUARD, "doctor", "--config", f"{place.path}/clguard.yaml"], capture_output=True, text=True)
        suite.equal((text.returncode, text.stdout.splitlines()[0]), (0, "info: decision_log: no decision log is kept"), "as text")
        suite.check(text.stdout.splitlines()[1].startswith("    set decision_log") and "0 errors, 0 warnings" in text.stderr, text.stdout)
    suite.equal(subprocess.run([CLGUARD, "doctor", "x"], capture_output=True).returncode, 2, "usage")
    suite.equal(subprocess.run([CLGUARD, "doctor", "--service", "nowhere"], capture_output=True).returncode, 2, "an address")


def test_settings_and_policies(suite):
    with Place() as place:
        found = place.doctor(settings={"lease_s": "soon"}, code=1)
        has(suite, found, "error", "configuration", "clguard.yaml:1:")
        found = place.doctor("--config", f"{place.path}/none.yaml", code=3)
        has(suite, found, "error", "configuration", "none.yaml")
        found = place.doctor(settings={"policies": f"[{place.write('a.yaml', LIMITER % 'Nobody', 0o644)}]"})
        has(suite, found, "warning", "policies", "[LINT-01]")
        has(suite, found, "warning", "database", "gone at exit")
        place.doctor("--strict-warnings", settings={"policies": f"[{place.path}/a.yaml]"}, code=1)
        found = place.doctor(settings={"policies": f"[{place.write('b.yaml', LIMITER % '[a]', 0o644)}]"}, code=1)
        has(suite, found, "error", "configuration", "b.yaml:")


def test_the_database(suite):
    with Place() as place:
        has(suite, place.doctor("--data", f"{place.path}/none"), "info", "database", "there is no database")
        data = place.database()
        with open(f"{data}/data.mdb", "rb") as file:
            before = file.read()
        found = place.doctor("--data", data)
        with open(f"{data}/data.mdb", "rb") as file:
            suite.equal(file.read() == before, True, "it is left as it is")
        suite.equal([f for f in found if f[1] == "database"], [], "sound and clean")
        os.unlink(f"{data}/clguard.clean")
        has(suite, place.doctor("--data", data), "info", "database", "not left by a clean stop")
        has(suite, place.doctor("--data", data, settings={"max_bytes": "16K", "map_size": "1M"}), "warning", "database", "bytes: at the limit")
        backup = f"{place.path}/backup"
        subprocess.run([CLGUARD, "db", "backup", data, backup], check=True, capture_output=True)
        subprocess.run([CLGUARD, "db", "restore", backup, f"{place.path}/again"], check=True, capture_output=True)
        has(suite, place.doctor("--data", f"{place.path}/again"), "warning", "database", "in quarantine")
        with Service(data=data) as service:
            found = place.doctor("--data", data)
            has(suite, found, "info", "database", f"is open by process {service.process.pid}")
            found = place.doctor(settings={"data": data, "connections": 900000})
            has(suite, found, "warning", "limits", f"process {service.process.pid}, which has the database open,")
        with open(f"{data}/data.mdb", "r+b") as file:
            file.truncate(3 * 4096)
        found = place.doctor("--data", data, code=1)
        suite.check(any(f[:2] == ("error", "database") and "--quarantine" in f[3] for f in found), f"damage: {found}")
        os.unlink(f"{data}/data.mdb")
        has(suite, place.doctor("--data", data, code=1), "error", "database", "has lost its file")


def test_the_clock(suite):
    with Place() as place:
        data = place.database({"actor": "APPC", "operation": "Restart", "target": "x", "starttime": "2026-04-14T12:00:00Z"})
        suite.equal([f for f in place.doctor("--data", data) if f[1] == "clock"], [], "right")
        if os.path.exists(STEPPER) and not sanitized():
            with Steps() as steps:
                steps.set(wall_ms=3600 * 1000)
                preload = {"LD_PRELOAD": os.path.abspath(STEPPER), "CLGUARD_CLOCK_STEPS": steps.file.name}
                has(suite, place.doctor("--data", data, environment=preload), "warning", "clock", "s ahead of the decision clock")
        ahead = subprocess.run(["date", "-u", "-d", "+2 days", "+%Y-%m-%dT%H:%M:%SZ"], capture_output=True, text=True).stdout.strip()
        data = place.database({"actor": "APPC", "operation": "Restart", "target": "y", "endtime": ahead, "outcome": "Success"})
        has(suite, place.doctor("--data", data), "warning", "clock", "1 of the operations lie ahead of now")


def test_limits(suite):
    with Place() as place:
        has(suite, place.doctor(settings={"connections": 900000, "listen": "127.0.0.1:0"}), "warning", "limits", "900000")
        if not sanitized():  # which needs the address space
            few = 8 << 30
            found = place.doctor(settings={"map_size": "64G"}, preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_AS, (few, few)))
            has(suite, found, "warning", "limits", f"{few} bytes of address space")


def test_private_files_and_open_addresses(suite):
    with Place() as place:
        users = place.write("users", "alice:secret\n", 0o644)
        found = place.doctor(settings={"users": users, "listen": "0.0.0.0:0"})
        has(suite, found, "warning", "permissions", f"others than its owner may read the users file '{users}'")
        has(suite, found, "warning", "network", "plain text")
        data = place.database()
        os.chmod(data, 0o777)
        has(suite, place.doctor("--data", data), "warning", "permissions", "write the data directory")
        config = place.write("open.yaml", "lease_s: 10\n", 0o666)
        has(suite, place.doctor("--config", config), "warning", "permissions", "the configuration")
        has(suite, place.doctor(settings={"listen": "0.0.0.0:0", "open_to_network": "allow"}), "warning", "network", "no credentials are asked for")
        has(suite, place.doctor(settings={"listen": "0.0.0.0:0"}, code=1), "error", "configuration", "other machines reach it")
        with Service("--socket-mode", "0666", listen=f"unix:{place.path}/s"):
            found = place.doctor(settings={"listen": f"unix:{place.path}/s"})
            has(suite, found, "warning", "permissions", "every user of the machine")


def test_the_certificate(suite):
    if not shutil.which("openssl"):
        print("skipped: no openssl")
        return
    with Place() as place:
        made = f"{place.path}/c.pem", f"{place.path}/k.pem"
        subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "10", "-subj", "/CN=localhost",
                        "-out", made[0], "-keyout", made[1]], check=True, capture_output=True)
        os.chmod(made[1], 0o600)
        settings = {"tls_certificate": made[0], "tls_key": made[1]}
        found = place.doctor(settings=settings)
        if not any("without" in f[2] or "GnuTLS" in f[2] for f in found):
            has(suite, found, "warning", "network", "expires in 9 days")
            if os.path.exists(STEPPER) and not sanitized():
                with Steps() as steps:
                    preload = {"LD_PRELOAD": os.path.abspath(STEPPER), "CLGUARD_CLOCK_STEPS": steps.file.name}
                    for days, text in ((12, "expired 2 days ago"), (-1, "is not valid before")):
                        steps.set(wall_ms=days * DAY_MS)
                        has(suite, place.doctor(settings=settings, code=1, environment=preload), "error", "network", text)


def test_the_decision_log(suite):
    with Place() as place:
        log = f"{place.path}/d.log"
        settings = {"data": f"{place.path}/data", "decision_log": log}
        has(suite, place.doctor(settings=settings), "info", "decision_log", "no decision log at")
        with Service("--decision-log", log) as service:
            for _ in range(3):
                service.decide(actor="APPC", operation="Restart", target="x")
            wait_for(lambda: len(open(log, encoding="utf-8").readlines()) >= 3)
        suite.equal([f for f in place.doctor(settings=settings) if f[1] == "decision_log"], [], "whole")
        with open(log, encoding="utf-8") as file:
            text = file.read()
        place.write("d.log", text.replace("Restart", "Restore", 1))
        has(suite, place.doctor(settings=settings, code=1), "error", "decision_log", "1 were changed")
        os.rename(f"{log}.key", f"{log}.gone")
        has(suite, place.doctor(settings=settings, code=3), "error", "decision_log", "not verified")
        if os.getuid() == 0:
            os.rename(f"{log}.gone", f"{log}.key")
            os.chmod(f"{log}.key", 0o644)
            os.chmod(log, 0o644)
            found = place.doctor(settings={"decision_log": log}, code=1, user=NOBODY, group=NOBODY, extra_groups=[])
            has(suite, found, "error", "decision_log", "cannot write to the decision log")


def test_a_service_that_runs(suite):
    with Place() as place:
        with Service() as service:
            has(suite, place.doctor("--service", service.address()), "warning", "service", "[no_guards]")
            address = service.address()
        has(suite, place.doctor("--service", address, code=3), "error", "service", "does not answer")


main(globals())
