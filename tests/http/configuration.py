#!/usr/bin/env python3
"""configuration - where settings come from, --check-config, and what a reload changes while the service answers."""
# SPDX-License-Identifier: Apache-2.0
import json
import os
import re
import signal
import subprocess
import tempfile

import service
from service import BLACKLIST, LIMITER, Service, basic, wait_for

CLGUARD = os.path.join(service.BUILD, "clguard")


class Folder:
    """Stands for /etc/clguard."""

    def __enter__(self):
        self.folder = tempfile.TemporaryDirectory()
        self.path = self.folder.name
        os.mkdir(self.file("clguard.d"))
        self.before = dict(os.environ)
        os.environ["CLGUARD_CONFIG_DIR"] = self.path
        return self

    def file(self, name):
        return os.path.join(self.path, name)

    def write(self, name, text):
        with open(self.file(name), "w", encoding="utf-8") as file:
            file.write(text)
        return self.file(name)

    def __exit__(self, *_):
        os.environ.clear()
        os.environ.update(self.before)
        self.folder.cleanup()


def run(*arguments, **variables):
    return subprocess.run([service.PROGRAM, *arguments], capture_output=True, text=True, timeout=30,
                          env={**os.environ, **variables})


def printed(*arguments, **variables):
    """{name: (value, origin)} of --print-config, and its stderr."""
    done = run("--print-config", *arguments, **variables)
    return {n: (v, o) for n, v, o in re.findall(r"^([a-z_]+): (.*?)  # (.*)$", done.stdout, re.M)}, done.stderr


def test_sources_in_their_order(suite):
    with Folder() as folder:
        main = folder.write("clguard.yaml", "lease_s: 1\npolls: 1\n\nworkers: 1\nidle_timeout_s: 1\npolicies: [a, b]\n")
        later = folder.write("clguard.d/20-b.yaml", "idle_timeout_s: 3\n")
        folder.write("clguard.d/10-a.yaml", "idle_timeout_s: 2\n")
        folder.write("clguard.d/.hidden.yaml", "lease_s: 99\n")
        folder.write("clguard.d/30-c.yaml~", "lease_s: 99\n")
        got, told = printed("--polls", "4", CLGUARD_POLLS="3", CLGUARD_WORKERS="2", CLGUARD_POLICY_PARTICIPANT="",
                            CLGUARD_DATA="", CLGUARD_HOSTS=" one  two", CLGUARD_ORIGINS="[http://a.example]")
        suite.equal(told, "", "nothing to tell")
        suite.equal([got[name] for name in ("lease_s", "polls", "workers", "idle_timeout_s", "policies", "data")],
                    [("1", f"{main}:1"), ("4", "command line"), ("2", "environment, CLGUARD_WORKERS"), ("3", f"{later}:1"),
                     ('["a", "b"]', f"{main}:6"), ("null", "default")], "values and origins")
        suite.equal([got[name][0] for name in ("hosts", "origins", "policy_participant")],
                    ['["one", "two"]', '["http://a.example"]', '""'], "lists and an empty text")
        own = folder.write("own.yaml", "lease_s: 7\n")
        for arguments, variables in ((("--config", own), {}), ((), {"CLGUARD_CONFIG": own})):
            got, _ = printed(*arguments, **variables)
            suite.equal((got["lease_s"], got["workers"]), (("7", f"{own}:1"), ("0", "default")), "in place of the others")


def test_nothing_there_and_nothing_readable(suite):
    with Folder() as folder:
        got, told = printed(CLGUARD_CONFIG_DIR=folder.file("nowhere"))
        suite.equal((got["lease_s"], told), (("3600", "default"), ""), "a missing directory is fine")
        os.mkdir(folder.file("clguard.yaml"))
        suite.equal(run("--print-config").returncode, 3, "but not one that cannot be read")


