#!/usr/bin/env python3
"""clock - the wall clock steps back, ahead, both, by a leap second, and the machine sleeps: limits hold in true time."""
# SPDX-License-Identifier: Apache-2.0
import datetime
import os
import re
import tempfile
import time

import gateway
import service
from service import LIMITER, Service, Steps, wait_for

RESERVATIONS = "/clguard/v1/reservations"
HOUR_MS = 3600 * 1000
LIMIT, WINDOW_S = 5, 2
FIVE = LIMITER.replace("limit: 2", f"limit: {LIMIT}").replace("timeWindow: 10", f"timeWindow: {WINDOW_S}").replace(
    "minute", "second")


class Taker:
    """Takes rights and remembers when, in true time."""

    def __init__(self):
        self.taken = []

    def take(self, server, most=100):
        """As many rights as there are, up to so many; how many were given."""
        for given in range(most):
            number = f"{time.monotonic()}"
            reply = server.request("POST", RESERVATIONS, service.ask(
                actor="RANC", operation="Cell Reset", target="gnb-1", requestId=number))
            if reply.status != 201:
                return given
            reply = server.request("PUT", f"{RESERVATIONS}/{reply.json['reservation']}", {"outcome": "Success"})
            assert reply.status == 200, reply.body
            self.taken.append(time.monotonic())
        return most

    def most_in_a_window(self):
        """The greatest number of rights whose operations ended within one window of true time, less the clock's tick."""
        return max(sum(first <= at < first + WINDOW_S - .05 for at in self.taken) for first in self.taken)


def metric(server, name):
    for line in server.request("GET", "/metrics", headers={}).body.decode().splitlines():
        if line.startswith(name + " "):
            return float(line.split()[1])
    return None


def ready(server):
    """What it says of readiness and of the conditions here; not what is in force."""
    told = server.request("GET", "/ready", headers={}).json
    return {name: value for name, value in told.items() if name not in ("policies", "guards", "warnings")}


def status_of(server):
    return service.subprocess.run([os.path.join(service.BUILD, "clguard"), "status", "--service", server.address()],
                                  capture_output=True, text=True, timeout=60, check=False).stdout


def test_a_step_back_and_right_again_gives_no_right_twice(suite):
    with Steps() as steps, Service(policies={"l.yaml": FIVE}, prepare=steps.prepare) as server:
        taker = Taker()
        taker.take(server, 1)
        steps.set(wall_ms=-HOUR_MS)
        time.sleep(WINDOW_S - .7)
        suite.equal(taker.take(server), LIMIT - 1, "the rest of the window's rights")
        steps.set()
        time.sleep(.9)
        suite.equal(taker.take(server), 1, "only the first has left the window")
        suite.equal(taker.most_in_a_window(), LIMIT, "rights within a window of true time")


def test_a_step_ahead_and_back_denies_for_no_longer_than_the_window(suite):
    with Steps() as steps, Service(policies={"l.yaml": FIVE}, prepare=steps.prepare) as server:
        taker = Taker()
        steps.set(wall_ms=HOUR_MS)
        suite.equal(taker.take(server), LIMIT, "a window's rights")
        steps.set()
        suite.equal(taker.take(server), 0, "and no more")
        time.sleep(WINDOW_S)
        suite.equal(taker.take(server), LIMIT, "after the window")
        suite.equal(taker.most_in_a_window(), LIMIT, "rights within a window of true time")


def test_a_step_ahead_empties_no_window(suite):
    with Steps() as steps, Service(policies={"l.yaml": FIVE}, prepare=steps.prepare) as server:
        taker = Taker()
        suite.equal(taker.take(server), LIMIT, "a window's rights")
        for step_ms in (1000, HOUR_MS, 24 * HOUR_MS):
            steps.set(wall_ms=step_ms)
            suite.equal(taker.take(server), 0, f"{step_ms} ms ahead")


def test_a_stamp_is_not_the_last_tick(suite):
    """The kernel's tick is some milliseconds old, at one time more than at another: windows by it would be as much too short."""
    with Service(policies={"l.yaml": FIVE}) as server:
        late = []
        for i in range(20):
            question = service.ask(actor="RANC", operation="Cell Reset", target=f"gnb-{i}", requestId=f"r{i}")
            reservation = server.request("POST", RESERVATIONS, question).json["reservation"]
            sent = time.time()
            server.request("PUT", f"{RESERVATIONS}/{reservation}", {"outcome": "Success"})
            row = server.request("GET", "/clguard/v1/operations?limit=1").json[0]
            stamp = datetime.datetime.fromisoformat(row["endtime"].replace("Z", "+00:00")).timestamp()
            late.append((sent - stamp) * 1000)
    suite.check(-100 < max(late) < 2.5, f"stamps are up to {max(late):.1f} ms too early")


def test_a_sleep_of_the_machine_counts_as_time(suite):
    with Steps() as steps, Service(policies={"l.yaml": FIVE}, prepare=steps.prepare) as server:
        taker = Taker()
        suite.equal(taker.take(server), LIMIT, "a window's rights")
        steps.set(wall_ms=1000 * WINDOW_S, suspended_ms=1000 * WINDOW_S)
        suite.check(wait_for(lambda: taker.take(server, 1), timeout=2), "the window has passed asleep")
        suite.check("clock_difference" not in str(ready(server)), "both clocks went on alike")


