#!/usr/bin/env python3
"""confine - what the process gives up, seen from outside; and that all it has to do goes on under that."""
# SPDX-License-Identifier: Apache-2.0
import os
import pwd
import shutil
import subprocess
import tempfile

import service
from service import BLACKLIST, JSON, Service, basic, main, wait_for

SANITIZED = service.sanitized()
NOBODY = pwd.getpwnam("nobody").pw_uid


def status(server):
    with open(f"/proc/{server.process.pid}/status", encoding="ascii") as file:
        return {name: value.strip() for name, _, value in (line.partition(":") for line in file)}


def open_to_all(folder):
    os.chmod(folder, 0o755)
    return folder


def test_it_is_said_and_done(suite):
    with Service() as server:
        line = next((line for line in server.log if "new privileges:" in line), "")
        dumps = "as the system says" if SANITIZED else "none"
        suite.check(f"new privileges: none; core dumps: {dumps}; files: " in line and "system calls: " in line, line)
        got = status(server)
        suite.equal(got.get("NoNewPrivs"), "1", "no new privileges")
        if "(seccomp)" in line:
            suite.equal(got.get("Seccomp"), "2", "seccomp")
        if not SANITIZED:
            suite.check(not os.path.exists(f"/proc/{server.process.pid}/coredump_filter")
                        or os.stat(f"/proc/{server.process.pid}/environ").st_uid == 0, "not dumpable")
    with Service("--landlock", "off", "--seccomp", "off", "--core-dumps", "on") as server:
        line = next((line for line in server.log if "new privileges:" in line), "")
        suite.check("core dumps: as the system says; files: all (landlock: off); system calls: all (seccomp: off)" in line, line)
        suite.equal(status(server).get("Seccomp"), "0", "no seccomp")


def test_another_user(suite):
    if os.geteuid() != 0:
        return
    folder = open_to_all(tempfile.mkdtemp(prefix="clguard-confine-"))
    for name in ("data", "run", "secrets", "logs"):
        os.mkdir(os.path.join(folder, name))
        os.chown(os.path.join(folder, name), NOBODY, -1)
    users = folder + "/secrets/users"
    with open(users, "w", encoding="utf-8") as file:
        file.write("ann:pw\n")
    os.chown(users, NOBODY, -1)
    os.chmod(users, 0o600)
    sock_path = folder + "/run/admin.sock"
    options = ("--user", "nobody", "--listeners", f"unix:{sock_path}", "--users", users, "--decision-log", folder + "/logs/decisions",
               "--audit-log", folder + "/logs/audit")
    who = {**JSON, **basic("ann", "pw")}
    row = {"actor": "A", "operation": "O", "outcome": "Success", "requestId": "r"}

    policies = folder + "/policies"  # the folder of a Service is root's alone
    os.mkdir(policies)
    with open(policies + "/b.yaml", "w", encoding="utf-8") as file:
        file.write(BLACKLIST % "bad")
    server = Service(*options, "--policies", policies, data=folder + "/data/db", prepare=lambda: os.umask(0o022))
    try:
        got = status(server)
        suite.equal((got["Uid"].split(), got["Groups"].strip()), ([str(NOBODY)] * 4, ""), "all ids, and no groups of root")
        suite.equal(os.stat(sock_path).st_uid, NOBODY, "its socket")
        suite.equal(server.request("POST", "/clguard/v1/operations", row, who).status, 200, "operations are entered")
        with open(policies + "/c.new", "w", encoding="utf-8") as file:
            file.write((BLACKLIST % "worse").replace("edge.block", "edge.other"))
        os.rename(policies + "/c.new", policies + "/c.yaml")
        suite.check(wait_for(lambda: server.request("GET", "/clguard/v1/generation", headers=who).json["policies"] == 2), "policies are read again")
        with open(users + ".new", "w", encoding="utf-8") as file:
            file.write("bob:pw\n")
        os.chown(users + ".new", NOBODY, -1)
        os.chmod(users + ".new", 0o600)
        os.rename(users + ".new", users)
        server.process.send_signal(1)
        suite.check(wait_for(lambda: server.request("GET", "/clguard/v1/state", headers=basic("bob", "pw")).status == 200), "users are read again")
        suite.equal(server.decide(actor="a", operation="o").status, 401, "the old ones are gone")
        os.rename(folder + "/logs/audit", folder + "/logs/audit.1")
        server.process.send_signal(1)
        suite.check(wait_for(lambda: os.path.exists(folder + "/logs/audit")), "logs are opened again")
    finally:
        server.kill()
    server.log.clear()
    server.start()
    suite.check("verified: 1 operations" in server.log_text(), "a child verifies the database: " + server.log_text())
    suite.equal(server.stop(), 0, "stops")
    suite.check(not os.path.exists(sock_path), "its socket is removed")
    shutil.rmtree(folder)


