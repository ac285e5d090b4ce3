#!/usr/bin/env python3
# conformance_runtime - the control loop runtime's cases, over HTTP against a real clguardd whose clock stands still
# SPDX-License-Identifier: Apache-2.0
"""Plays tests/conformance/control-loop-*.json. Arguments: case ids, or parts of them; none for all. -v shows traffic."""
import copy
import http.client
import json
import os
import signal
import subprocess
import sys
import tempfile
import urllib.parse

TOP = os.environ.get("top_srcdir", ".")
BUILD = os.environ.get("top_builddir", ".")
CLGUARDD = os.path.join(BUILD, "clguardd")
SUITES = ["tests/conformance/control-loop-runtime.json", "tests/conformance/control-loop-more.json",
          "tests/conformance/control-loop-types.json", "tests/conformance/control-loop-gateway.json",
          "tests/conformance/control-loop-definitions.json", "tests/conformance/control-loop-policies.json",
          "tests/conformance/control-loop-compositions.json",
          "tests/conformance/control-loop-hosts.json"]
ABSENT, ANY = "<absent>", "<any>"


class Service:
    """A clguardd with its database, restarted by kill -9."""

    def __init__(self, folder, settings, policies=None, options=()):
        self.folder, self.settings, self.process = folder, settings, None
        self.options = list(options) if "--on-failure" in options else ["--on-failure", "hold", *options]
        if policies:
            path = os.path.join(folder, "policies.json")
            self.options += ["--policies", path]
            with open(path, "w", encoding="utf-8") as file:
                json.dump(policies, file, indent=1)
        self.start()

    def start(self):
        self.process = subprocess.Popen(
            [CLGUARDD, "--clock", "manual", "--listen", "127.0.0.1:0", "--data", os.path.join(self.folder, "data"),
             "--durability", "process", "--workers", "1", "--body-size", "4M",
             "--heart-beat-ms", str(self.settings["heartBeatMs"]),
             "--max-status-wait-ms", str(self.settings["maxStatusWaitMs"]),
             "--max-wait-ms", str(self.settings["maxWaitMs"]),
             "--max-retry-count", str(self.settings["maxRetryCount"]), *self.options],
            stderr=subprocess.PIPE, text=True)
        for line in self.process.stderr:
            if line.startswith("listening on "):
                host, port = line.split()[-1].rsplit(":", 1)
                self.connection = http.client.HTTPConnection(host, int(port), timeout=60)
                return
        raise AssertionError("clguardd did not start")

    def restart(self):
        self.stop(signal.SIGKILL)
        self.start()

    def stop(self, how=signal.SIGTERM):
        self.connection.close()
        self.process.send_signal(how)
        code = self.process.wait(timeout=30)
        self.process.stderr.close()
        if how == signal.SIGTERM and code != 0:
            raise AssertionError("clguardd ended with %d" % code)

    def ask(self, method, path, body=None, media="application/json", accept=None):
        headers = {"Content-Type": media} if body is not None else {}
        if accept:
            headers["Accept"] = accept
        self.connection.request(method, path, body, headers)
        answer = self.connection.getresponse()
        return answer.status, answer.read().decode()


def pointer(document, path):
    """The value at a JSON pointer; None when there is none."""
    for part in path.split("/")[1:]:
        part = part.replace("~1", "/").replace("~0", "~")
        if isinstance(document, dict):
            document = document.get(part)
        elif isinstance(document, list) and part.isdigit() and int(part) < len(document):
            document = document[int(part)]
        else:
            return None
    return document


def patched(document, operations):
    document = copy.deepcopy(document)
    for operation in operations:
        *parents, last = [p.replace("~1", "/").replace("~0", "~") for p in operation["path"].split("/")[1:]]
        at = document
        for part in parents:
            at = at[int(part)] if isinstance(at, list) else at[part]
        if operation["op"] == "remove":
            del at[int(last) if isinstance(at, list) else last]
        elif isinstance(at, list):
            if operation["op"] == "replace":
                at[int(last)] = operation["value"]
            else:
                at.insert(len(at) if last == "-" else int(last), operation["value"])
        else:
            at[last] = operation["value"]
    return document


def matches(wanted, got, present=True):
    if wanted == ABSENT:
        return not present or got is None
    if not present:
        return False
    if wanted == ANY:
        return got is not None
    if isinstance(wanted, dict) and set(wanted) == {"<len>"}:
        return hasattr(got, "__len__") and len(got) == wanted["<len>"]
    if isinstance(wanted, dict):
        return isinstance(got, dict) and all(matches(v, got.get(k), k in got) for k, v in wanted.items())
    if isinstance(wanted, list):
        return isinstance(got, list) and len(got) == len(wanted) and all(map(matches, wanted, got))
    return wanted == got


