#!/usr/bin/env python3
# participant_program - clguard-participant as a program: its settings, its file, several participants, what it keeps
# SPDX-License-Identifier: Apache-2.0
import json
import os
import re
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
