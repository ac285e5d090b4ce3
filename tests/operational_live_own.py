# operational_live_own - cases of operational policies at work that no script can say: see operational_live.py
# SPDX-License-Identifier: Apache-2.0
"""A case is a function whose name is a sentence; it raises AssertionError."""
import collections
import http.client
import http.server
import json
import os
import random
import signal
import ssl
import subprocess
import tempfile
import threading
import time

from conformance_runtime import CLGUARDD, Service

SETTINGS = {"heartBeatMs": 20000, "maxStatusWaitMs": 100000, "maxWaitMs": 20000, "maxRetryCount": 4}
EVENTS, TOLD = "unauthenticated.DCAE_CL_OUTPUT", "POLICY-CL-MGT"
OPEN = []  # services of the case that runs
ASKED, ANSWERED = "APPC-LCM-READ", "APPC-LCM-WRITE"  # where APPC hears and speaks when nobody says otherwise


def policy(name, operations, timeout=1000, more=""):
    """A policy for control loop CL-<name>: (id, actor, operation, timeout, retries, routes) each."""
    text = ("      - op.%s:\n          type: onap.policies.controlloop.operational.common.Drools\n"
            "          type_version: 1.0.0\n          version: 1.0.0\n          properties:\n"
            "            id: CL-%s\n            timeout: %d\n            trigger: %s\n%s            operations:\n"
            % (name, name, timeout, operations[0][0], more))
    for i, actor, operation, limit, retries, routes in operations:
        text += ("              - id: %s\n                operation: {actor: %s, operation: %s, target: {targetType: VM}}\n"
                 "                timeout: %d\n                retries: %d\n" % (i, actor, operation, limit, retries))
        text += "".join("                %s: %s\n" % r for r in routes.items())
    return text


def guard(name, kind, properties):
    return ("      - guard.%s:\n          type: onap.policies.controlloop.guard.common.%s\n"
            "          type_version: 1.0.0\n          version: 1.0.0\n          properties: %s\n"
            % (name, kind, json.dumps(properties)))


def document(*policies):
    return "tosca_definitions_version: tosca_simple_yaml_1_1_0\ntopology_template:\n  policies:\n" + "".join(
        p.replace("\n    ", "\n  ")[2:] for p in policies)


ONE = policy("one", [("a", "APPC", "Restart", 20, 0, {})])
CHAIN = policy("chain", [("a", "APPC", "Restart", 20, 2, {"failure_retries": "b", "failure_guard": "b"}),
                         ("b", "APPC", "Rebuild", 30, 0, {"failure_timeout": "c"}),
                         ("c", "SDNR", "ModifyConfig", 40, 1, {})])


def onset(loop, request, target, **more):
    return dict({"closedLoopControlName": "CL-" + loop, "closedLoopEventStatus": "ONSET", "requestID": request,
                 "target": "generic-vnf.vnf-id", "target_type": "VNF", "AAI": {"generic-vnf.vnf-id": target}}, **more)


