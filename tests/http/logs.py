#!/usr/bin/env python3
"""logs - lines as text, JSON and in the journal's protocol; levels by module; repetitions counted; the request and its trace told"""
# SPDX-License-Identifier: Apache-2.0
import json
import os
import re
import socket
import sys
import tempfile
import threading

import service
from service import BLACKLIST, DECISION, JSON, Service, ask, wait_for

ID = "5a5c3f0e-6a27-4d47-9c40-3a6f6a8c0001"
TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
HEADERS = {**JSON, "traceparent": f"00-{TRACE}-00f067aa0ba902b7-01", "X-ONAP-RequestID": ID}


class Journal:
    """A socket as systemd's journal has one: datagrams of fields, as sd_journal's native protocol has them."""

    def __init__(self, folder, reads=True):
        os.makedirs(os.path.join(folder, "journal"))
        self.path = os.path.join(folder, "journal", "socket")
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(self.path)
        self.entries, self.wrong = [], []
        if reads:
            threading.Thread(target=self.read, daemon=True).start()

    def read(self):
        while True:
            data = self.socket.recv(1 << 20)
            entry, at = {}, 0
            while at < len(data):
                end = data.find(b"\n", at)
                line = data[at:end] if end >= 0 else b""
                name, equals, value = line.partition(b"=")
                if end < 0 or not equals or not re.fullmatch(rb"[A-Z][A-Z0-9_]*", name):
                    self.wrong.append(data)
                    break
                entry[name.decode()] = value.decode()
                at = end + 1
            self.entries.append(entry)

    def lines(self, **fields):
        return [entry for entry in self.entries if all(entry.get(key) == value for key, value in fields.items())]


def test_text_and_levels(suite):
    with Service("--log-levels", "access=info", "clguardd=error", policies={"b.yaml": BLACKLIST % "bad"}) as server:
        server.request("POST", DECISION, ask(actor="RANC", operation="Cell Reset", target="bad"), HEADERS)
        server.request("GET", "/nowhere", headers={})
        suite.check(wait_for(lambda: "GET /nowhere 404 " in server.log_text()), "a line for each request, refusals too")
        suite.check(re.search(r"Z info POST /policy/pdpx/v1/decision 200 \d+ us, 127\.0\.0\.1\n", server.log_text()), "its text")
        suite.check("open to everyone" not in server.log_text(), f"what starts only tells errors: {server.log_text()}")
    with Service() as server:
        server.decide(actor="a", operation="o")
        suite.check("open to everyone" in server.log_text(), "else more")
        suite.check(" 200 " not in server.log_text(), "no line a request unless it is asked for")


def test_json(suite):
    with tempfile.TemporaryDirectory() as folder:
        users = os.path.join(folder, "users")
        with open(users, "w", encoding="utf-8") as file:
            file.write("admin:secret\n")
        with Service("--log-format", "json", "--log-levels", "access=info", "--users", users) as server:
            good = {**HEADERS, **service.basic("admin", "secret")}
            server.request("POST", DECISION, ask(actor="a", operation="o"), good)
            server.request("POST", DECISION, ask(actor="a", operation="o"), {**HEADERS, **service.basic("ad\"min", "wrong")})
            wait_for(lambda: server.log_text().count('"access"') >= 2)
        lines = [json.loads(line) for line in server.log if line.startswith("{")]
        suite.check(len(lines) == len([line for line in server.log if not line.startswith("listening")]), f"all are JSON: {server.log}")
        for line in lines:
            suite.equal(list(line)[:4], ["time", "level", "module", "message"], f"{line}")
        access = [line for line in lines if line["module"] == "access"]
        suite.equal({(line["requestId"], line["traceId"]) for line in access}, {(ID, TRACE)}, "request and trace")
        suite.check(access[0]["message"].endswith(" as admin"), f"who asked: {access[0]}")
        failed = [line for line in lines if line["module"] == "identity" and "authentication failed" in line["message"]]
        suite.equal([line.get("requestId") for line in failed], [ID], "a login that failed names its request")


