#!/usr/bin/env python3
"""metrics - histograms and gauges tell what was done; the alert rules and the dashboard name series that are there."""
# SPDX-License-Identifier: Apache-2.0
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile

import service
from service import BLACKLIST, DECISION, LIMITER, Service, ask, wait_for

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import gateway  # noqa: E402

MONITORING = os.path.join(service.SOURCE, "doc", "monitoring")
ALERTS = os.path.join(MONITORING, "clguard-alerts.yaml")
UNPACKED = os.path.join(service.BUILD, "prometheus", "usr", "bin", "promtool")  # by ./bootstrap check
PROMTOOL = shutil.which("promtool") or (UNPACKED if os.path.exists(UNPACKED) else None)
OTHERS = """tosca_definitions_version: tosca_simple_yaml_1_1_0
topology_template:
  policies:
    - edge.counts:
        type: onap.policies.controlloop.guard.common.MinMax
        type_version: 1.0.0
        version: 1.0.0
        properties: {actor: SO, operation: Scale, target: x, min: 1, max: 3}
"""


def series(server):
    """{name with its labels: value}"""
    text = server.request("GET", "/metrics", headers={}).body.decode()
    return {name: float(value) for name, value in re.findall(r"(?m)^([^#\s]\S*(?:\{.*\})?) (\S+)$", text)}


def buckets(found, name, labels):
    """Counts of a histogram, one a bucket, and its own count."""
    label = "".join(f'{key}="{value}",' for key, value in labels.items())
    counts = [value for key, value in found.items() if key.startswith(f"{name}_bucket{{{label}le=")]
    return counts, found.get(f"{name}_count{{{label[:-1]}}}" if label else f"{name}_count")


def test_decision_time_by_door_and_kind(suite):
    with Service(policies={"b.yaml": BLACKLIST % "bad", "l.yaml": LIMITER, "m.yaml": OTHERS}) as server:
        cell = {"actor": "RANC", "operation": "Cell Reset"}
        server.decide(**cell, target="bad")
        server.decide(**cell, target="bad")
        server.decide(**cell, target="good")
        server.decide(actor="SO", operation="Scale", target="x", vfCount=4)
        server.request("POST", "/access/v1/evaluation", {"subject": {"type": "actor", "id": "RANC"},
                                                         "action": {"name": "Cell Reset"}, "resource": {"type": "cell", "id": "bad"}})
        server.request("POST", "/clguard/v1/decisions", {"decisions": [ask(**cell, target="good")] * 3})
        for i in range(3):
            server.request("POST", "/clguard/v1/reservations", ask(**cell, target="r", requestId=str(i)))
        found = series(server)
        for door, kind, count in (("decision", "Blacklist", 2), ("decision", "none", 4), ("decision", "MinMax", 1),
                                  ("authzen", "Blacklist", 1), ("reservation", "none", 2), ("reservation", "FrequencyLimiter", 1)):
            counts, all_of_them = buckets(found, "clguard_decision_duration_seconds", {"door": door, "kind": kind})
            suite.equal((all_of_them, counts and counts[-1]), (count, count), f"{door} {kind}")
            suite.check(counts == sorted(counts), f"buckets add up: {counts}")
            took = found[f'clguard_decision_duration_seconds_sum{{door="{door}",kind="{kind}"}}']
            suite.check(0 < took < 10, f"{door} {kind} takes {took} s")
        suite.check('clguard_decision_duration_seconds_count{door="runtime",kind="none"}' not in found, "no series of nothing")
        counts, commits = buckets(found, "clguard_commit_group_requests", {})
        suite.check(counts[-1] == commits and commits >= 1, f"commits with requests: {counts}")
        suite.check(found["clguard_commit_group_requests_sum"] >= 2, "two reservations were taken")


def test_database_and_loads(suite):
    with Service(policies={"b.yaml": BLACKLIST % "bad"}) as server:
        found = series(server)
        suite.check(found["clguard_database_pages"] > found["clguard_database_free_pages"] >= 0, "pages")
        suite.check(found["clguard_database_readers"] >= 3, "workers read")
        suite.equal((found["clguard_reload_failing"], found.get('clguard_warning{warning="load_refused"}')), (0, None), "all is well")
        server.write("b.yaml", BLACKLIST.replace("blacklist:", "blacklists:") % "bad")
        suite.check(wait_for(lambda: series(server)["clguard_reload_failing"] == 1), "a refused load shows")
        found = series(server)
        suite.equal(found.get('clguard_warning{warning="load_refused"}'), 1, "and is a warning")
        suite.check(found['clguard_reloads_total{result="failure"}'] >= 1, "and is counted")
        server.write("b.yaml", BLACKLIST % "good")
        suite.check(wait_for(lambda: series(server)["clguard_reload_failing"] == 0), "until it is mended")