def test_the_environment_is_checked(suite):
    got, told = printed(CLGUARD_LEASE="4", CLGUARD_DATA_DIR="/d", CLGUARD_NONSENSE="1", CLGUARD_SERVICE="h:1",
                        CLGUARD_SERVICE_HOST="10.0.0.1", CLGUARD_SERVICE_PORT="6969", CLGUARD_PORT="tcp://10.0.0.1:6969",
                        CLGUARD_PORT_6969_TCP_ADDR="10.0.0.1")
    suite.equal(sorted(told.splitlines()), [
        "warning: the environment has CLGUARD_DATA_DIR, which is not a setting; did you mean CLGUARD_DATA?",
        "warning: the environment has CLGUARD_LEASE, which is not a setting; did you mean CLGUARD_LEASE_S?",
        "warning: the environment has CLGUARD_NONSENSE, which is not a setting"], "warnings")
    suite.equal(got["lease_s"][0], "3600", "and nothing else")
    done = run("--print-config", CLGUARD_LEASE_S="soon")
    suite.equal((done.returncode, done.stderr), (1, "CLGUARD_LEASE_S: error: lease_s: 'soon' is not a number\n"), "a bad value")


def test_secrets_are_not_printed(suite):
    got, _ = printed(CLGUARD_ACTORS="APPC=http://user:secret@h/x")
    suite.equal(got["actors"][0], '["APPC=http://***@h/x"]', "no password")


def check(*arguments, **variables):
    done = run("--check-config", *arguments, **variables)
    return done.returncode, done.stdout.splitlines(), done.stderr


def test_check_config_finds_everything(suite):
    with Folder() as folder:
        suite.equal(check(), (0, [], "0 errors, 0 warnings\n"), "nothing wrong")
        os.mkdir(folder.file("policies"))
        folder.write("policies/bad.yaml", LIMITER.replace("limit: 2", "limit: none"))
        folder.write("key", "no PEM\n")
        users = folder.write("users", "nonsense\n")
        main = folder.write("clguard.yaml", f"""lease_s: soon
bodysize: 3
listen: 0.0.0.0:6969
tls_key: {folder.file("key")}
policies: [{folder.file("policies")}]
data: /nowhere/at/all
socket_group: no-such-group
listeners: ["127.0.0.1:1,colour=red"]
jwt_keys: {folder.file("key")}
actors: [APPC]
decision_log_url: http://localhost
""")
        code, found, totals = check(CLGUARD_LEASE_S="soon")
        suite.equal((code, totals), (1, f"{len(found)} errors, 0 warnings\n"), "all of them errors")
        for place, text in ((f"{main}:1:10", "lease_s: 'soon' is not a number"),
                            (f"{main}:2:1", "there is no setting 'bodysize'; did you mean 'body_size'?"),
                            ("CLGUARD_LEASE_S", "is not a number"),
                            (f"{main}:4:1", "tls_certificate and tls_key: expected both"),
                            (f"{main}:9:1", "jwt_keys: expected jwt_issuer and jwt_audience"),
                            (f"{main}:6:1", "/nowhere/at"), (f"{main}:7:1", "there is no group 'no-such-group'"),
                            (f"{main}:8:1", "colour"), (f"{main}:10:1", "APPC"), (f"{main}:11:1", "it is missing"),
                            (folder.file("policies/bad.yaml") + ":11:", "limit")):
            suite.check(any(line.startswith(place) and ": error: " in line and text in line for line in found),
                        f"{place} {text}: {found}")
        folder.write("clguard.yaml", f"users: {users}\n")
        code, found, _ = check()
        suite.check(code == 1 and len(found) == 1 and found[0].startswith(f"{main}:1:1: error: ") and users in found[0], found)
        folder.write("clguard.yaml", "open_to_network: refuse\nlisten: 0.0.0.0:1\n")
        code, found, _ = check()
        suite.check(code == 1 and len(found) == 1 and found[0].startswith(f"{main}:2:1: error: listen: other machines"), found)
        folder.write("clguard.yaml", f"tls_certificate: {folder.file('key')}\ntls_key: {folder.file('key')}\n")
        code, found, _ = check()
        suite.check(code == 1 and len(found) == 1 and found[0].startswith(f"{main}:1:1: error: "), found)
        suite.equal(check("--config", folder.write("empty", ""), "--lease-s", "x")[0], 2, "usage comes first")


def reload(server, *words):
    return subprocess.run([CLGUARD, "reload", "--service", server.address(), *words], capture_output=True, text=True, timeout=60)


