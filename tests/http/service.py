"""service - a clguardd process for tests, and raw HTTP to it."""
# SPDX-License-Identifier: Apache-2.0
import base64
import http.client
import json
import mmap
import os
import re
import shutil
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import threading
import time

SOURCE = os.environ.get("top_srcdir", os.path.join(os.path.dirname(__file__), "..", ".."))
BUILD = os.environ.get("top_builddir", SOURCE)
STEPPER = os.path.join(BUILD, "tests", ".libs", "clock_step.so")
PROGRAM = os.environ.get("CLGUARDD", os.path.join(BUILD, "clguardd"))

DECISION = "/policy/pdpx/v1/decision"
HEALTH_PATH = "/policy/pdpx/v1/healthcheck"
JSON = {"Content-Type": "application/json", "Accept": "application/json"}

LIMITER = """tosca_definitions_version: tosca_simple_yaml_1_1_0
topology_template:
  policies:
    - edge.limit:
        type: onap.policies.controlloop.guard.common.FrequencyLimiter
        type_version: 1.0.0
        version: 1.0.0
        properties:
          actor: RANC
          operation: Cell Reset
          limit: 2
          timeWindow: 10
          timeUnits: minute
"""

BLACKLIST = """tosca_definitions_version: tosca_simple_yaml_1_1_0
topology_template:
  policies:
    - edge.block:
        type: onap.policies.controlloop.guard.common.Blacklist
        type_version: 1.0.0
        version: 1.0.0
        properties:
          actor: RANC
          operation: Cell Reset
          blacklist: [%s]
"""


def wait_for(what, timeout=10.0):
    """Polls until what() is true; the last answer."""
    until = time.monotonic() + timeout
    while True:
        got = what()
        if got or time.monotonic() > until:
            return got
        time.sleep(0.02)


def sanitized():
    """Whether the program was built with sanitizers."""
    with open(os.path.join(BUILD, "Makefile"), encoding="utf-8") as file:
        return re.search(r"^SANITIZE = .*-fsanitize", file.read(), re.M) is not None


def documented():
    """{path: set of methods} of doc/openapi.yaml."""
    paths, path = {}, None
    with open(os.path.join(SOURCE, "doc", "openapi.yaml"), encoding="utf-8") as file:
        text = file.read()
    for line in text.split("\npaths:\n")[1].split("\ncomponents:\n")[0].splitlines():
        if re.match(r"  /\S+:$", line):
            path = line.strip()[:-1]
            paths[path] = set()
        elif re.match(r"    (get|put|post|delete):$", line):
            paths[path].add(line.strip()[:-1].upper())
    return paths


def ask(**guard):
    """A decision request's body."""
    return {"ONAPName": "Policy", "ONAPComponent": "edge", "ONAPInstance": "e1", "action": "guard",
            "resource": {"guard": guard}}


