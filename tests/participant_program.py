#!/usr/bin/env python3
# participant_program - clguard-participant as a program: its settings, its file, several participants, what it keeps
# SPDX-License-Identifier: Apache-2.0
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys

from participant_world import BASE, CLAMP, PROGRAM, Checks, Runtime, concept, folder, template, wait

TOP = os.environ.get("top_srcdir", ".")


def run(*arguments):
    done = subprocess.run([PROGRAM, *arguments], capture_output=True, text=True, check=False, timeout=20)
    return done.returncode, done.stdout + done.stderr


def test_the_manual_page_has_each_setting(checks):
    code, text = run("--help")
    checks.equal(code, 0, "help")
    names = [name.replace("-", "_") for name in re.findall(r"^  --([a-z-]+)", text, re.M)]
    with open(os.path.join(TOP, "doc/clguard-participant.8"), encoding="utf-8") as file:
        page = re.sub(r"\\-", "-", file.read())
    told = {n.replace("-", "_") for line in re.findall(r"^\.(?:B|BR|BI) (.*)$", page, re.M) for n in re.findall(r"[a-z][a-z_-]+", line)}
    for name in names:
        checks.check(name in told, "the manual page does not have %s" % name)
    for name, default in re.findall(r"^  --([a-z-]+) .*\n.* Default: (\S+)\.$", text, re.M):
        checks.check("Default: %s" % default in page, "the default of %s in the manual page" % name)
    checks.check(len(names) > 25, "settings found: %d" % len(names))


def test_what_is_wrong_is_told(checks):
    for arguments, code, words in (
            ((), 2, "a participant needs a kind"),
            (("--kind", "plumber", "--type", "t", "--name", "n"), 2, "'plumber' is not a kind"),
            (("--kind", "simulator", "--type", "t", "--name", "a b"), 2, "name is wrong: expected"),
            (("--kind", "simulator", "--type", "t", "--name", "n", "--workers", "17"), 2,
             "workers is wrong: expected an integer from 1 to 16, got '17'"),
            (("--kind", "simulator", "--type", "t", "--name", "n", "--service", "nowhere"), 2, "service is wrong: expected ADDR:PORT"),
            (("--kind", "simulator", "--type", "t", "--name", "n", "--service-ca", "x"), 2, "need a service at https://"),
            (("--config", "/nonexistent"), 3, "/nonexistent: No such file")):
        got, text = run(*arguments)
        checks.check(got == code and words in text, "%s: %d %s" % (arguments, got, text))
    with folder() as place:
        path = os.path.join(place, "p.yaml")
        for text, words in (("colour: red\n", ": 'colour' is not a setting of a process"),
                            ("participants: []\n", "participants is wrong: expected a list of 1 to 64 maps"),
                            ("participants:\n  - {kind: simulator, type: t, name: n, workers: many}\n", "2:"),
                            ("participants:\n  - {kind: simulator, type: t, name: n}\n  - {kind: simulator, type: u, name: n}\n",
                             "two participants have the name 'n'")):
            with open(path, "w", encoding="utf-8") as file:
                file.write(text)
            got, said = run("--config", path)
            checks.check(got in (1, 2) and words in said, "%s: %d %s" % (text, got, said))
        got, said = run("--config", path, "--kind", "simulator")
        checks.check(got in (1, 2), "options of a participant beside a file: %d %s" % (got, said))


def certificates(place):
    """ca; server for localhost and 127.0.0.1; client host-1."""
    def openssl(*words):
        subprocess.run(["openssl", *words], check=True, capture_output=True, cwd=place)
    key = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes")
    openssl("req", "-x509", *key, "-keyout", "ca.key", "-out", "ca.pem", "-days", "2", "-subj", "/CN=ca")
    for name, subject in (("server", "localhost"), ("client", "host-1")):
        openssl("req", *key, "-keyout", name + ".key", "-out", name + ".csr", "-subj", "/CN=" + subject)
        with open(os.path.join(place, "ext"), "w", encoding="ascii") as file:
            file.write("subjectAltName=DNS:%s,IP:127.0.0.1" % subject)
        openssl("x509", "-req", "-in", name + ".csr", "-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial", "-days", "2",
                "-extfile", "ext", "-out", name + ".pem")