def test_repetitions_are_counted(suite):
    with tempfile.TemporaryDirectory() as folder:
        users = os.path.join(folder, "users")
        with open(users, "w", encoding="utf-8") as file:
            file.write("admin:secret\n")
        with Service("--users", users, "--log-burst", "3") as server:
            for i in range(8):
                server.request("POST", DECISION, ask(actor="a", operation="o"), {**JSON, **service.basic("admin", f"wrong{i}")})
            suite.check(wait_for(lambda: server.log_text().count("authentication failed") >= 3), "the first ones are told")
        told = re.findall(r"authentication failed", "".join(line for line in server.log if "left out" not in line))
        suite.equal(len(told), 3, "no more than log_burst")
        suite.check(re.search(r" warning 5 more lines of this kind within 10 s were left out \(log_burst\), the last: authentication failed",
                              server.log_text()), f"the rest is counted, at the latest at the end: {server.log_text()}")


def test_the_journal_gets_fields(suite):
    with tempfile.TemporaryDirectory() as folder:
        journal = Journal(folder)
        log = os.path.join(folder, "decisions")
        options = ("--log-journal", journal.path, "--log-levels", "access=info", "--decision-log", log, "--decision-log-journal", journal.path)
        with Service(*options, policies={"b.yaml": BLACKLIST % "bad"}) as server:
            server.request("POST", DECISION, ask(actor="RANC", operation="Cell Reset", target="bad"), HEADERS)
            suite.check(wait_for(lambda: journal.lines(CLGUARD_LOG="decisions") and journal.lines(CLGUARD_MODULE="access")), "both come")
            decision = wait_for(lambda: [e for e in journal.lines(CLGUARD_LOG="decisions") if '"door":"decision"' in e["MESSAGE"]])
            line = json.loads(decision[0]["MESSAGE"])
            suite.equal((line["trace"], line["status"], line["id"]), (TRACE, "Deny", ID), "a line of the decision log")
            suite.equal((decision[0]["PRIORITY"], decision[0]["SYSLOG_IDENTIFIER"]), ("6", "clguard"), "its fields")
            access = journal.lines(CLGUARD_MODULE="access")[0]
            suite.equal((access["CLGUARD_REQUEST_ID"], access["CLGUARD_TRACE_ID"], access["PRIORITY"]), (ID, TRACE, "6"), "a line of the log")
            suite.check("POST /policy/pdpx/v1/decision 200" in access["MESSAGE"], access)
        suite.check("POST /policy" not in server.log_text(), "it is not on stderr too")
        suite.equal(journal.wrong, [], "every datagram is in the journal's protocol")
        sent = [json.loads(e["MESSAGE"])["n"] for e in journal.lines(CLGUARD_LOG="decisions") if '"n":' in e["MESSAGE"]]
        suite.equal(sent, list(range(1, len(sent) + 1)), "in order, none twice")


def test_a_journal_that_stands_still_holds_up_nothing(suite):
    with tempfile.TemporaryDirectory() as folder:
        journal = Journal(folder, reads=False)
        options = ("--log-journal", journal.path, "--decision-log", os.path.join(folder, "decisions"), "--decision-log-journal", journal.path)
        server = Service(*options, "--log-levels", "access=info")
        for _ in range(60):  # more than the socket holds
            server.decide(actor="a", operation="o")
        suite.check("POST /policy/pdpx" in server.log_text(), "what the journal does not take at once is on stderr")
        suite.check(wait_for(lambda: "cannot send the decision log" in server.log_text()), f"it says so: {server.log_text()[-300:]}")
        suite.equal(server.stop(), 0, "it stops")


def test_settings(suite):
    for option, value, wanted in (("--log-levels", "nosuch=info", "is not MODULE=LEVEL"), ("--log-levels", "daemon=loud", "is not MODULE=LEVEL"),
                                  ("--log-journal", "/nowhere/socket", "log_journal: no process listens at '/nowhere/socket'"),
                                  ("--log-format", "xml", "none of text, json")):
        try:
            server = Service(option, value)
            server.stop()
            suite.check(False, f"{option} {value} is taken")
        except RuntimeError as problem:
            suite.check(wanted in str(problem), f"{option} {value}: {problem}")
    logging = {line.split("/")[-2] for line in os.popen(
        f"grep -rlE 'log_(line|write)\\(' --include=*.c {service.SOURCE}/api").read().split()}
    with open(os.path.join(service.SOURCE, "api", "process", "log.c"), encoding="utf-8") as file:
        known = set(re.findall(r'"(\w+)"', re.search(r"modules\[\] = \{(.*?)\}", file.read(), re.S).group(1)))
    suite.equal(known, logging | {"access"}, "the modules are the folders that log")


sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
service.main(globals())