def test_a_restart_goes_on_in_the_time_of_the_process_before(suite):
    for step_ms, kill in ((-HOUR_MS, True), (HOUR_MS, False)):
        with Steps() as steps, tempfile.TemporaryDirectory() as data, \
                Service(policies={"l.yaml": FIVE}, prepare=steps.prepare, data=data) as server:
            taker = Taker()
            suite.equal(taker.take(server), LIMIT, "a window's rights")
            if kill:
                server.kill()
            else:
                server.stop()
            steps.set(wall_ms=step_ms)
            server.start()
            suite.check(not taker.take(server, 1) or time.monotonic() > taker.taken[0] + WINDOW_S - .05,
                        f"{step_ms} ms, killed {kill}")
            time.sleep(max(0, taker.taken[LIMIT - 1] + WINDOW_S + .05 - time.monotonic()))
            suite.check(wait_for(lambda: taker.take(server, LIMIT)), "after the window")
            suite.check(taker.most_in_a_window() <= LIMIT, "rights within a window of true time")


def test_two_processes_that_started_at_different_wall_times_share_one_time(suite):
    with Steps() as steps, tempfile.TemporaryDirectory() as data, \
            Service(policies={"l.yaml": FIVE}, prepare=steps.prepare, data=data) as first:
        taker = Taker()
        suite.equal(taker.take(first, 2), 2, "of the first")
        steps.set(wall_ms=HOUR_MS)
        with Service(policies={"l.yaml": FIVE}, prepare=steps.prepare, data=data) as second:
            suite.equal(taker.take(second), LIMIT - 2, "the rest is the second's")
            suite.equal(taker.take(first), 0, "and nothing is left")
            time.sleep(WINDOW_S)
            suite.equal(taker.take(first), LIMIT, "after the window")
            suite.equal(taker.most_in_a_window(), LIMIT, "rights within a window of true time")


def test_a_difference_is_told_until_it_is_over_or_accepted(suite):
    with Steps() as steps, tempfile.TemporaryDirectory() as data, \
            Service("--clock-difference-ms", "2000", policies={"l.yaml": FIVE}, prepare=steps.prepare, data=data) as server:
        suite.equal(ready(server), {"ready": True}, "the clocks agree")
        suite.check(abs(metric(server, "clguard_clock_difference_seconds")) < .1, "the metric")
        for step_ms in (-HOUR_MS, HOUR_MS):
            steps.set(wall_ms=step_ms)
            suite.check(wait_for(lambda: "clock" in ready(server)), "/ready tells")
            told = ready(server)
            suite.equal(told["ready"], True, "decisions are answered")
            suite.check(abs(told["clock"]["difference_ms"] - step_ms) < 1000, f"{told}")
            suite.check(abs(metric(server, "clguard_clock_difference_seconds") - step_ms / 1000) < 1, "the metric")
            suite.check(wait_for(lambda: "the wall clock is" in server.log_text()), "the log tells")
            where = "ahead of" if step_ms > 0 else "behind"
            shown = status_of(server)
            suite.check(re.search(f"^clock: the wall clock is (3599|3600) s {where} the decision clock", shown, re.M), f"status tells: {shown}")
            steps.set()
            suite.check(wait_for(lambda: ready(server) == {"ready": True}), "over")
            suite.check("\nclock: " not in status_of(server), "status, too")
        suite.equal(server.log_text().count("the wall clock is"), 2, "each once")
        suite.equal(server.log_text().count("the wall clock agrees"), 2, "and its end")
        steps.set(wall_ms=-1000)
        time.sleep(1.2)
        suite.equal(ready(server), {"ready": True}, "a leap second is not told")
        steps.set(wall_ms=HOUR_MS)
        suite.check(wait_for(lambda: "clock" in ready(server)), "/ready tells")
        accepted = service.subprocess.run([os.path.join(service.BUILD, "clguard"), "db", "accept", "--data", data],
                                          preexec_fn=steps.prepare)
        suite.equal(accepted.returncode, 0, "accepted")
        suite.check(wait_for(lambda: ready(server) == {"ready": True}), "the decision clock follows who accepts it")


def test_a_lease_ends_in_true_time(suite):
    with Steps() as steps, Service(policies={"l.yaml": FIVE}, prepare=steps.prepare) as server:
        body = service.ask(actor="RANC", operation="Cell Reset", target="gnb-1", requestId="r-1")
        body["lease_s"] = 1
        suite.equal(server.request("POST", RESERVATIONS, body).status, 201, "a right")
        steps.set(wall_ms=-HOUR_MS)
        suite.check(wait_for(lambda: metric(server, "clguard_reservations_expired_total") == 1, timeout=5), "it expires")


def test_supervision_waits_in_true_time(suite):
    """An order that nobody answers is sent again when that is due: neither at once, nor an hour late."""
    options = ("--heart-beat-ms", "100", "--max-status-wait-ms", "1000", "--on-failure", "hold")
    for name, wall_ms, suspended_ms in (("back", -HOUR_MS, 0), ("ahead", HOUR_MS, 0), ("a leap second", 1000, 0)):
        with Steps() as steps, Service(*options, prepare=steps.prepare) as server:
            loop, sent = gateway.Loop(server), []

            def updates():
                sent.extend([time.monotonic()] * sum(m["messageType"] == "CONTROL_LOOP_UPDATE" for m in loop.listen()))
                return len(sent)
            loop.order("PASSIVE")
            suite.equal(wait_for(updates), 1, f"{name}: the order")
            steps.set(wall_ms=wall_ms, suspended_ms=suspended_ms)
            suite.check(wait_for(lambda: updates() > 1), f"{name}: it is sent again")
            suite.check(.8 < sent[1] - sent[0] < 5, f"{name}: after {sent[1] - sent[0]:.1f} s")


if __name__ == "__main__":
    service.main(globals())
