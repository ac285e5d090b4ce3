#!/usr/bin/env python3
"""policies - loading, reloading on change and on SIGHUP, keeping the old set, users."""
# SPDX-License-Identifier: Apache-2.0
import json
import os
import shutil
import signal
import subprocess
import threading

import gateway
import service
from service import BLACKLIST, HEALTH_PATH, LIMITER, Service, basic, wait_for

ASK = {"actor": "RANC", "operation": "Cell Reset", "target": "new"}


def denied(server):
    return server.decide(**ASK).json["status"] == "Deny"


def test_a_changed_file_comes_into_force(suite):
    with Service(policies={"b.yaml": BLACKLIST % "old"}) as server:
        suite.check(not denied(server), "before")
        server.write("b.yaml", BLACKLIST % "old, new")
        suite.check(wait_for(lambda: denied(server)), "renamed into place")
        suite.equal(server.generation(), 2, "generation")
        with open(os.path.join(server.policies, "b.yaml"), "w", encoding="utf-8") as file:
            file.write(BLACKLIST % "old")
        suite.check(wait_for(lambda: not denied(server)), "written in place")
        server.write("c.yaml", (BLACKLIST % "new").replace("edge.block", "edge.block.two"))
        suite.check(wait_for(lambda: denied(server)), "a new file")
        os.unlink(os.path.join(server.policies, "c.yaml"))
        suite.check(wait_for(lambda: not denied(server)), "a removed file")


def test_sighup_reloads_at_once(suite):
    with Service(policies={"b.yaml": BLACKLIST % "old"}) as server:
        server.process.send_signal(signal.SIGHUP)
        suite.check(wait_for(lambda: server.generation() == 2), "a second generation")


def test_a_bad_file_leaves_the_old_set_and_says_why(suite):
    with Service(policies={"b.yaml": BLACKLIST % "new"}) as server:
        def last_error():
            return server.request("GET", "/clguard/v1/generation").json["last_error"]
        for i, bad in enumerate(("topology_template: [", (BLACKLIST % "x").replace("common.Blacklist", "common.Nothing"))):
            server.write("b.yaml", bad)
            suite.check(wait_for(last_error), "told")
            suite.check("b.yaml:" in last_error(), last_error())
            suite.check(denied(server), "the old set answers")
            suite.equal(server.generation(), i + 1, "generation")
            suite.equal(server.log_text().count("policies refused"), i + 1, "logged once")
            server.write("b.yaml", BLACKLIST % "new" + "# mended\n" * (i + 1))
            suite.check(wait_for(lambda: last_error() is None), "forgotten when mended")
        statistics = server.request("GET", "/policy/pdpx/v1/statistics").json
        suite.equal((statistics["deploySuccessCount"], statistics["deployFailureCount"]), (3, 2), "counted")


def test_guards_that_never_bite_are_told(suite):
    misspelt = """type: onap.policies.controlloop.guard.common.Blacklist
properties:
  actor: APCP
  operation: Restart
  blacklist: [vm-1]
  timeRange: {start_time: '2025-01-01T00:00:00Z', end_time: '2025-01-02T00:00:00Z'}
"""
    with Service(policies={"b.yaml": misspelt}) as server:
        def generation():
            return server.request("GET", "/clguard/v1/generation").json
        found = generation()["findings"]
        suite.equal([(f["severity"], f["id"], f["line"], f["column"], f["path"]) for f in found],
                    [("warning", "LINT-01", 3, 10, "properties.actor"),
                     ("warning", "SET-05", 6, 61, "properties.timeRange.end_time")], "with their places")
        suite.check(found[0]["file"].endswith("b.yaml") and "did you mean 'APPC'?" in found[0]["text"], found[0])
        suite.equal((generation()["finding_count"], generation()["guards"]), (2, 1), "counted")
        suite.check("b.yaml:3:10: no actor is called 'APCP'; did you mean 'APPC'? [LINT-01]\n" in server.log_text(), "in the log")
        server.write("b.yaml", misspelt.replace("APCP", "APPC").replace("2025-01-02", "9999-01-02"))
        suite.check(wait_for(lambda: generation()["findings"] == []), "mended")


def test_warnings_are_logged_once_a_day_while_they_hold(suite):
    with Service("--clock", "manual", policies={"limit.yaml": LIMITER}) as server:
        def said():
            return server.log_text().count("none was ever recorded, reserved or imported")
        suite.check(wait_for(lambda: said() == 1), "at start")
        for hours, times in ((23, 1), (1, 2)):
            server.request("PUT", "/clguard/v1/clock", {"advance_ms": hours * 3600000})
            suite.check(wait_for(lambda: said() == times), f"after {hours} hours more")
        row = {"actor": "RANC", "operation": "Cell Reset", "target": "c", "outcome": "Success"}
        suite.equal(server.request("POST", "/clguard/v1/operations", row).status, 200, "one operation")
        findings = server.log_text().count("about the policies in force")
        server.request("PUT", "/clguard/v1/clock", {"advance_ms": 24 * 3600000})
        suite.check(wait_for(lambda: server.log_text().count("about the policies in force") > findings), "another day")
        suite.equal(said(), 2, "over")


