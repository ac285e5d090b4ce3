#!/usr/bin/env python3
"""moved - the database's directory or file is taken away under the service, or restored alone: no right is lost in silence."""
# SPDX-License-Identifier: Apache-2.0
import os
import random
import shutil
import subprocess
import tempfile

import service
from service import LIMITER, Service, wait_for

RESERVATIONS = "/clguard/v1/reservations"
MANY = LIMITER.replace("limit: 2", "limit: 1000")


def reserve(server, number):
    reply = server.request("POST", RESERVATIONS, service.ask(
        actor="RANC", operation="Cell Reset", target="gnb-1", requestId=f"r-{number}"))
    return reply.status == 201


def ready(server):
    """What it says of readiness and of the conditions here; not what is in force."""
    told = server.request("GET", "/ready", headers={}).json
    return {name: value for name, value in told.items() if name not in ("policies", "guards", "warnings")}


def second_start(data):
    """Exit code and messages of another service on the same directory."""
    process = subprocess.Popen([service.PROGRAM, "--listen", "127.0.0.1:0", "--data", data], stderr=subprocess.PIPE, text=True)
    try:
        _, told = process.communicate(timeout=3)
    except subprocess.TimeoutExpired:
        process.kill()
        _, told = process.communicate()
    return process.returncode, told


def remove(data):
    shutil.rmtree(data)


def rename(data):
    os.rename(data, data + ".away")


def replace_directory(data):
    os.rename(data, data + ".away")
    os.mkdir(data)


def replace_file(data):
    path = os.path.join(data, "data.mdb")
    shutil.copyfile(path, path + ".copy")
    os.rename(path + ".copy", path)


def test_what_is_taken_away_is_noticed_before_any_right_is_lost(suite):
    for take_away in (remove, rename, replace_directory, replace_file):
        with tempfile.TemporaryDirectory() as folder:
            data = os.path.join(folder, "data")
            with Service("--data", data, policies={"l.yaml": MANY}) as server:
                suite.check(all(reserve(server, number) for number in range(5)), "rights before")
                take_away(data)
                name = take_away.__name__
                suite.equal([number for number in range(100, 120) if reserve(server, number)], [], f"{name}: rights after")
                suite.check(wait_for(lambda: ready(server).get("database") == {"refusing": "moved"}), f"{name}: {ready(server)}")
                suite.equal((ready(server)["ready"], ready(server)["why"]), (False, "refusing"), f"{name}: /ready")
                suite.check(wait_for(lambda: "was moved, removed or replaced" in server.log_text()), f"{name}: the log")
                shown = subprocess.run([os.path.join(service.BUILD, "clguard"), "status", "--service", server.address()],
                                       capture_output=True, text=True, timeout=60, check=False).stdout
                suite.check("\nrefusing: the database takes no operations: moved\n" in shown, f"{name}: status: {shown}")
                suite.equal(server.decide(actor="RANC", operation="Cell Reset", target="gnb-1").json["reason"], "error",
                            f"{name}: a decision that counts")
                code, told = second_start(data)
                suite.check(code == 3 and "end that process first" in told, f"{name}: a second start: {code} {told}")


def test_it_goes_on_when_the_directory_is_back(suite):
    with tempfile.TemporaryDirectory() as folder:
        data = os.path.join(folder, "data")
        with Service("--data", data, policies={"l.yaml": MANY}) as server:
            suite.check(reserve(server, 1), "before")
            os.rename(data, data + ".away")
            suite.check(wait_for(lambda: not ready(server)["ready"]), "noticed without a request")
            os.rename(data + ".away", data)
            suite.check(wait_for(lambda: ready(server) == {"ready": True}), "back")
            suite.check(reserve(server, 2), "rights again")
            rows = server.request("GET", "/clguard/v1/operations", headers={}).json
            suite.equal(sorted(row["requestId"] for row in rows), ["r-1", "r-2"], "and none lost")


def test_a_file_that_was_restored_alone_is_verified(suite):
    with tempfile.TemporaryDirectory() as folder:
        data = os.path.join(folder, "data")
        with Service("--data", data, policies={"l.yaml": MANY}) as server:
            for number in range(30):
                reserve(server, number)
        with open(os.path.join(data, "data.mdb"), "rb") as file:
            sound = file.read()
        dice = random.Random(7)
        for round in range(6):
            broken = bytearray(sound)
            for _ in range(40):
                at = dice.randrange(8192, len(broken) - 64)
                broken[at:at + 32] = dice.randbytes(32)
            restored = os.path.join(folder, f"restored-{round}")
            os.mkdir(restored)
            with open(os.path.join(restored, "data.mdb"), "wb") as file:
                file.write(broken if round else sound)
            with Service("--data", restored, policies={"l.yaml": MANY}) as server:
                suite.equal("put aside" in server.log_text(), round > 0, f"round {round}")
                suite.equal(server.process.poll(), None, "the process lives")


if __name__ == "__main__":
    service.main(globals())
