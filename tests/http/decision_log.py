#!/usr/bin/env python3
"""decision_log - the decision log: numbered, chained, complete after kill -9, a full disk, a slow sink and rotation"""
# SPDX-License-Identifier: Apache-2.0
import glob
import http.server
import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import threading
import time

sys.path.insert(0, os.path.dirname(__file__))
import service
from service import BLACKLIST, DECISION, LIMITER, Service, ask, wait_for

PROGRAM = os.path.join(service.BUILD, "clguard")


def run(*arguments, code=0):
    done = subprocess.run([PROGRAM, *arguments], capture_output=True, text=True, timeout=60, check=False)
    if code is not None and done.returncode != code:
        raise AssertionError(f"{arguments}: {done.returncode}, not {code}: {done.stdout}{done.stderr}")
    return done.stdout + done.stderr


def read(path):
    lines = []
    for name in sorted(glob.glob(path + ".[0-9]*")) + [path]:
        with open(name, encoding="utf-8") as file:
            lines += [json.loads(line) for line in file if line.endswith("\n")]
    return lines


def answers(path, door="decision"):
    return [line for line in read(path) if line.get("door") == door]


def numbers(path):
    return [line["n"] for line in read(path) if "n" in line]


class Folder:
    def __enter__(self):
        self.folder = tempfile.TemporaryDirectory(prefix="clguard-log-")
        return os.path.join(self.folder.name, "decisions.log")

    def __exit__(self, *_):
        self.folder.cleanup()


def ask_many(server, count, **guard):
    connection = server.connection()
    for i in range(count):
        server.request("POST", DECISION, ask(actor="RANC", operation="Cell Reset", target=f"t{i}", **guard), connection=connection)
    connection.close()


def test_lines_are_numbered_and_chained(suite):
    with Folder() as path:
        with Service("--decision-log", path, policies={"b.yaml": BLACKLIST % "bad"}) as server:
            ask_many(server, 20)
        told = run("log", "verify", path)
        last, code = re.search(r"last (\d+):([0-9a-f]{32})", told).groups()
        suite.equal(numbers(path), list(range(1, int(last) + 1)), "no number is missing")
        suite.equal([line["event"] for line in answers(path, "log")], ["started", "stopped"], "when it began and ended")
        suite.check(os.stat(path + ".key").st_mode & 0o777 == 0o600, "the key is its owner's alone")
        suite.check(not os.path.exists(path + ".lanes"), "nothing is left that waits")
        run("log", "verify", path, "--has", f"{last}:{code}")
        with open(path, encoding="utf-8") as file:
            lines = file.readlines()
        for name, changed, wanted in (
                ("a text", lines[:5] + [lines[5].replace("Permit", "Deny")] + lines[6:], "was changed"),
                ("a number", lines[:5] + [lines[5].replace('"n":5', '"n":6')] + lines[6:], "was changed"),
                ("one taken out", lines[:7] + lines[8:], "lines 7 to 7 are missing"),
                ("two exchanged", lines[:7] + [lines[8], lines[7]] + lines[9:], "stands behind a later one"),
                ("one put in twice", lines[:7] + [lines[7]] + lines[7:], "stands behind a later one"),
                ("foreign text", lines[:7] + ["hello\n"] + lines[7:], "not a line of a decision log")):
            with open(path, "w", encoding="utf-8") as file:
                file.writelines(changed)
            told = run("log", "verify", path, code=1)
            suite.check(wanted in told, f"{name}: {told}")
        with open(path, "w", encoding="utf-8") as file:
            file.writelines(lines[:-3])
        run("log", "verify", path)
        suite.check(f"line {last}:{code} is not there" in run("log", "verify", path, "--has", f"{last}:{code}", code=1), "the end cut off")
        with open(path, "w", encoding="utf-8") as file:
            file.writelines(lines)
        with open(path + ".key", "w", encoding="utf-8") as file:
            file.write("0" * 32 + "\n")
        suite.check("another key" in run("log", "verify", path, code=1), "another key")


def test_it_goes_on_after_a_stop_and_a_kill(suite):
    with Folder() as path, tempfile.TemporaryDirectory() as data:
        answered = 0
        for round in range(4):
            server = Service("--decision-log", path, data=os.path.join(data, "db"), policies={"l.yaml": LIMITER})
            stop = threading.Event()
            counts = [0, 0]

            def client(i, server=server, counts=counts, stop=stop):
                connection = server.connection()
                while not stop.is_set():
                    try:
                        if server.request("POST", DECISION, ask(actor="RANC", operation="Cell Reset", target=f"c{i}"), connection=connection).status == 200:
                            counts[i] += 1
                    except OSError:
                        return
                    except Exception:  # cut off in the middle of an answer
                        return

            threads = [threading.Thread(target=client, args=(i,)) for i in range(2)]
            for thread in threads:
                thread.start()
            suite.check(wait_for(lambda: min(counts) > 50), "asked")
            if round % 2 == 0:
                server.kill()
                stop.set()
            else:
                stop.set()
            for thread in threads:
                thread.join()
            if round % 2:
                server.stop()
            answered += sum(counts)
        logged = len(answers(path))
        suite.check(answered <= logged <= answered + 8, f"{answered} answers, {logged} lines: each has its own")
        all_numbers = numbers(path)
        gaps = all_numbers[-1] - len(all_numbers)
        lost = sum(line["lines"] for line in answers(path, "log") if line["event"] == "lost")
        suite.equal(gaps, lost, "a number that no line has is told of")
        run("log", "verify", path)