def registered(service, name):
    """Whether the participant says that it was taken: it reports nothing wrong and is asked for its state no more."""
    done = subprocess.run(["curl", "-s", "--cacert", service["ca"], "-H", "Authorization: Bearer all", "https://%s%s/participants" % (
        service["address"], BASE)], capture_output=True, text=True, check=False, timeout=20)
    return '"%s"' % name in done.stdout and "HEALTHY" in done.stdout


def test_the_service_over_tls(checks):
    """With a client's certificate, with a token that is renewed, and without either, or with a stranger for the service: refused."""
    if "https:" not in os.popen(PROGRAM + " --help").read() or not shutil.which("openssl") or not shutil.which("curl"):
        print("skipped: the service over TLS (needs libcurl, openssl, curl)")
        return
    with folder() as place:
        certificates(place)
        path = {name: os.path.join(place, name) for name in ("ca.pem", "server.pem", "server.key", "client.pem", "client.key", "roles",
                                                             "tokens", "token", "wrong")}
        for name, text in (("roles", '{"roles": {"cert:host-1": ["messages"], "t-one": ["messages"], "t-all": ["all"]}}'),
                           ("tokens", "".join("%s:%s\n" % (name, hashlib.sha256(secret.encode()).hexdigest())
                                              for name, secret in (("t-one", "one"), ("t-all", "all")))),
                           ("token", "one\n"), ("wrong", "two\n")):
            with open(path[name], "w", encoding="ascii", opener=lambda p, flags: os.open(p, flags, 0o600)) as file:
                file.write(text)
        with Runtime("--tls-certificate", path["server.pem"], "--tls-key", path["server.key"], "--tls-client-ca", path["ca.pem"],
                     "--tokens", path["tokens"], "--roles", path["roles"]) as runtime:
            address = runtime.address.split("//")[-1]
            service = {"ca": path["ca.pem"], "address": address}
            common = [PROGRAM, "--kind", "simulator", "--type", "p.Test", "--quiet", "--report-ms", "100", "--service", "https://" + address]
            for name, arguments, good in (
                    ("by-certificate", ["--service-ca", path["ca.pem"], "--service-certificate", path["client.pem"], "--service-key",
                                        path["client.key"]], True),
                    ("by-token", ["--service-ca", path["ca.pem"], "--service-token", path["token"]], True),
                    ("nobody", ["--service-ca", path["ca.pem"]], False),
                    ("wrong", ["--service-ca", path["ca.pem"], "--service-token", path["wrong"]], False),
                    ("stranger", ["--service-ca", path["client.pem"], "--service-token", path["token"]], False)):
                process = subprocess.Popen(common + ["--name", name] + arguments, stderr=subprocess.PIPE, text=True)
                try:
                    if good:
                        wait(name, lambda: registered(service, name))
                        checks.check(True, name)
                    else:
                        line = process.stderr.readline()
                        checks.check("cannot read topic" in line, "%s: %s" % (name, line))
                        checks.check(not registered(service, name), name)
                finally:
                    process.terminate()
                    process.wait()
                    process.stderr.close()


def test_two_of_one_name_are_told_of(checks):
    def notes(runtime):
        return [json.loads(m)["notification"] for m in runtime.must("GET", "/events/CLGUARD-NOTIFICATION/test/0?timeout=0")]
    with Runtime() as runtime:
        notes(runtime)
        one = runtime.participant("simulator")
        runtime.kill(one)
        runtime.participant("simulator")
        heard = notes(runtime)
        checks.check("PARTICIPANT_NAME_SHARED" not in heard, "one after another is well: %s" % heard)
        runtime.participant("simulator")
        wait("the notification", lambda: heard.extend(notes(runtime)) or "PARTICIPANT_NAME_SHARED" in heard)
        heard.extend(notes(runtime))
        checks.equal(heard.count("PARTICIPANT_NAME_SHARED"), 1, "told once")


def two_elements():
    document = template("ControlLoopElement", {})
    nodes = document["topology_template"]["node_templates"]
    nodes["p.More"] = dict(nodes["p.Test"])
    nodes["e.More"] = {"version": "1.0.0", "type": CLAMP + "ControlLoopElement", "type_version": "1.0.1",
                       "properties": {"participantType": concept("p.More")}}
    nodes["l.Test"]["properties"]["elements"].append(concept("e.More"))
    return document