def status_of(server, *options):
    done = subprocess.run([os.path.join(service.BUILD, "clguard"), "status", "--service", server.address(), *options],
                          capture_output=True, text=True, timeout=60, check=False)
    return done.returncode, done.stdout, done.stderr


def test_status_tells_how_a_service_stands(suite):
    with Service(policies={"limit.yaml": LIMITER}) as server:
        code, shown, _ = status_of(server)
        suite.equal(code, 0, "ready")
        for wanted in (" is ready\n", "policies 1, guards 1, generation 1 since 2", "warning: 1 guard counts operations",
                       "[no_operations]", "no actor is called 'RANC'", "limit.yaml:9:18: ", "[LINT-01]"):
            suite.check(wanted in shown, f"no {wanted!r} in {shown}")
        code, shown, _ = status_of(server, "--json")
        told = json.loads(shown)
        suite.equal((code, told["ready"]["guards"], told["generation"]["generation"], told["generation"]["findings"][0]["id"]),
                    (0, 1, 1, "LINT-01"), "as JSON")
        suite.equal((told["database"]["operations"], told["stand"], [one["used"] for one in told["limiters"]]), (0, [], [0]),
                    "database, loops and limiters")
        suite.check("limiter: " not in shown and "\ndatabase: 0 operations, " in status_of(server)[1], "nothing is counted yet")
        row = {"actor": "RANC", "operation": "Cell Reset", "outcome": "Success"}
        targets = ["a", "b", "b", "c", "d", "e", "f", "g"]
        rows = [dict(row, target=target, requestId=f"r-{number}") for number, target in enumerate(targets)]
        suite.equal(server.request("POST", "/clguard/v1/operations", rows).status, 200, "eight operations")
        code, shown, _ = status_of(server)
        limiters = [line for line in shown.splitlines() if line.startswith("limiter: ")]
        suite.equal(len(limiters), 5, "the five fullest")
        suite.check(limiters[0].startswith("limiter: 2 of 2 in 10 m: RANC Cell Reset on b (edge.limit), permits at 2") and
                    "database: 8 operations, " in shown, f"and the database: {shown}")
        told = json.loads(status_of(server, "--json")[1])
        suite.equal((told["limiters"][0]["target"], told["limiters"][0]["denies"], told["database"]["operations"]), ("b", True, 8), "JSON")
        server.request("PUT", "/clguard/v1/state", {"state": "PASSIVE"})
        code, shown, _ = status_of(server)
        suite.check(code == 1 and "is not ready: passive" in shown, f"passive: {code} {shown}")
        gone = server
    code, shown, said = status_of(gone)
    suite.check(code == 3 and not shown and said.startswith("clguard status: "), f"gone: {code} {shown} {said}")
    with Service("--require-policies") as server:
        code, shown, _ = status_of(server)
        suite.check(code == 1 and "not ready: no_policies" in shown and "[no_guards]" in shown, f"required: {code} {shown}")


def test_a_vanished_path_keeps_the_old_set(suite):
    with Service(policies={"b.yaml": BLACKLIST % "new"}) as server:
        os.unlink(os.path.join(server.policies, "b.yaml"))
        suite.check(wait_for(lambda: "policies refused" in server.log_text()), "an emptied directory is refused")
        suite.check(denied(server), "the old set answers")
        shutil.rmtree(server.policies)
        server.process.send_signal(signal.SIGHUP)
        suite.check(wait_for(lambda: server.log_text().count("policies refused") >= 2), "a vanished directory too")
        suite.check(denied(server), "the old set answers still")
        os.mkdir(server.policies)
        server.write("b.yaml", BLACKLIST % "other")
        suite.check(wait_for(lambda: not denied(server)), "and when it is back, it counts")


def test_a_volume_swapped_by_a_link_is_seen(suite):
    with Service(policies={"x": ""}) as server:
        pass
    folder = service.tempfile.mkdtemp()
    try:
        for version, target in (("v1", "old"), ("v2", "new")):
            os.mkdir(os.path.join(folder, version))
            with open(os.path.join(folder, version, "b.yaml"), "w", encoding="utf-8") as file:
                file.write(BLACKLIST % target)
        os.symlink("v1", os.path.join(folder, "..data"))
        os.symlink("..data/b.yaml", os.path.join(folder, "b.yaml"))
        with Service("--policies", os.path.join(folder, "b.yaml")) as server:
            suite.check(not denied(server), "before")
            os.symlink("v2", os.path.join(folder, "..next"))
            os.rename(os.path.join(folder, "..next"), os.path.join(folder, "..data"))
            suite.check(wait_for(lambda: denied(server)), "as Kubernetes swaps a mounted volume")
    finally:
        shutil.rmtree(folder)