class Player:
    def __init__(self, suite, service, verbose):
        self.suite, self.service, self.verbose = suite, service, verbose
        self.base, self.topic = suite["settings"]["base"], suite["settings"]["topic"]
        self.log, self.own, self.marks, self.answers = [], [], {}, {}
        self.listen()

    def listen(self):
        """What the runtime published since; our own messages come back too and are put aside."""
        path = "/events/%s/conformance/runner?timeout=0&limit=10000" % self.topic
        while True:
            status, body = self.service.ask("GET", path)
            if status != 200:
                raise AssertionError("%s answers %d %s" % (path, status, body))
            batch = [json.loads(m) for m in json.loads(body)]
            if not batch:
                return
            for message in batch:
                if message in self.own:
                    self.own.remove(message)
                else:
                    self.log.append(message)

    def body(self, step):
        if "raw" in step or "yaml" in step:
            return step.get("raw", step.get("yaml"))
        body = step.get("body")
        if isinstance(body, str) and body.startswith("$"):
            body = self.suite["bodies"][body[1:]]
        if body is None:
            return None
        return json.dumps(patched(body, step.get("patch", [])))

    def play(self, steps):
        for step in steps:
            if "use" in step:
                self.play(self.suite["macros"][step["use"]])
            elif "http" in step:
                method, path = step["http"].split(" ", 1)
                path = path if path.startswith(("/clguard", "/policy", "/events", "/onap")) else self.base + path
                answer = self.service.ask(method, path, self.body(step),
                                          "application/yaml" if "yaml" in step else "application/json", step.get("accept"))
                if self.verbose:
                    print("  ", step["http"], *answer)
                if "as" in step:
                    self.answers[step["as"]] = answer
                elif answer[0] >= 400:
                    raise AssertionError("%s answers %d %s" % (step["http"], *answer))
            elif "message" in step:
                self.own.append(step["message"])
                self.must("POST", "/events/" + self.topic, step["message"])
            elif "tick_ms" in step:
                self.must("PUT", "/clguard/v1/clock", {"advance_ms": step["tick_ms"]})
            elif "mark" in step:
                self.listen()
                self.marks[step["mark"]] = len(self.log)
            elif "restart" in step:
                self.service.restart()
            else:
                raise AssertionError("unknown step %r" % step)
        self.listen()

    def must(self, method, path, body):
        status, text = self.service.ask(method, path, json.dumps(body))
        if status != 200:
            raise AssertionError("%s %s answers %d %s" % (method, path, status, text))

    def row(self, path, member, name):
        name, version = name.split(":")
        query = urllib.parse.urlencode({"name": name, "version": version})
        rows = json.loads(self.service.ask("GET", "%s/%s?%s" % (self.base, path, query))[1])[member]
        return rows[0] if rows else None

    def since(self, expect):
        return self.log[self.marks[expect["since"]] if "since" in expect else 0:]

    def check(self, expect):
        """What is wrong, or None."""
        if "of" in expect:
            status, text = self.answers[expect["of"]]
            if "status" in expect and status != expect["status"]:
                return "status %d: %s" % (status, text[:300])
            if expect.get("contains", "") not in text:
                return "answer %s" % text[:300]
            for path, wanted in expect.get("json", {}).items():
                got = pointer(json.loads(text), path)
                if not (got is None if wanted is None else matches(wanted, got, got is not None)):
                    return "%s is %s" % (path, json.dumps(got)[:300])
        elif "topic" in expect:
            found = [m for m in self.since(expect) if matches(expect["topic"], m)]
            if len(found) != expect["count"]:
                return "%d messages, among %s" % (len(found), [m.get("messageType") for m in self.since(expect)])
        elif "order" in expect:
            types = {m["messageType"] for m in expect["order"]}
            found = [m for m in self.since(expect) if m.get("messageType") in types]
            if not matches(expect["order"], found):
                return "order %s" % json.dumps([{k: m.get(k) for k in ("messageType", "startPhase", "orderedState")}
                                                for m in found])
        else:
            kind = "loop" if "loop" in expect else "participant"
            got = (self.row("instantiation", "controlLoopList", expect["loop"]) if kind == "loop"
                   else self.row("participants", "participantList", expect["participant"]))
            if not matches(expect["is"], got, got is not None):
                return "%s" % json.dumps(got)[:600]
        return None


def load_suite():
    suite = None
    for path in SUITES:
        with open(os.path.join(TOP, path), encoding="utf-8") as file:
            loaded = json.load(file)
        suite = suite or dict(loaded, cases=[])
        suite["cases"] += loaded["cases"]
        suite["bodies"].update(loaded.get("bodies", {}))
        suite["macros"].update(loaded.get("macros", {}))
    return suite


def load_bodies(suite):
    """Bodies in files are YAML: the service itself turns them into JSON, that they can be patched."""
    with tempfile.TemporaryDirectory() as folder:
        service = Service(folder, suite["settings"])
        base = suite["settings"]["base"]
        for name, body in suite["bodies"].items():
            if "file" not in body:
                continue
            with open(os.path.join(TOP, "examples", os.path.basename(body["file"])), encoding="utf-8") as file:
                status, text = service.ask("POST", base + "/commission", file.read(), "application/yaml")
            if status != 200:
                raise AssertionError("%s is refused: %d %s" % (body["file"], status, text))
            text = service.ask("GET", base + "/commission/toscaservicetemplate")[1]
            suite["bodies"][name] = json.loads(text)
            service.ask("DELETE", base + "/commission?name=ToscaServiceTemplateSimple&version=1.0.0")
        service.stop()


def main():
    asked = [a for a in sys.argv[1:] if not a.startswith("-")]
    verbose = "-v" in sys.argv
    suite = load_suite()
    load_bodies(suite)
    cases = [c for c in suite["cases"] if not asked or any(a in c["id"] for a in asked)]
    failed = 0
    for case in cases:
        with tempfile.TemporaryDirectory() as folder:
            service = Service(folder, suite["settings"], case.get("policies"),
                              case.get("options", ()))
            wrong = []
            try:
                player = Player(suite, service, verbose)
                player.play(case["steps"])
                for expect in case["expect"]:
                    why = player.check(expect)
                    if why:
                        wrong.append("%s: %s" % (json.dumps(expect)[:300], why))
            except (AssertionError, OSError, ValueError, KeyError, http.client.HTTPException) as error:
                wrong.append(repr(error))
            service.stop()
        if wrong:
            failed += 1
            print("FAIL %s (%s)" % (case["id"], case["why"]))
            for line in wrong:
                print("     " + line)
    print("%d of %d cases pass" % (len(cases) - failed, len(cases)))
    sys.exit(1 if failed or not cases else 0)


if __name__ == "__main__":
    main()