class World:
    """A service with a clock that stands still, its policies in a file."""

    def __init__(self, folder, policies, *options, service=Service):
        self.path = os.path.join(folder, "policies.yaml")
        with open(self.path, "w", encoding="utf-8") as file:
            file.write(document(*policies))
        self.service = service(folder, SETTINGS, options=["--policies", self.path, *options])
        OPEN.append(self.service)
        self.told_before, self.seen = [], set()
        for topic in (TOLD, ASKED, "SDNR-CL"):
            self.fetch(topic)

    def ask(self, method, path, body=None):
        return self.service.ask(method, path, None if body is None else json.dumps(body))

    def must(self, method, path, body=None):
        status, text = self.ask(method, path, body)
        assert status == 200, "%s %s answers %d %s" % (method, path, status, text)
        return json.loads(text)

    def fetch(self, topic):
        return [json.loads(m) for m in self.must("GET", "/events/%s/test/0?timeout=0&limit=10000" % topic)]

    def post(self, event, topic=EVENTS):
        self.must("POST", "/events/" + topic, event)

    def advance(self, seconds):
        self.must("PUT", "/clguard/v1/clock", {"advance_ms": int(seconds * 1000)})

    def asked(self, topic=ASKED):
        """The one request that is new on the topic. What a process that died had given away is offered again."""
        found = []
        while True:
            batch = self.fetch(topic)
            found += [r for r in batch if r["subRequestID"] not in self.seen]
            self.seen |= {r["subRequestID"] for r in batch}
            if not batch:
                break
        assert len(found) == 1, "%d requests: %s" % (len(found), found)
        return found[0]

    def answer(self, request, result, topic=ANSWERED, **more):
        self.post(dict({"requestID": request["requestID"], "subRequestID": request["subRequestID"], "result": result},
                       **more), topic)

    def told(self):
        self.told_before += self.fetch(TOLD)
        return self.told_before

    def words(self, request=None):
        return [m["notification"] for m in self.told() if request in (None, m.get("requestId"))]

    def running(self):
        return self.must("GET", "/clguard/v1/transactions")

    def rows(self):
        return self.must("GET", "/clguard/v1/operations?limit=1000")

    def metric(self, name):
        for line in self.service.ask("GET", "/metrics")[1].splitlines():
            if line.startswith(name + " "):
                return float(line.split()[1])
        raise AssertionError("no metric " + name)

    def at_rest(self):
        """Nothing is left over of any transaction."""
        assert self.running() == [], self.running()
        assert self.metric("clguard_transactions") == 0
        assert self.metric("clguard_reservations_live") == 0 and self.metric("clguard_reservations_difference") == 0
        started = [r for r in self.rows() if r["outcome"] == "Started" or "endtime" not in r]
        assert not started, started


def check(seen, wanted, what=""):
    assert seen == wanted, "%s: %r, not %r" % (what, seen, wanted)


# --- locks, bounds, strangers ---

def a_target_belongs_to_one_loop_until_its_final(folder):
    world = World(folder, [ONE, CHAIN])
    world.post(onset("one", "r1", "vm"))
    world.post(onset("chain", "r2", "vm"))
    check(world.words("r2"), ["REJECTED"])
    check(world.told()[-1]["message"], "The target vm is already locked")
    check([t["locked"] for t in world.running()], [True])
    world.answer(world.asked(), "SUCCESS")
    check(world.words("r1")[-1], "FINAL: SUCCESS")
    world.post(onset("chain", "r3", "vm"))
    check(world.words("r3")[0], "ACTIVE")


def one_transaction_too_many_is_rejected(folder):
    world = World(folder, [ONE], "--transactions-max", "2")
    for i in range(3):
        world.post(onset("one", "r%d" % i, "vm%d" % i))
    check(world.words("r2"), ["REJECTED"])
    check(world.told()[-1]["message"], "too many transactions at a time")
    check(world.metric("clguard_transactions"), 2.0)
    world.answer(world.fetch(ASKED)[0], "SUCCESS")
    world.post(onset("one", "r3", "vm3"))
    check(world.words("r3")[0], "ACTIVE")


def what_strangers_say_changes_nothing(folder):
    world = World(folder, [ONE])
    world.post(onset("one", "r1", "vm"))
    request = world.asked()
    before = world.running()
    world.answer(dict(request, subRequestID=request["subRequestID"] + "0"), "SUCCESS")
    world.answer(dict(request, subRequestID=request["subRequestID"][:-1] + "2"), "SUCCESS")
    world.answer(request, "DONE")
    world.answer(request, "SUCCESS", topic="SDNR-CL-RSP")
    world.answer(dict(request, requestID="r2"), "SUCCESS")
    for garbage in ({}, {"subRequestID": 7}, {"subRequestID": ""}, {"subRequestID": "0-ffffffffffffffffffff-1"},
                    dict(request), {"subRequestID": "--", "result": "SUCCESS"}, [["x"]], [[]] * 5):
        world.post(garbage, ANSWERED)
        world.post(garbage, EVENTS)
    world.service.ask("POST", "/events/" + ANSWERED, "no JSON\n{\"subRequestID\":", "text/plain")
    world.post({"closedLoopControlName": "CL-one", "closedLoopEventStatus": "ONSET", "requestID": "big",
                "AAI": {"x": "y" * 70000}})
    check(world.running(), before)
    world.answer(request, "success", message="done")
    world.answer(request, "FAILURE")
    check(world.words(), ["ACTIVE", "OPERATION", "OPERATION", "OPERATION", "OPERATION: SUCCESS", "FINAL: SUCCESS"])