def test_reloads_under_load_fail_no_decision(suite):
    with Service(policies={"b.yaml": BLACKLIST % "new"}) as server:
        stop, bad, count = threading.Event(), [], [0]

        def decide():
            connection = server.connection()
            while not stop.is_set():
                reply = server.request("POST", service.DECISION, service.ask(**ASK), connection=connection)
                count[0] += 1
                if reply.body != b'{"status":"Deny","reason":"blacklisted"}\n':
                    bad.append(reply.body)
        threads = [threading.Thread(target=decide) for _ in range(4)]
        for thread in threads:
            thread.start()
        for i in range(15):
            generation = server.generation()
            server.write("b.yaml", BLACKLIST % "new" + f"# {i}\n")
            server.process.send_signal(signal.SIGHUP)
            wait_for(lambda: server.generation() > generation)
        stop.set()
        for thread in threads:
            thread.join()
        suite.equal(bad[:2], [], f"of {count[0]} decisions")


def test_bad_policies_at_start_are_printed_with_exit_1(suite):
    with service.tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "bad.yaml")
        with open(path, "w", encoding="utf-8") as file:
            file.write(BLACKLIST.replace("guard.common.Blacklist", "guard.common.Blocklist") % "x")
        command = [service.PROGRAM, "--listen", "127.0.0.1:0", "--policies", path]
        done = subprocess.run(command, capture_output=True, text=True, timeout=20)
        suite.equal(done.returncode, 1, done.stderr)
        suite.check(f"{path}:" in done.stderr, done.stderr)
        done = subprocess.run([*command, folder + "/nowhere.yaml"], capture_output=True, text=True, timeout=20)
        suite.equal(done.returncode, 3, "a missing file is the environment's fault: " + done.stderr)
        with Service("--skip-bad-policies", "--policies", path) as server:
            suite.check(f"{path}:" in server.log_text(), "reported all the same")
            suite.equal(server.request("GET", "/clguard/v1/generation").json["policies"], 0, "left out")


def test_users_are_read_again_on_sighup(suite):
    with service.tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "users")

        def users(text):
            with open(path, "w", encoding="utf-8") as file:
                file.write(text)
        users("# comment\n\nann:one\n")
        with Service("--users", path) as server:
            def status(password):
                return server.request("GET", HEALTH_PATH, headers=basic("ann", password)).status
            suite.equal((status("one"), status("two")), (200, 401), "before")
            users("ann:two\r\n")
            server.process.send_signal(signal.SIGHUP)
            suite.check(wait_for(lambda: status("two") == 200), "the new password")
            suite.equal(status("one"), 401, "the old one, which was remembered")
            users("no colon\n")
            server.process.send_signal(signal.SIGHUP)
            suite.check(wait_for(lambda: "users:1:" in server.log_text()), "a bad file is told")
            suite.equal(status("two"), 200, "and changes nothing")
        for bad in ("", "nobody\n", ":x\n", "x:\n", "ann:$nonsense$x\n"):
            users(bad)
            done = subprocess.run([service.PROGRAM, "--listen", "127.0.0.1:0", "--users", path], capture_output=True,
                                  text=True, timeout=20)
            suite.check(done.returncode == 1 and "users:" in done.stderr and ":0:" not in done.stderr,
                        f"{bad!r}: {done.returncode} {done.stderr}")


def test_hashed_passwords_are_checked_by_crypt(suite):
    # crypt(3), SHA-256, of "secret"
    hashed = "$5$rounds=1000$saltstring$"
    try:
        import crypt
        hashed = crypt.crypt("secret", hashed)
    except ImportError:
        return
    with service.tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "users")
        with open(path, "w", encoding="utf-8") as file:
            file.write(f"ann:{hashed}\n")
        with Service("--users", path) as server:
            for password, wanted in (("secret", 200), ("secret", 200), ("Secret", 401), (hashed, 401)):
                suite.equal(server.request("GET", HEALTH_PATH, headers=basic("ann", password)).status, wanted, password)


def test_a_guard_for_an_id_near_an_instance_gets_a_word(suite):
    guard = service.BLACKLIST % "x"
    with service.Service(policies={"a.yaml": guard}) as server:
        gateway.Loop(server)  # its instance is called loop

        def findings(name):
            server.write("a.yaml", guard.replace("blacklist:", f"id: {name}\n          blacklist:"))
            found = service.wait_for(lambda: f"name {name}" if server.generation() > seen else None)
            assert found, "it comes into force"
            told = server.request("GET", "/clguard/v1/generation").json["findings"]
            return [finding["text"] for finding in told if finding["id"] == "LINT-08"]
        seen = server.generation()
        near = findings("loopx")
        suite.check(len(near) == 1 and "did you mean 'loop'?" in near[0], f"one letter too many: {near}")
        seen = server.generation()
        suite.equal(findings("loop"), [], "the instance")


service.main(globals())