def test_a_user_that_cannot_be_is_refused(suite):
    for options, text in ((("--user", "nosuchuser"), "user: there is no user 'nosuchuser'"),
                          (("--group", "nosuchgroup"), "group: there is no group 'nosuchgroup'")):
        run = subprocess.run([service.PROGRAM, "--listen", "127.0.0.1:0", *options], capture_output=True, text=True, timeout=20, check=False)
        suite.check(run.returncode == 1 and text in run.stderr, f"{run.returncode} {run.stderr}")
    if os.geteuid() == 0:
        run = subprocess.run([service.PROGRAM, "--listen", "127.0.0.1:0", "--user", "root"], capture_output=True, text=True, timeout=20,
                             check=False, preexec_fn=lambda: os.setresuid(NOBODY, NOBODY, NOBODY))
        suite.check(run.returncode == 3 and "cannot become user 0" in run.stderr, f"{run.returncode} {run.stderr}")


def test_files_outside_stay_closed(suite):
    with tempfile.TemporaryDirectory(dir="/var/tmp") as outside, Service(policies={"b.yaml": BLACKLIST % "bad"}) as server:
        if "those of" not in server.log_text():
            return
        with open(outside + "/secret.yaml", "w", encoding="utf-8") as file:
            file.write((BLACKLIST % "x").replace("edge.block", "edge.secret"))
        os.symlink(outside + "/secret.yaml", server.policies + "/.z")
        os.rename(server.policies + "/.z", server.policies + "/z.yaml")
        suite.check(wait_for(lambda: "z.yaml" in server.log_text() and "Permission denied" in server.log_text()), server.log_text())
        suite.equal(server.decide(actor="RANC", operation="Cell Reset", target="bad").json["status"], "Deny", "the old set stays")


def test_secrets_come_from_the_service_manager(suite):
    folder = tempfile.mkdtemp(prefix="clguard-confine-")
    with open(folder + "/users", "w", encoding="utf-8") as file:
        file.write("ann:top-secret\n")
    os.chmod(folder + "/users", 0o600)

    def manage():
        os.environ["CREDENTIALS_DIRECTORY"] = folder

    with Service("--users", "credential:users", prepare=manage) as server:
        suite.equal(server.request("GET", "/clguard/v1/state", headers=basic("ann", "top-secret")).status, 200, "a credential")
        suite.equal(server.request("GET", "/clguard/v1/state", headers=basic("ann", "guess")).status, 401, "is checked")
        suite.check("top-secret" not in server.log_text(), "and not logged")
    environment = {key: value for key, value in os.environ.items() if key != "CREDENTIALS_DIRECTORY"}
    for value, text in (("credential:users", "CREDENTIALS_DIRECTORY is not set"), ("credential:../users", "is not the name of a credential")):
        run = subprocess.run([service.PROGRAM, "--listen", "127.0.0.1:0", "--users", value], capture_output=True, text=True, timeout=20,
                             check=False, env=environment)
        suite.check(run.returncode in (1, 2) and text in run.stderr, f"{run.returncode} {run.stderr}")
    run = subprocess.run([service.PROGRAM, "--actors", "SO=https://clguard:top-secret@so.example/x", "--print-config"], capture_output=True,
                         text=True, timeout=20, check=False)
    suite.check(run.returncode == 0 and "top-secret" not in run.stdout and "***@so.example" in run.stdout, run.stdout[-300:])
    shutil.rmtree(folder)


main(globals())
