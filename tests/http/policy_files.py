#!/usr/bin/env python3
"""policy_files - files that are half written, shrunk, unreadable for a while, or no files: no guard is lost by that."""
# SPDX-License-Identifier: Apache-2.0
import http.client
import json
import os
import resource
import shutil
import signal
import socket
import ssl
import subprocess
import tempfile
import time

import service
from service import BLACKLIST, Service, wait_for

ASK = {"actor": "RANC", "operation": "Cell Reset", "target": "new"}
TWO = BLACKLIST % "new" + (BLACKLIST % "newer").split("policies:\n")[1].replace("edge.block", "edge.second")


def denied(server, target="new"):
    return server.decide(**dict(ASK, target=target)).json["status"] == "Deny"


def last_error(server):
    return server.request("GET", "/clguard/v1/generation").json["last_error"]


def stays(what, seconds):
    """Whether it holds at each of many looks for so long."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if not what():
            return False
        time.sleep(.05)
    return True


def test_a_file_that_is_being_written_waits_whatever_wakes_us(suite):
    with Service(policies={"a.yaml": TWO, "b.yaml": (BLACKLIST % "x").replace("edge.block", "edge.other")}) as server:
        path = os.path.join(server.policies, "a.yaml")
        half = TWO[:TWO.index("    - edge.second")]
        with open(path, "w", encoding="utf-8") as file:  # in place, as cp does: half of it is valid, and lacks a guard
            file.write(half.replace("[new]", "[none]"))
            file.flush()
            server.write("b.yaml", (BLACKLIST % "x, y").replace("edge.block", "edge.other"))
            suite.check(stays(lambda: denied(server) and denied(server, "newer"), 1.5), "another file is saved")
            server.process.send_signal(signal.SIGHUP)
            suite.check(stays(lambda: denied(server) and denied(server, "newer"), 3), "SIGHUP")
            suite.equal(server.generation(), 1, "nothing came into force")
            suite.check(wait_for(lambda: last_error(server) and "a.yaml" in last_error(server)), "a person is told")
            file.seek(0)
            file.write(TWO + "# whole\n")
        suite.check(wait_for(lambda: denied(server, "y")), "when it is whole, all comes into force")
        suite.check(denied(server) and denied(server, "newer"), "with every guard")
        suite.equal(last_error(server), None, "the report ends")


def test_fewer_guards_are_looked_at_twice(suite):
    with Service(policies={"a.yaml": TWO}) as server:
        server.write("a.yaml", BLACKLIST % "new")
        suite.check(wait_for(lambda: "fewer guards" in server.log_text()), "told")
        server.write("a.yaml", TWO)
        suite.check(stays(lambda: denied(server, "newer"), 2.5), "a file that lacked a guard for a moment")
        suite.equal(server.generation(), 1, "nothing came into force")
        server.write("a.yaml", BLACKLIST % "new")
        suite.check(wait_for(lambda: not denied(server, "newer")), "a guard that is taken out for good")


def warnings(server):
    return {warning["id"]: warning["text"] for warning in server.request("GET", "/ready").json["warnings"]}


def test_files_that_cannot_be_watched_are_looked_at(suite):
    with tempfile.NamedTemporaryFile() as none_left:
        def prepare():
            os.environ["LD_PRELOAD"] = os.path.join(service.BUILD, "tests", ".libs", "watch_fault.so")
            os.environ["CLGUARD_NO_WATCHES"] = none_left.name
        with Service(policies={"a.yaml": BLACKLIST % "old"}, prepare=prepare) as server:
            suite.check("cannot be watched (No space left on device)" in server.log_text(), "the log says so")
            suite.check("No space left on device" in warnings(server).get("files_not_watched", ""), "/ready says so")
            server.write("a.yaml", BLACKLIST % "new")
            suite.check(wait_for(lambda: denied(server)), "a change is seen all the same")
            aside = none_left.name + ".aside"
            os.rename(none_left.name, aside)
            suite.check(wait_for(lambda: "files_not_watched" not in warnings(server)), "when they can be watched, the report ends")
            os.rename(aside, none_left.name)
            server.write("a.yaml", BLACKLIST % "newer")
            suite.check(wait_for(lambda: denied(server, "newer"), 2), "and a change is seen at once")


def test_users_that_cannot_be_read_are_reported_until_they_can(suite):
    with tempfile.TemporaryDirectory() as folder:
        users = os.path.join(folder, "users")

        def write(text):
            with open(users, "w", encoding="utf-8") as file:
                file.write(text)
        write("ann:old\n")
        with Service("--users", users, policies={"a.yaml": BLACKLIST % "x"}) as server:
            write("no colon\n")
            server.process.send_signal(signal.SIGHUP)
            suite.check(wait_for(lambda: "users_refused" in warnings(server)), "/ready says so")
            suite.check("the old users stay" in server.log_text(), "the log says so")

            def asked(password):
                return server.request("GET", "/clguard/v1/generation", headers=service.basic("ann", password)).status
            suite.equal(asked("old"), 200, "the old users stay")
            write("ann:new\n")  # nobody sends a signal
            suite.check(wait_for(lambda: "users_refused" not in warnings(server)), "it is tried again by itself")
            suite.equal((asked("new"), asked("old")), (200, 401), "the new users are known")


def test_a_reload_without_descriptors_is_tried_again(suite):
    with Service(policies={"a.yaml": BLACKLIST % "old"}) as server:
        _, hard = resource.prlimit(server.process.pid, resource.RLIMIT_NOFILE)
        connection = server.connection()
        server.request("GET", "/live", connection=connection)

        def report():
            return server.request("GET", "/clguard/v1/generation", connection=connection).json["last_error"]
        used = max(int(fd) for fd in os.listdir(f"/proc/{server.process.pid}/fd")) + 1
        resource.prlimit(server.process.pid, resource.RLIMIT_NOFILE, (used, hard))
        server.write("a.yaml", BLACKLIST % "new")
        suite.check(wait_for(lambda: report() and "Too many open files" in report()), f"reported: {report()}")
        time.sleep(1.2)
        suite.check(report(), "until it succeeds")
        resource.prlimit(server.process.pid, resource.RLIMIT_NOFILE, (hard, hard))
        suite.check(wait_for(lambda: denied(server)), "it comes into force by itself")
        suite.equal(last_error(server), None, "and the report ends")
        connection.close()


def certificate(folder, name):
    """A certificate of its own as NAME.pem and NAME.key; its serial number as TLS tells it."""
    subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost",
                    "-keyout", f"{folder}/{name}.key", "-out", f"{folder}/{name}.pem"], check=True, capture_output=True)
    text = subprocess.run(["openssl", "x509", "-in", f"{folder}/{name}.pem", "-noout", "-serial"], check=True, text=True,
                          capture_output=True).stdout
    return text.strip().split("=")[1]


def test_a_certificate_that_cannot_be_read_for_want_of_descriptors_is_tried_again(suite):
    if not shutil.which("openssl"):
        print("left out: no openssl")
        return
    with tempfile.TemporaryDirectory() as folder:
        old, new = certificate(folder, "used"), certificate(folder, "new")

        def serial():
            with socket.create_connection(("localhost", server.port), timeout=10) as sock:
                with ssl._create_unverified_context().wrap_socket(sock) as tls:
                    text = ssl.DER_cert_to_PEM_cert(tls.getpeercert(True))
            read = subprocess.run(["openssl", "x509", "-noout", "-serial"], input=text, text=True, capture_output=True)
            return read.stdout.strip().split("=")[1]

        with Service("--tls-certificate", f"{folder}/used.pem", "--tls-key", f"{folder}/used.key") as server:
            suite.equal(serial(), old, "the certificate of the start")
            kept = http.client.HTTPSConnection("localhost", server.port, context=ssl._create_unverified_context(), timeout=10)

            def report():
                kept.request("GET", "/ready")
                told = json.loads(kept.getresponse().read())["warnings"]
                return {w["id"]: w["text"] for w in told}.get("certificate_refused", "")
            suite.equal(report(), "", "nothing to tell")
            _, hard = resource.prlimit(server.process.pid, resource.RLIMIT_NOFILE)
            used = max(int(fd) for fd in os.listdir(f"/proc/{server.process.pid}/fd")) + 1
            resource.prlimit(server.process.pid, resource.RLIMIT_NOFILE, (used, hard))
            for kind in ("key", "pem"):
                os.replace(f"{folder}/new.{kind}", f"{folder}/used.{kind}")
            server.process.send_signal(signal.SIGHUP)
            suite.check(wait_for(lambda: "Too many open files" in report()), f"reported: {report()}")
            time.sleep(1.2)
            suite.check(report(), "until it succeeds")
            resource.prlimit(server.process.pid, resource.RLIMIT_NOFILE, (hard, hard))
            suite.check(wait_for(lambda: not report()), "the report ends by itself")
            suite.equal(serial(), new, "new connections have the new certificate")
            kept.close()
        suite.check("Too many open files; the old certificate stays" in server.log_text(), "the log")


def test_what_is_no_regular_file_is_refused_and_hangs_nobody(suite):
    with Service(policies={"a.yaml": BLACKLIST % "new"}) as server:
        os.mkfifo(os.path.join(server.policies, "b.yaml"))
        server.process.send_signal(signal.SIGHUP)
        suite.check(wait_for(lambda: "expected a regular file, got a FIFO" in (last_error(server) or "")), "told")
        suite.check(denied(server), "the old set answers")
        suite.check("load_refused" in str(server.request("GET", "/ready").json["warnings"]), "/ready tells too")
        began = time.monotonic()
        suite.equal(server.stop(), 0, "SIGTERM")
        suite.check(time.monotonic() - began < 5, "at once")


if __name__ == "__main__":
    service.main(globals())