def test_files_are_turned_without_a_lost_line(suite):
    with Folder() as path:
        with Service("--decision-log", path, "--decision-log-size", "64K", "--decision-log-keep", "1000") as server:
            ask_many(server, 1000)
        files = sorted(glob.glob(path + ".0*"))
        suite.check(len(files) >= 3, f"several files: {files}")
        suite.equal(len(answers(path)), 1000, "all lines")
        suite.equal(numbers(path), list(range(1, len(numbers(path)) + 1)), "in order")
        run("log", "verify", path)
        os.remove(files[1])
        suite.check("does not follow the one before" in run("log", "verify", path, code=1), "a file that is gone")
    with Folder() as path:
        with Service("--decision-log", path, "--decision-log-size", "64K", "--decision-log-keep", "1") as server:
            ask_many(server, 1000)
        suite.equal(len(glob.glob(path + ".0*")), 1, "one is kept")
        run("log", "verify", path)
    with Folder() as path:
        with Service("--decision-log", path, "--decision-log-age-s", "1") as server:
            wait_for(lambda: server.decide(actor="a", operation="o") and len(glob.glob(path + ".0*")) >= 2)
        suite.check(len(glob.glob(path + ".0*")) >= 2, "by time")
        run("log", "verify", path)


def test_what_the_disk_does_not_take_waits(suite):
    if os.geteuid() != 0:
        print("skipped: a full disk needs root, to mount a small one")
        return
    with tempfile.TemporaryDirectory() as folder:
        if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=16m", "none", folder], check=False, capture_output=True).returncode:
            print("skipped: no tmpfs can be mounted")
            return
        try:
            for overflow in ("drop", "deny", "block"):
                full_disk(suite, os.path.join(folder, overflow + ".log"), overflow)
        finally:
            subprocess.run(["umount", "-l", folder], check=False)


def full_disk(suite, path, overflow):
    ballast = path + ".ballast"
    with Service("--decision-log", path, "--decision-log-overflow", overflow, "--decision-log-wait-ms", "50", "--workers", "1") as server:
        def figure(name):
            return float(re.search(rf"^clguard_decision_log_{name} (\S+)$", server.request("GET", "/metrics", headers={}).body.decode(), re.M).group(1))

        server.decide(actor="a", operation="o")
        with open(ballast, "wb", buffering=0) as file:
            try:
                while file.write(b"x" * 4096):
                    pass
            except OSError:
                pass
        connection = server.connection()
        replies = []
        long = {key: "t" * 1000 for key in ("target", "clname", "generic-vnf.vnf-name", "generic-vnf.vnf-id", "generic-vnf.vnf-type")}
        for i in range(600):
            replies.append(server.request("POST", DECISION, ask(actor="a", operation="o", **long), connection=connection).json)
        suite.check("cannot write the decision log" in server.log_text(), f"{overflow}: said")
        suite.equal(figure("failing"), 1, f"{overflow}: in the metrics")
        if overflow == "deny":
            suite.check({"status": "Deny", "reason": "error"} in replies, "denied while it cannot be logged")
            suite.equal(server.request("POST", "/clguard/v1/reservations", ask(actor="a", operation="o", requestId="r")).json,
                        {"status": "Deny", "reason": "error"}, "no reservation either")
        else:
            suite.equal({reply["status"] for reply in replies}, {"Permit"}, f"{overflow}: answered")
            suite.check(figure("dropped_total") > 0, f"{overflow}: counted")
        os.remove(ballast)
        suite.check(wait_for(lambda: figure("failing") == 0), f"{overflow}: written again")
        suite.equal(server.decide(actor="after", operation="o").json["status"], "Permit", f"{overflow}: permitted again")
    told = run("log", "verify", path)
    dropped = sum(line["lines"] for line in answers(path, "log") if line["event"] == "dropped")
    suite.equal(numbers(path)[-1] - len(numbers(path)), dropped, f"{overflow}: each gap is told of: {told}")
    suite.equal(answers(path)[-1]["actor"], "after", f"{overflow}: and it goes on")
    if overflow == "deny":
        permits = sum(reply["status"] == "Permit" for reply in replies)
        suite.equal(sum(line["status"] == "Permit" for line in answers(path)), permits + 2, "each Permit has its line")
    for name in glob.glob(path + "*"):
        os.remove(name)