def texts_that_do_not_fit_a_row_are_refused_or_cut(folder):
    world = World(folder, [ONE])
    world.post(onset("one", "r" * 1025, "vm"))
    check(world.words(), ["REJECTED"])
    world.post(onset("one", "r1", "v" * 1025))
    check(world.words(), ["REJECTED", "REJECTED"])
    world.post(onset("one", "r" * 1024, "v" * 1024))
    world.answer(world.asked(), "FAILURE", message="\u00e4" * 1000)
    check(world.words()[-1], "FINAL: FAILURE")
    check(world.rows()[0]["message"], "\u00e4" * 512)


def a_request_says_what_an_actor_needs(folder):
    world = World(folder, [CHAIN.replace("target: {targetType: VM}}", "target: {targetType: VM, entityIds: "
                                         "{resourceID: x}}, payload: {a: 'b'}}", 1)])
    event = onset("chain", "r1", "vm", payload="{}")
    world.post(event)
    request = world.asked()
    check(request.pop("subRequestID").split("-")[1:], ["1", "1"])
    check(request, {"requestID": "r1", "closedLoopControlName": "CL-chain", "policyName": "op.chain",
                    "policyVersion": "1.0.0", "actor": "APPC", "operation": "Restart", "attempt": 1, "timeoutSec": 20,
                    "target": "vm", "targetType": "VM", "entityIds": {"resourceID": "x"}, "payload": {"a": "b"},
                    "event": event})
    check({k: world.running()[0][k] for k in ("directive", "state", "attempt", "target", "requestID", "policyName")},
          {"directive": "a", "state": "ATTEMPT", "attempt": 1, "target": "vm", "requestID": "r1",
           "policyName": "op.chain"})
    world.advance(20)
    check(world.running(), [])


def an_operator_can_end_a_transaction(folder):
    world = World(folder, [ONE])
    world.post(onset("one", "r1", "vm"))
    name = world.running()[0]["transaction"]
    check(world.ask("DELETE", "/clguard/v1/transactions/" + name + "1")[0], 404)
    check(world.ask("DELETE", "/clguard/v1/transactions/x")[0], 404)
    check(world.ask("DELETE", "/clguard/v1/transactions/" + name)[0], 200)
    check(world.ask("DELETE", "/clguard/v1/transactions/" + name)[0], 404)
    check(world.told()[-1]["message"], "Target Lock was lost")


# --- guards ---

def the_operation_that_would_be_one_too_many_is_denied_and_explained(folder):
    limit = guard("limit", "FrequencyLimiter", {"actor": "APPC", "operation": "Restart", "timeWindow": 10,
                                                "timeUnits": "minute", "limit": 2})
    world = World(folder, [ONE, CHAIN, limit])
    world.post(onset("one", "r1", "vm"))
    world.answer(world.asked(), "SUCCESS")
    world.post(onset("one", "r2", "vm"))
    # While the second is under way it counts already.
    world.post(onset("chain", "r3", "vm"))
    world.answer(world.asked(), "FAILURE")
    world.post(onset("one", "r4", "vm"))
    check(world.words("r4"), ["ACTIVE", "OPERATION", "OPERATION", "FINAL: FAILURE"])
    denied = [m for m in world.told() if m.get("message") == "Guard result for APPC Restart is Deny"]
    check(len(denied), 1)
    spoken = denied[0]["explanation"]["guards"][0]
    check([spoken[k] for k in ("policy", "reason", "used", "limit")], ["guard.limit", "limit_reached", 2, 2])
    check([r["outcome"] for r in world.rows()][:1], ["Failure_Guard"])
    world.advance(600.001)
    world.post(onset("one", "r5", "vm"))
    world.answer(world.asked(), "SUCCESS")
    check(world.words("r5")[-1], "FINAL: SUCCESS")