def test_a_reload_changes_what_it_can(suite):
    with Folder() as folder:
        os.mkdir(folder.file("p1"))
        os.mkdir(folder.file("p2"))
        folder.write("p1/limit.yaml", LIMITER)
        folder.write("p2/block.yaml", BLACKLIST % "vnf1")
        first = f"policies: [{folder.file('p1')}]\nbatch_items: 1\nlog_level: info\nlease_s: 100\n"
        main = folder.write("clguard.yaml", first)
        with Service() as server:
            two = json.dumps({"decisions": [service.ask(actor="RANC", operation="Cell Reset", target="vnf1")] * 2})

            def batch():
                return server.request("POST", "/clguard/v1/decisions", two).status

            suite.check(batch() >= 400, "two are more than one")
            suite.equal(server.decide(actor="RANC", operation="Cell Reset", target="vnf1").json["status"], "Permit", "first")
            folder.write("clguard.yaml", first.replace("p1", "p2").replace("items: 1", "items: 5").replace("100", "200"))
            done = reload(server)
            suite.equal((done.returncode, done.stderr), (0, ""), "reloaded")
            suite.equal(done.stdout.splitlines()[1:], [
                f'changed policies: ["{folder.file("p2")}"] ({main}:1), was ["{folder.file("p1")}"]',
                f"changed batch_items: 5 ({main}:2), was 1",
                f"restart needed for lease_s: 200 ({main}:4), because the database is opened with it; 100 stays"], "told")
            for text in ("setting batch_items: 5", "setting lease_s: 200", "needs a restart, because the database"):
                suite.check(text in server.log_text(), f"logged: {text}")
            suite.equal(batch(), 200, "two are not more than five")
            suite.equal(server.decide(actor="RANC", operation="Cell Reset", target="vnf1").json["status"], "Deny",
                        "other policies")
            ready = server.request("GET", "/ready").json
            suite.check(any(w["id"] == "restart_needed" for w in ready["warnings"]), ready)
            folder.write("p2/block.yaml", BLACKLIST % "vnf2")
            suite.check(wait_for(lambda: server.decide(actor="RANC", operation="Cell Reset",
                                                       target="vnf1").json["status"] == "Permit"), "they are watched")
            folder.write("clguard.yaml", "batch_items: 1\nlease_s: soon\n")
            server.process.send_signal(signal.SIGHUP)
            suite.check(wait_for(lambda: "lease_s: 'soon' is not a number; the old settings stay" in server.log_text()), "bad")
            done = reload(server)
            suite.equal(done.returncode, 1, "refused")
            suite.check(f"{main}:2:10: lease_s: 'soon' is not a number; the old settings stay" in done.stderr, done.stderr)
            suite.equal(batch(), 200, "as a whole")
            ready = server.request("GET", "/ready").json
            suite.check(any(w["id"] == "settings_refused" for w in ready["warnings"]), ready)
            folder.write("clguard.yaml", "lease_s: 100\n")
            done = reload(server)
            suite.check("restart needed for policies: [] (default), because without a policy file" in done.stdout,
                        f"guards do not go away: {done.stdout}")
            suite.check("changed batch_items: 1000 (default), was 5" in done.stdout, "back to the default")
            answer = server.request("GET", "/clguard/v1/generation").json
            suite.equal([item["name"] for item in answer["settings"]["restart"]], ["policies"], "and GET generation")


def test_a_reload_moves_credentials_but_opens_nothing(suite):
    with Folder() as folder:
        ann = folder.write("ann", "ann:secret\n")
        bob = folder.write("bob", "bob:secret\n")
        folder.write("clguard.yaml", f"users: {ann}\n")
        with Service() as server:
            def status(user):
                return server.request("GET", "/clguard/v1/state", headers=basic(user, "secret")).status

            suite.equal((status("ann"), status("bob")), (200, 401), "before")
            folder.write("clguard.yaml", f"users: {bob}\n")
            suite.equal(reload(server, "--user", "ann:secret").returncode, 0, "reloaded")
            suite.equal((status("ann"), status("bob")), (401, 200), "after")
            folder.write("clguard.yaml", "")
            done = reload(server, "--user", "bob:secret")
            suite.check("does not become open to everyone" in done.stdout, done.stdout)
            suite.equal((server.request("GET", "/clguard/v1/state").status, status("bob")), (401, 200), "it did not")


service.main(globals())
