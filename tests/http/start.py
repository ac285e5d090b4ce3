#!/usr/bin/env python3
"""start - a clean stop is trusted, any other verified; two services that start together both come up"""
# SPDX-License-Identifier: Apache-2.0
import json
import os
import subprocess
import tempfile
import threading
import time

import service
from service import LIMITER, Service

RESERVATIONS = "/clguard/v1/reservations"
MANY = LIMITER.replace("limit: 2", "limit: 1000")
STRESS = os.environ.get("CLGUARD_STRESS")
ROWS = 3000000 if STRESS else 60000


def reserve(server, number):
    return server.request("POST", RESERVATIONS, service.ask(
        actor="RANC", operation="Cell Reset", target="gnb-1", requestId=f"r-{number}")).status == 201


def verified(server):
    return "verifying the database" in server.log_text()


def flip(path, at):
    """Damages a byte, with the file's times put back as well as a person can."""
    status = os.stat(path)
    with open(path, "r+b") as file:
        file.seek(at)
        byte = file.read(1)
        file.seek(at)
        file.write(bytes([byte[0] ^ 0xff]))
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))


def test_only_a_clean_stop_is_trusted(suite):
    with tempfile.TemporaryDirectory() as data:
        with Service("--data", data, policies={"l.yaml": MANY}) as server:
            suite.check(reserve(server, 1), "a right")
            server.stop()
            server.start()
            suite.check(not verified(server), "after a clean stop")
            suite.check(reserve(server, 2), "another")
            server.kill()
            dumped = subprocess.run([os.path.join(service.BUILD, "clguard"), "db", "dump", data], stdout=subprocess.DEVNULL)
            suite.equal(dumped.returncode, 0, "a look at it that verifies nothing")
            server.start()
            suite.check(verified(server), "after a kill, whoever has opened and closed it since")
            server.stop()
            flip(os.path.join(data, "data.mdb"), 3 * 4096 + 100)
            server.start()
            suite.check(verified(server), "after somebody wrote to the file")


def test_an_old_copy_is_verified_though_the_stop_was_clean(suite):
    with tempfile.TemporaryDirectory() as data:
        path = os.path.join(data, "data.mdb")
        with Service("--data", data, policies={"l.yaml": MANY}) as server:
            reserve(server, 1)
            server.stop()
            with open(path, "rb") as file:
                old = file.read()
            server.start()
            reserve(server, 2)
            server.stop()
            with open(path, "wb") as file:
                file.write(old)
            server.start()
            suite.check(verified(server), "its commit number is another")


def fill(data):
    """A database of so many operations."""
    rows = os.path.join(data, "rows.csv")
    with open(rows, "w", encoding="utf-8") as file:
        file.write("actor,operation,target,requestId,starttime,outcome,endtime\n")
        for number in range(ROWS):
            file.write(f"RANC,Cell Reset,gnb-{number % 5000},r{number},2026-01-01T00:00:00Z,Success,2026-01-01T00:00:01Z\n")
    database = os.path.join(data, "data")
    subprocess.run([os.path.join(service.BUILD, "clguard"), "db", "import", database, rows], check=True,
                   stdout=subprocess.DEVNULL)
    os.unlink(rows)
    return database


def test_two_services_that_start_together_both_come_up(suite):
    with tempfile.TemporaryDirectory() as folder:
        data = fill(folder)
        os.unlink(os.path.join(data, "clguard.clean"))
        started = []
        together = threading.Barrier(2)

        def start():
            with Service("--data", data, policies={"l.yaml": MANY}, start_timeout=3600 if STRESS else 60) as server:
                service.wait_for(lambda: server.request("GET", "/ready").json["ready"], 3600 if STRESS else 60)
                started.append(server.decide(actor="RANC", operation="Cell Reset", target="gnb-1").json["status"])
                together.wait(3600 if STRESS else 60)
        threads = [threading.Thread(target=start) for _ in range(2)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        suite.equal(started, ["Permit", "Permit"], "decisions of both")
        with Service("--data", data, policies={"l.yaml": MANY}) as server:
            began = time.monotonic()
            server.stop()
            began = time.monotonic()
            server.start()
            status = server.decide(actor="RANC", operation="Cell Reset", target="gnb-1").json["status"]
            took = time.monotonic() - began
            print(f"{ROWS} operations: a decision {took:.2f} s after the start of the process")
            suite.check(status == "Permit" and not verified(server), "after a clean stop")
            suite.check(took < 2, "soon, however many operations there are")


if __name__ == "__main__":
    service.main(globals())