def every_attempt_counts_and_one_right_covers_them(folder):
    limit = guard("limit", "FrequencyLimiter", {"actor": "APPC", "operation": "Restart", "timeWindow": 10,
                                                "timeUnits": "minute", "limit": 3})
    world = World(folder, [CHAIN, limit])
    world.post(onset("chain", "r1", "vm"))
    for _ in range(3):
        check(world.metric("clguard_reservations_live"), 1.0)
        world.answer(world.asked(), "FAILURE")
        world.advance(1)
    check(world.metric("clguard_reservations_admitted_total"), 2.0)  # Restart, Rebuild
    world.answer(world.asked(), "SUCCESS")
    world.post(onset("chain", "r2", "vm"))
    check([m.get("message") for m in world.told()][-3:-1],
          ["Sending guard query for APPC Rebuild", "Guard result for APPC Rebuild is Permit"])
    check(world.asked()["operation"], "Rebuild")  # Restart has been tried three times
    world.advance(30)


# --- what outlives whom ---

def a_transaction_goes_on_by_the_policy_it_began_with(folder):
    world = World(folder, [CHAIN])
    world.post(onset("chain", "r1", "vm"))
    with open(world.path, "w", encoding="utf-8") as file:
        file.write(document(ONE))
    world.service.process.send_signal(signal.SIGHUP)
    for _ in range(500):
        world.post(onset("one", "r2", "vm"))
        if world.words("r2"):
            break
        time.sleep(0.01)
    check(world.words("r2")[0], "REJECTED")  # the new policy is in force, and the target still locked
    for _ in range(3):
        world.answer(world.asked(), "FAILURE")
        world.advance(1)
    world.advance(30)  # Rebuild times out
    request = world.asked("SDNR-CL")
    check(request["operation"], "ModifyConfig")
    world.answer(request, "SUCCESS", "SDNR-CL-RSP")
    check(world.words("r1")[-1], "FINAL: SUCCESS")
    world.post(onset("chain", "r3", "vm"))
    check(world.words("r3"), [])  # there is no such policy any more
    world.fetch(ASKED)


HELD = """tosca_definitions_version: tosca_simple_yaml_1_1_0
topology_template:
  policies:
    - op.held:
        type: onap.policies.controlloop.operational.Common
        type_version: 2.0.0
        version: 1.0.0
        properties:
          id: CL-held
          onset: {event_type: Legacy}
          timeout: 1000
          abatement: true
          operation:
            id: a
            actor: {id: APPC}
            operation: {id: Restart}
            target: {target: VM}
            timeout: 20
            retries: 0
"""


def life(world, stop):
    """A chain with all kinds of steps, and after each of them `stop`."""
    steps = [
        lambda: world.post(onset("chain", "r1", "vm")),
        lambda: world.answer(world.asked(), "FAILURE", message="first"),
        lambda: world.advance(0.5),
        lambda: world.advance(0.5),
        lambda: world.answer(world.asked(), "FAILURE"),
        lambda: world.advance(1),
        lambda: world.answer(world.asked(), "FAILURE"),  # failure_retries, and Rebuild begins
        lambda: world.advance(29),
        lambda: world.advance(1),  # it times out
        lambda: world.answer(world.asked("SDNR-CL"), "FAILURE", "SDNR-CL-RSP"),
        lambda: world.advance(1),
        lambda: world.answer(world.asked("SDNR-CL"), "SUCCESS", "SDNR-CL-RSP", message="last"),
    ]
    for i, step in enumerate(steps):
        step()
        stop(i)
    return len(steps)


def a_kill_at_any_step_changes_nothing(folder):
    def play(name, kill):
        os.mkdir(os.path.join(folder, name))
        world = World(os.path.join(folder, name), [CHAIN])
        steps = life(world, lambda i: world.service.restart() if i == kill or kill == "each" else None)
        told, rows = world.told(), world.rows()
        world.at_rest()
        return told, rows, steps

    told, rows, steps = play("whole", None)
    check([m["notification"] for m in told].count("FINAL: SUCCESS"), 1)
    check(len(rows), 6)
    for kill in list(range(steps - 1)) + ["each"]:
        told_killed, rows_killed, _ = play("kill-%s" % kill, kill)
        check(told_killed, told, "notifications after a kill at %s" % kill)
        check(rows_killed, rows, "rows after a kill at %s" % kill)