def basic(user, password):
    return {"Authorization": "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()}


class Reply:
    def __init__(self, response):
        self.status = response.status
        self.headers = {k.lower(): v for k, v in response.getheaders()}
        self.body = response.read()

    @property
    def json(self):
        return json.loads(self.body)


class Service:
    """clguardd on a free port, stopped and checked at the end of its `with`."""

    def __init__(self, *options, policies=None, listen="127.0.0.1:0", data=None, check_exit=True,
                 prepare=None, start_timeout=10, early=False):
        self.folder = tempfile.mkdtemp(prefix="clguardd-test-")
        self.policies = os.path.join(self.folder, "policies")
        os.mkdir(self.policies)
        self.options = list(options)
        self.listen = listen
        self.data = data
        self.check_exit = check_exit
        self.start_timeout = start_timeout
        self.early = early  # do not wait for a database that is verified beside serving
        self.prepare = prepare  # called in the new process before the program is
        for name, text in (policies or {}).items():
            self.write(name, text)
        self.start()

    def path(self, name):
        return os.path.join(self.folder, name)

    def write(self, name, text):
        """Into the policy directory, as an editor does: written aside, then renamed."""
        aside = os.path.join(self.folder, "." + name)
        with open(aside, "w", encoding="utf-8") as file:
            file.write(text)
        os.rename(aside, os.path.join(self.policies, name))

    def start(self):
        command = [PROGRAM, "--listen", self.listen, "--workers", "2"]
        if self.data:
            command += ["--data", self.data]
        if os.listdir(self.policies):
            command += ["--policies", self.policies]
        self.log = []
        self.process = subprocess.Popen(command + self.options, stderr=subprocess.PIPE, text=True,
                                        preexec_fn=self.prepare)
        self.reader = threading.Thread(target=self._read_log, daemon=True)
        self.reader.start()
        if not wait_for(lambda: self.process.poll() is not None or self.address(), self.start_timeout):
            raise RuntimeError("clguardd does not come up")
        if not self.address():
            raise RuntimeError("clguardd ended: " + "".join(self.log))
        if not self.early and "the database is not open yet" in self.log_text():
            if not wait_for(lambda: self.process.poll() is not None or "the database is open" in self.log_text(),
                            self.start_timeout):
                raise RuntimeError("the database is not verified in time: " + self.log_text())

    def _read_log(self):
        for line in self.process.stderr:
            self.log.append(line)

    def address(self):
        for line in self.log:
            found = re.match(r"listening on (\S+)", line)
            if found:
                return found.group(1)
        return None

    @property
    def port(self):
        return int(self.address().rsplit(":", 1)[1])

    def log_text(self):
        return "".join(self.log)

    def connect(self):
        """A raw socket."""
        if self.address().startswith("unix:"):
            sock = socket.socket(socket.AF_UNIX)
            sock.settimeout(10)
            sock.connect(self.address()[5:])
            return sock
        sock = socket.create_connection(("127.0.0.1", self.port), timeout=10)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)  # or a body would wait for its headers' acknowledgement
        return sock

    def connection(self):
        connection = http.client.HTTPConnection("127.0.0.1", timeout=10)
        connection.sock = self.connect()
        return connection

    def request(self, method, path, body=None, headers=None, connection=None):
        own = connection is None
        connection = connection or self.connection()
        if body is not None and not isinstance(body, (str, bytes)):
            body = json.dumps(body)
        if isinstance(body, str):
            body = body.encode()
        connection.request(method, path, body=body, headers=JSON if headers is None else headers)
        reply = Reply(connection.getresponse())
        if own:
            connection.close()
        return reply

    def decide(self, **guard):
        return self.request("POST", DECISION, ask(**guard))

    def generation(self):
        return self.request("GET", "/clguard/v1/generation").json["generation"]

    def kill(self):
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()
        self.reader.join()

    def stop(self):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        code = self.process.wait(timeout=20)
        self.reader.join()
        return code

    def __enter__(self):
        return self

    def __exit__(self, kind, value, trace):
        code = self.stop()
        if kind or code:
            sys.stderr.write(self.log_text())
        shutil.rmtree(self.folder, ignore_errors=True)
        if self.check_exit and kind is None and code != 0:
            raise AssertionError(f"clguardd ended with {code}")


class Steps:
    """The clocks of processes that are started with `prepare`."""

    def __enter__(self):
        self.file = tempfile.NamedTemporaryFile()
        self.file.write(bytes(16))
        self.file.flush()
        self.map = mmap.mmap(self.file.fileno(), 16)
        return self

    def __exit__(self, *_):
        self.map.close()
        self.file.close()

    def prepare(self):
        os.environ["LD_PRELOAD"] = os.path.abspath(STEPPER)
        os.environ["CLGUARD_CLOCK_STEPS"] = self.file.name

    def set(self, wall_ms=0, suspended_ms=0):
        self.map[:] = struct.pack("=qq", wall_ms, suspended_ms)


def reset(sock):
    """Away at once, as a process that is killed: the service gets a RST."""
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    sock.close()


class Suite:
    """Counts: check() is one expectation, test functions are called in the order of their names' definition."""

    def __init__(self):
        self.passed = self.failed = 0
        self.name = ""

    def check(self, good, text):
        if good:
            self.passed += 1
        else:
            self.failed += 1
            print(f"FAIL {self.name}: {text}", flush=True)
        return bool(good)

    def equal(self, got, wanted, text):
        return self.check(got == wanted, f"{text}: {got!r}, not {wanted!r}")

    def run(self, tests):
        for test in tests:
            self.name = test.__name__.replace("_", " ")
            try:
                test(self)
            except Exception as problem:  # the suite goes on, the test has failed
                self.check(False, f"{type(problem).__name__}: {problem}")
        print(f"{self.passed} passed, {self.failed} failed")
        sys.exit(1 if self.failed else 0)


def main(names):
    """Runs the functions of a test file that are named test_*, top to bottom; nothing when another file imports it."""
    if names["__name__"] != "__main__":
        return
    Suite().run([value for name, value in names.items() if name.startswith("test_") and callable(value)])