def test_several_participants_in_a_process_that_remembers(checks):
    with Runtime("--heart-beat-ms", "100", "--max-status-wait-ms", "1000") as runtime, folder() as place:
        runtime.commission(two_elements())
        path, data = os.path.join(place, "p.yaml"), os.path.join(place, "data")
        with open(path, "w", encoding="utf-8") as file:
            file.write("service: %s\ndata: %s\nreport_ms: 100\nquiet: true\nparticipants:\n"
                       "  - {kind: simulator, type: p.Test, name: a}\n"
                       "  - {kind: simulator, type: p.More, name: b, delay_ms: 20}\n" % (runtime.address, data))

        def start():
            process = subprocess.Popen([PROGRAM, "--config", path])
            runtime.participants.append(process)
            return process

        def healthy():
            return sum(p["healthStatus"] == "HEALTHY" for p in runtime.must("GET", BASE + "/participants")["participantList"])
        process = start()
        wait("both", lambda: healthy() == 2)
        got, said = run("--config", path)
        checks.check(got == 3 and "data" in said, "a second process on the same data: %d %s" % (got, said))
        body = dict(concept("loop"), definition=concept("l.Test"), elements={
            "0000000%d-0000-4000-8000-000000000000" % i: {"definition": concept(e)} for i, e in enumerate(("e.Test", "e.More"))})
        runtime.must("POST", BASE + "/instantiation", {"controlLoopList": [body]})
        runtime.reach("PASSIVE")
        runtime.reach("RUNNING")
        runtime.kill(process)
        start()
        wait("they stand as they stood", lambda: runtime.must("GET", BASE + "/monitoring/status")["controlLoopStatusList"][0][
            "elements"].get("RUNNING") == 2)
        records = runtime.must("GET", BASE + "/monitoring/participant?name=b")["statisticsList"]
        checks.check(records and records[-1]["upTime"] >= 0 and "averageExecutionTime" in records[-1], "figures: %s" % records[-1:])
        runtime.reach("PASSIVE")
        runtime.reach("UNINITIALISED")
        checks.check(True, "a life")


def test_a_message_that_is_too_large_is_told(checks):
    with Runtime() as runtime:
        runtime.must("GET", "/events/CLGUARD-NOTIFICATION/test/0?timeout=0")
        for count, told in ((99990, 0), (100001, 1)):
            runtime.must("POST", "/events/POLICY-CLRUNTIME-PARTICIPANT", {"messageType": "PARTICIPANT_STATUS", "x": [0] * count})
            notes = [json.loads(m)["notification"] for m in runtime.must("GET", "/events/CLGUARD-NOTIFICATION/test/0?timeout=0")]
            checks.equal(notes, ["MESSAGE_REFUSED"] * told, "%d values" % count)


def test_a_refused_registration_ends_the_program(checks):
    with Runtime() as runtime:
        runtime.commission(template("ControlLoopElement", {}))
        process = runtime.participant("simulator")
        runtime.create(of={"participantId": concept("p-0")})
        runtime.reach("PASSIVE")
        runtime.kill(process)
        got, said = run("--kind", "simulator", "--type", "p.Other", "--name", "p-0", "--service", runtime.address)
        checks.check(got == 1 and "p-0: " in said, "%d %s" % (got, said))


def test_what_keeps_it_waiting_is_told(checks):
    """No service, and a topic on which nobody answers: it tries for ever, and says so."""
    def said(address, words, *more):
        process = subprocess.Popen([PROGRAM, "--kind", "simulator", "--type", "p.T", "--name", "lone", "--report-ms", "300",
                                    "--service", address, *more], stderr=subprocess.PIPE, text=True)
        line = process.stderr.readline()
        process.terminate()
        process.communicate(timeout=20)
        checks.check(words in line, line)

    said("127.0.0.1:1", "lone: cannot read topic POLICY-CLRUNTIME-PARTICIPANT, and tries again: cannot connect to 127.0.0.1:1")
    with Runtime() as runtime:
        said(runtime.address, "lone: not registered yet, asks again", "--topic", "NO-RUNTIME-READS-THIS")


if __name__ == "__main__":
    sys.exit(Checks().run([test for name, test in globals().items() if name.startswith("test_")]))