def what_is_overdue_at_a_restart_is_done_at_once(folder):
    world = World(folder, [CHAIN, ONE])
    world.post(onset("chain", "r1", "vm"))
    world.service.restart()
    world.advance(5000)  # every deadline has passed: the attempt's first, at its own instant
    check(world.words("r1")[-1], "FINAL: FAILURE")
    world.post(onset("one", "r2", "vm"))
    world.answer(world.fetch(ASKED)[-1], "SUCCESS")
    check(world.words("r2")[-1], "FINAL: SUCCESS")


class SystemService:
    """A clguardd whose clock runs, one of several on a database."""

    def __init__(self, folder, _settings, options=()):
        self.folder, self.options = folder, list(options)
        self.lock = threading.Lock()
        self.start()

    def start(self):
        self.process = subprocess.Popen(
            [CLGUARDD, "--listen", "127.0.0.1:0", "--data", os.path.join(self.folder, "data"), "--durability", "process",
             "--workers", "1", "--log-level", "error", *self.options], stderr=subprocess.PIPE, text=True)
        for line in self.process.stderr:
            if line.startswith("listening on "):
                self.port = int(line.rsplit(":", 1)[1])
                return
        raise AssertionError("clguardd did not start")

    def restart(self):
        self.process.kill()
        self.process.wait()
        self.process.stderr.close()
        self.start()

    def stop(self):
        self.process.terminate()
        code = self.process.wait(timeout=30)
        self.process.stderr.close()
        assert code == 0, "clguardd ended with %d" % code

    def ask(self, method, path, body=None, media="application/json"):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        try:
            connection.request(method, path, body, {"Content-Type": media} if body is not None else {})
            answer = connection.getresponse()
            return answer.status, answer.read().decode()
        finally:
            connection.close()


def anyhow(services, chance, method, path, body=None):
    """Asks one or the other until one answers; what may have been done before is done again."""
    for _ in range(500):
        try:
            status, text = chance.choice(services).ask(method, path, body)
            if status == 200:
                return json.loads(text)
        except (OSError, http.client.HTTPException, ValueError):
            pass
        time.sleep(0.01)
    raise AssertionError("nobody answers")


def two_processes_share_the_work_and_one_may_die(folder):
    seed = random.randrange(1 << 30)
    chance = random.Random(seed)
    world = World(folder, [policy("shared", [("a", "APPC", "Restart", 60, 1, {"failure_retries": "b"}),
                                             ("b", "APPC", "Rebuild", 60, 0, {})])], service=SystemService)
    services = [world.service, SystemService(folder, SETTINGS, ["--policies", world.path])]
    OPEN.append(services[1])
    ended = threading.Event()

    def kill():
        while not ended.wait(random.uniform(0.05, 0.2)):
            services[1].restart()

    def act():
        mine = random.Random(seed + 1)
        while not ended.is_set():
            for text in anyhow(services, mine, "GET", "/events/%s/actor/0?timeout=100" % ASKED):
                request = json.loads(text)
                result = {1: "FAILURE", 2: "FAILURE" if len(request["requestID"]) % 2 else "SUCCESS"}[request["attempt"]] \
                    if request["operation"] == "Restart" else "SUCCESS"
                answer = json.dumps({"requestID": request["requestID"], "subRequestID": request["subRequestID"],
                                     "result": result})
                anyhow(services, mine, "POST", "/events/" + ANSWERED, answer)
                if mine.random() < 0.3:
                    anyhow(services, mine, "POST", "/events/" + ANSWERED, answer)

    world.must("GET", "/events/%s/actor/0?timeout=0" % ASKED)
    threads = [threading.Thread(target=kill), threading.Thread(target=act)]
    for thread in threads:
        thread.start()
    try:
        names = ["r" * (1 + i % 2) + "-%d" % i for i in range(60)]
        for i, name in enumerate(names):
            anyhow(services, chance, "POST", "/events/" + EVENTS, json.dumps(onset("shared", name, "vm-%d" % i)))
        for _ in range(1500):
            if not anyhow(services, chance, "GET", "/clguard/v1/transactions"):
                break
            time.sleep(0.01)
    finally:
        ended.set()
        for thread in threads:
            thread.join()
    finals = collections.Counter(m["requestId"] for m in world.told() if m["notification"].startswith("FINAL"))
    check({n: finals[n] for n in names if finals[n] != 1}, {}, "finals with seed %d" % seed)
    rows = collections.Counter((r["requestId"], r["operation"], r["subrequestId"]) for r in world.rows())
    check([k for k, n in rows.items() if n != 1], [], "rows with seed %d" % seed)
    by_name = collections.Counter(k[0] for k in rows)
    check({n: by_name[n] for n in names if by_name[n] != (3 if len(n) % 2 else 2)}, {}, "rows with seed %d" % seed)