def test_control_loops(suite):
    with Service("--clock", "manual") as server:
        loop = gateway.Loop(server)

        def wanted(**values):
            names = {name.replace("__", "{", 1).replace("__", '="').replace("_END", '"}'): value for name, value in values.items()}
            good = wait_for(lambda: all(series(server).get(name) == value for name, value in names.items()))
            suite.check(good, f"{names} in {dict((n, series(server).get(n)) for n in names)}")
        wanted(clguard_instances__state__UNINITIALISED_END=1, clguard_elements=3, clguard_instances_overdue=0, clguard_orders_total=0)
        suite.check(sum(value for name, value in series(server).items() if name.startswith("clguard_participants{")) == 3,
                    f"participants: {[n for n in series(server).items() if 'participants' in n[0]]}")
        loop.order("PASSIVE")
        wanted(clguard_instances__state__UNINITIALISED2PASSIVE_END=1, clguard_instances__state__UNINITIALISED_END=0,
               clguard_orders_total=1, clguard_order_repeats_total=0)
        found = series(server)
        suite.equal(found.get('clguard_decision_duration_seconds_count{door="runtime",kind="none"}'), 3, "the guard was asked for each element")
        behind = found['clguard_topic_group_lag_messages{topic="POLICY-CLRUNTIME-PARTICIPANT",group="test"}']
        suite.check(behind > 3 and behind == found["clguard_topic_lag_most_messages"], f"the group has not read {behind} messages")
        for _ in range(40):  # nobody answers: it is asked again, and stands in the end
            server.request("PUT", "/clguard/v1/clock", {"advance_ms": 20000})
        wanted(clguard_instances_overdue=1)
        found = series(server)
        suite.check(found["clguard_order_repeats_total"] >= 1, f"repeated: {found['clguard_order_repeats_total']}")
        suite.check(found["clguard_orders_total"] > found["clguard_order_repeats_total"], "the first one is not a repetition")
        loop.listen()
        wanted(clguard_topic_lag_most_messages=0)


def tracing():
    """Options of traces, where the build has libcurl for them."""
    try:
        with Service("--trace-url", "http://127.0.0.1:1"):
            return "--trace-url", "http://127.0.0.1:1"
    except RuntimeError:
        return ()


def exercised():
    """The text of /metrics of a service that has all that it can be asked to have."""
    folder = tempfile.TemporaryDirectory()
    users = os.path.join(folder.name, "users")
    with open(users, "w", encoding="utf-8") as file:
        file.write("admin:secret\n")
    with Service("--users", users, "--audit-log", os.path.join(folder.name, "audit"), "--decision-log",
                 os.path.join(folder.name, "decisions"), "--decision-log-journal", "/dev/null", *tracing(),
                 data=os.path.join(folder.name, "db"), policies={"b.yaml": BLACKLIST % "bad"}) as server:
        who = service.basic("admin", "secret")
        server.request("POST", DECISION, ask(actor="RANC", operation="Cell Reset", target="bad"), {**service.JSON, **who})
        server.request("GET", "/clguard/v1/generation", headers=service.basic("admin", "wrong"))
        wait_for(lambda: "clguard_instances_overdue" in server.request("GET", "/metrics", headers=who).body.decode())
        text = server.request("GET", "/metrics", headers=who).body.decode()
    folder.cleanup()
    return text


def named(expression):
    """The names of series in an expression of Prometheus'."""
    bare = re.sub(r'"[^"]*"|\{[^}]*\}|(?:by|without) \([^)]*\)|\$\w+', " ", expression)
    return set(re.findall(r"\b(?:clguard|pdpx|process|jvm)_\w+", bare))


def test_what_rules_and_dashboard_name_is_there(suite):
    text = exercised()
    types = dict(re.findall(r"(?m)^# TYPE (\S+) (\S+)$", text))
    there = {name for name, kind in types.items() if kind != "histogram"}
    there |= {name + end for name, kind in types.items() if kind == "histogram" for end in ("_bucket", "_sum", "_count")}
    with open(ALERTS, encoding="utf-8") as file:
        rules = file.read()
    with open(os.path.join(MONITORING, "clguard-dashboard.json"), encoding="utf-8") as file:
        dashboard = json.load(file)
    expressions = [e for e in re.findall(r"(?m)^ *expr: (.*)$", rules) if "clguard_trace_" not in e or tracing()]
    panels = [target["expr"] for panel in dashboard["panels"] for target in panel.get("targets", ())]
    suite.check(len(expressions) > 20 and len(panels) > 20, "expressions are found")
    for expression in expressions + panels:
        for name in named(expression):
            suite.check(name in there, f"{name} of {expression} is not in /metrics")
        for name in re.findall(r"(?:rate|increase)\((clguard_\w+)", expression):
            kind = types.get(re.sub(r"_(bucket|sum|count)$", "", name), types.get(name))
            suite.check(kind in ("counter", "histogram"), f"{expression}: {name} is a {kind}")
    suite.equal(len({panel["id"] for panel in dashboard["panels"]}), len(dashboard["panels"]), "panels have ids of their own")
    names = re.findall(r"(?m)^ *- alert: (\w+)$", rules)
    with open(os.path.join(service.SOURCE, "doc", "operations.md"), encoding="utf-8") as file:
        suite.equal(sorted(re.findall(r"(?m)^### (\w+)$", file.read())), sorted(names), "doc/operations.md says what to do about each")
    suite.equal(len(names), len(set(names)), "alerts have names of their own")


def test_promtool_is_content(suite):
    if not PROMTOOL:
        print("skipped: promtool check metrics and rules (it is not installed: Debian's package prometheus)")
        return
    done = subprocess.run([PROMTOOL, "check", "metrics"], input=exercised(), capture_output=True, text=True, check=False)
    suite.equal((done.returncode, done.stdout + done.stderr), (0, ""), "promtool check metrics")
    done = subprocess.run([PROMTOOL, "check", "rules", ALERTS], capture_output=True, text=True, check=False)
    suite.equal(done.returncode, 0, f"promtool check rules: {done.stdout}{done.stderr}")


service.main(globals())