def test_some_values_are_masked_and_some_permits_left_out(suite):
    with Folder() as path:
        with Service("--decision-log", path, "--decision-log-mask", "target", "client", "--decision-log-permits", "10", "--workers", "1",
                     policies={"b.yaml": BLACKLIST % "bad"}) as server:
            ask_many(server, 100)
            for _ in range(5):
                server.decide(actor="RANC", operation="Cell Reset", target="bad")
            text = server.request("GET", "/metrics", headers={}).body.decode()
        lines = answers(path)
        suite.equal([sum(line["status"] == status for line in lines) for status in ("Permit", "Deny")], [10, 5], "one in ten Permits, every Deny")
        suite.check("clguard_decision_log_left_out_total 90\n" in text, "counted")
        suite.check(all(re.fullmatch("~[0-9a-f]{16}", line["target"]) and re.fullmatch("~[0-9a-f]{16}", line["client"]) for line in lines), "masked")
        suite.equal(len({line["target"] for line in lines if line["status"] == "Deny"}), 1, "the same value is the same mask")
        first = read(path)[0]
        suite.equal((first["masked"], first["permits"]), (["target", "client"], 10), "the file says so")
    done = subprocess.run([service.PROGRAM, "--decision-log-mask", "colour"], capture_output=True, text=True, timeout=20, check=False)
    suite.check(done.returncode == 2 and "colour" in done.stderr, done.stderr)


def test_people_read_it(suite):
    with Folder() as path:
        with Service("--decision-log", path, policies={"b.yaml": BLACKLIST % "bad"}) as server:
            ask_many(server, 12)
            server.decide(actor="RANC", operation="Cell Reset", target="bad\x1b")
            server.decide(actor="RANC", operation="Cell Reset", target="bad")
            suite.check(wait_for(lambda: len(answers(path)) == 14), "written")
            follower = subprocess.Popen([PROGRAM, "log", "tail", path, "--lines", "0", "--follow", "--door", "decision"], stdout=subprocess.PIPE, text=True)
            time.sleep(0.3)  # it has no way to say that it has begun
            os.rename(path, path + ".moved")
            server.process.send_signal(signal.SIGHUP)
            wait_for(lambda: os.path.exists(path))
            server.decide(actor="late", operation="o")
            suite.check("actor=late" in follower.stdout.readline(), "followed into the next file")
            follower.kill()
            follower.wait()
            follower.stdout.close()
        os.rename(path + ".moved", path)
        tail = run("log", "tail", path, "--lines", "2").splitlines()
        suite.equal(len(tail), 2, "the last two")
        suite.check(re.search(r"Z decision Deny, blacklisted by edge.block: actor=RANC operation=Cell Reset target=bad ", tail[1]), tail)
        suite.check("\\x1b" in tail[0] and "\x1b" not in tail[0], "nothing that moves a cursor")
        suite.equal(len(run("log", "show", path, "--status", "Deny").splitlines()), 1, "filtered")
        suite.equal(json.loads(run("log", "show", path, "--target", "t3", "--json"))["target"], "t3", "as they are")
        suite.equal(run("log", "show", path, "--to", "2001-01-01T00:00:00Z"), "", "by time")


class Sink(http.server.BaseHTTPRequestHandler):
    """Takes batches; refuses each second one, and is slow."""

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.asked += 1
        time.sleep(0.05)
        good = self.server.asked % 2 == 0
        if good:
            self.server.lines += json.loads(body)
        self.send_response(204 if good else 503)
        self.end_headers()

    def log_message(self, *_):
        pass


def test_lines_are_sent_on(suite):
    sink = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Sink)
    sink.asked, sink.lines = 0, []
    threading.Thread(target=sink.serve_forever, daemon=True).start()
    url = f"http://127.0.0.1:{sink.server_port}/lines"
    with Folder() as path:
        options = ("--decision-log", path, "--decision-log-url", url, "--decision-log-size", "64K", "--decision-log-keep", "100")
        server = Service(*options)
        if "no libcurl" in server.log_text():
            print("skipped: built without libcurl")
            server.stop()
            return
        ask_many(server, 400)
        suite.check(wait_for(lambda: len(sink.lines) > 100), "some have come")
        server.kill()
        with Service(*options) as server:
            server.decide(actor="late", operation="o")
            suite.check(wait_for(lambda: any(line.get("actor") == "late" for line in sink.lines), 20), "all have come")
        sent = [line["n"] for line in sink.lines if "n" in line]
        suite.equal(sorted(set(sent)), numbers(path)[:len(set(sent))], "every line, in the end")
        suite.check(sent == sorted(sent) or len(sent) - len(set(sent)) <= 2000, "in order, a batch perhaps twice after a kill")
    sink.shutdown()
    sink.server_close()


if __name__ == "__main__":
    service.main(globals())