# --- actors over HTTP ---

def certificate(folder, name, address):
    """A certificate of the address with its key, in one PEM file that is its own authority."""
    path = os.path.join(folder, name + ".pem")
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-keyout",
                    path + ".key", "-out", path, "-days", "2", "-subj", "/CN=" + name, "-addext", "subjectAltName=IP:" + address],
                   check=True, capture_output=True)
    with open(path + ".key", encoding="utf-8") as key, open(path, "a", encoding="utf-8") as file:
        file.write(key.read())
    return path


def over_tls(sock, path):
    """A listening socket whose connections use the certificate."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(path)
    return context.wrap_socket(sock, server_side=True, do_handshake_on_connect=False)


class Actor(http.server.ThreadingHTTPServer):
    """Answers each request with what the case says next: (status, body), or a function. tls: see over_tls."""
    daemon_threads = True

    def __init__(self, *answers, tls=None):
        self.answers, self.seen, self.lock = list(answers), [], threading.Lock()
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                with outer.lock:
                    outer.seen.append((self.path, self.headers["Content-Type"], body))
                    answer = outer.answers.pop(0)
                status, text = answer() if callable(answer) else answer
                try:
                    self.send_response(status)
                    self.send_header("Content-Length", str(len(text)))
                    self.end_headers()
                    self.wfile.write(text.encode())
                except OSError:
                    pass  # whoever asked is dead

            def log_message(self, *_):
                pass

        super().__init__(("127.0.0.1", 0), Handler)
        self.tls = tls
        if tls:
            self.socket = over_tls(self.socket, tls)
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def handle_error(self, *_):
        pass  # a client that does not like the certificate

    def url(self):
        return "%s://127.0.0.1:%d/work" % ("https" if self.tls else "http", self.server_port)


def has_libcurl():
    with tempfile.TemporaryDirectory() as folder:
        done = subprocess.run([CLGUARDD, "--listen", "127.0.0.1:0", "--actors", "X=http://127.0.0.1:1/", "--policies",
                               os.path.join(folder, "none")], capture_output=True, text=True, timeout=20, check=False)
        if "built without libcurl" in done.stderr:
            assert done.returncode == 1, done
            return False
    return True


def wait_for(world, test, what):
    for _ in range(1000):
        if test():
            return
        time.sleep(0.01)
    raise AssertionError("%s does not come: %s" % (what, world.words()))


def an_actor_may_be_called_over_http(folder):
    actor = Actor((500, ""), (200, json.dumps({"result": "FAILURE", "message": "no"})), (200, ""),  # Restart, thrice
                  (201, "garbage"))
    world = World(folder, [CHAIN.replace("failure_retries: b", "success: b")], "--actors", "APPC=" + actor.url())
    world.post(onset("chain", "r1", "vm"))
    wait_for(world, lambda: world.words().count("OPERATION: FAILURE") == 1, "a failure")
    world.advance(1)
    wait_for(world, lambda: world.words().count("OPERATION: FAILURE") == 2, "a second failure")
    world.advance(1)
    wait_for(world, lambda: world.words()[-1].startswith("FINAL"), "the final")
    check([r["message"] for r in world.rows()][::-1],
          ["HTTP status 500", "no", "Success", "the actor's answer cannot be understood"])
    check([r["outcome"] for r in world.rows()][::-1], ["Failure", "Failure", "Success", "Failure_Exception"])
    check([(p, t, b["operation"], b["attempt"]) for p, t, b in actor.seen],
          [("/work", "application/json", o, n) for o, n in (("Restart", 1), ("Restart", 2), ("Restart", 3),
                                                             ("Rebuild", 1))])
    actor.shutdown()


def an_actor_that_is_not_there_is_an_exception(folder):
    actor = Actor()
    url = actor.url()
    actor.shutdown()
    actor.server_close()
    world = World(folder, [ONE], "--actors", "APPC=" + url)
    world.post(onset("one", "r1", "vm"))
    wait_for(world, lambda: world.words()[-1] == "FINAL: FAILURE", "the final")
    check(world.rows()[0]["outcome"], "Failure_Exception")


def an_actor_over_https_is_verified(folder):
    known, other = certificate(folder, "known", "127.0.0.1"), certificate(folder, "other", "127.0.0.9")
    for why, tls, options, final in (("https_ca vouches for it", known, ["--https-ca", known], "FINAL: SUCCESS"),
                                     ("the system does not know it", known, [], "FINAL: FAILURE"),
                                     ("the certificate of another", other, ["--https-ca", other], "FINAL: FAILURE")):
        actor = Actor((200, ""), tls=tls)
        world = World(tempfile.mkdtemp(dir=folder), [ONE], "--actors", "APPC=" + actor.url(), *options)
        world.post(onset("one", "r1", "vm"))
        wait_for(world, lambda: world.words()[-1].startswith("FINAL"), why)
        check((why, world.words()[-1], len(actor.seen)), (why, final, int(final.endswith("SUCCESS"))))
        if not actor.seen:
            check(world.rows()[0]["outcome"], "Failure_Exception")
        actor.shutdown()


def an_actor_may_accept_now_and_answer_on_its_topic(folder):
    actor = Actor((202, ""), (202, ""))
    world = World(folder, [ONE], "--actors", "APPC=" + actor.url())
    world.post(onset("one", "r1", "vm"))
    wait_for(world, lambda: actor.seen, "the request")
    time.sleep(0.1)
    world.service.restart()  # what was accepted is not sent again
    time.sleep(0.3)
    check(len(actor.seen), 1)
    world.answer(actor.seen[0][2], "SUCCESS")
    check(world.words()[-1], "FINAL: SUCCESS")
    actor.shutdown()


def a_call_that_was_under_way_is_made_again_after_a_kill(folder):
    gate = threading.Event()

    def hang():
        gate.wait(30)
        return 200, ""

    actor = Actor(hang, (200, json.dumps({"result": "SUCCESS", "message": "second"})))
    world = World(folder, [ONE], "--actors", "APPC=" + actor.url())
    world.post(onset("one", "r1", "vm"))
    wait_for(world, lambda: len(actor.seen) == 1, "the request")
    world.service.restart()
    wait_for(world, lambda: world.words()[-1] == "FINAL: SUCCESS", "the final")  # once the dead one's claim is over
    check(actor.seen[0][2], actor.seen[1][2], "the same request, with the same subRequestID")
    check([r["message"] for r in world.rows()], ["second"])
    gate.set()
    actor.shutdown()


def a_call_ends_with_its_attempt(folder):
    gate = threading.Event()

    def hang():
        gate.wait(30)
        return 200, ""

    actor = Actor(hang)
    world = World(folder, [ONE], "--actors", "APPC=" + actor.url())
    world.post(onset("one", "r1", "vm"))
    wait_for(world, lambda: len(actor.seen) == 1, "the request")
    world.advance(20)
    check(world.rows()[0]["outcome"], "Failure_Timeout")
    gate.set()  # what it says now concerns nobody
    time.sleep(0.1)
    check(world.words()[-1], "FINAL: FAILURE")
    actor.shutdown()


def a_libcurl_that_cannot_be_loaded_is_told_at_start(folder):
    for name in ("libcurl.so.4", "libcurl-gnutls.so.4", "libcurl-nss.so.4"):
        with open(os.path.join(folder, name), "w", encoding="ascii") as file:
            file.write("no library" * 100)
    known = os.environ.get("LD_LIBRARY_PATH")
    environment = dict(os.environ, LD_LIBRARY_PATH=folder + (":" + known if known else ""))
    ask = [CLGUARDD, "--listen", "127.0.0.1:0", "--actors"]
    done = subprocess.run([*ask, "X=http://127.0.0.1:1/"], capture_output=True, text=True, timeout=20, check=False,
                          env=environment)
    check(done.returncode, 3, "with a URL")
    assert "cannot load libcurl.so.4, for actors or keys with a URL: " in done.stderr, done.stderr
    assert "libcurl.so.4: invalid ELF header" in done.stderr, done.stderr
    # Who has no such actor does not load it.
    service = subprocess.Popen([*ask, "X=a,b"], stderr=subprocess.PIPE, text=True, env=environment)
    try:
        assert any("listening" in line for line in service.stderr), "it does not start"
        with open("/proc/%d/maps" % service.pid, encoding="ascii") as file:
            assert "libcurl" not in file.read()
    finally:
        service.terminate()
        service.communicate()


# --- settings ---

def a_road_that_is_none_is_refused_at_start(_folder):
    for item, text in (("APPC", "actors: 'APPC' is neither ACTOR=REQUEST_TOPIC,RESPONSE_TOPIC nor ACTOR=URL"),
                       ("APPC=x", "actors: 'APPC=x' is neither"), ("=a,b", "actors: '=a,b' is neither"),
                       ("A=a,b A=c,d", "actors: 'A' stands twice"), ("A=a,b/c", "actors: 'A=a,b/c' is neither")):
        done = subprocess.run([CLGUARDD, "--listen", "127.0.0.1:0", "--actors", *item.split()], capture_output=True,
                              text=True, timeout=20, check=False)
        check(done.returncode, 1, item)
        assert text in done.stderr, done.stderr


CASES = [
    a_target_belongs_to_one_loop_until_its_final, one_transaction_too_many_is_rejected,
    what_strangers_say_changes_nothing, texts_that_do_not_fit_a_row_are_refused_or_cut,
    a_request_says_what_an_actor_needs, an_operator_can_end_a_transaction,
    the_operation_that_would_be_one_too_many_is_denied_and_explained, every_attempt_counts_and_one_right_covers_them,
    a_transaction_goes_on_by_the_policy_it_began_with, a_kill_at_any_step_changes_nothing,
    what_is_overdue_at_a_restart_is_done_at_once, two_processes_share_the_work_and_one_may_die,
    a_road_that_is_none_is_refused_at_start,
]
HTTP_CASES = [
    an_actor_may_be_called_over_http, an_actor_that_is_not_there_is_an_exception, an_actor_over_https_is_verified,
    an_actor_may_accept_now_and_answer_on_its_topic, a_call_that_was_under_way_is_made_again_after_a_kill,
    a_call_ends_with_its_attempt, a_libcurl_that_cannot_be_loaded_is_told_at_start,
]


def run(asked):
    """The number of cases that failed."""
    cases = CASES + (HTTP_CASES if has_libcurl() else [])
    cases = [c for c in cases if not asked or any(a in c.__name__ for a in asked)]
    failed = 0
    for case in cases:
        with tempfile.TemporaryDirectory() as folder:
            OPEN.clear()
            try:
                case(folder)
                for service in OPEN:
                    service.stop()
            except (AssertionError, OSError, http.client.HTTPException, ValueError, KeyError, IndexError) as error:
                failed += 1
                print("FAIL %s: %s" % (case.__name__.replace("_", " "), repr(error)[:2000]))
                for service in OPEN:
                    service.process.kill()
                    service.process.wait()
    print("%d of %d cases of our own pass" % (len(cases) - failed, len(cases)))
    return failed
