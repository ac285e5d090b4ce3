#!/usr/bin/env python3
"""run - other engines beside clguard: the same guards, the same requests, in turns; in-process and over HTTP

Each engine is installed by its own script beside this file, into CLGUARD_PEERS; what cannot be installed is left out.
Every engine must give the same share of Denies, or the run stops.
"""

# SPDX-License-Identifier: Apache-2.0
import csv
import json
import os
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(1, os.path.dirname(HERE))
from results import middle, number  # noqa: E402

BUILD, PEERS = os.environ.get("top_builddir", "."), os.environ["CLGUARD_PEERS"]
os.environ["CLGUARD_RESULTS"] = os.path.join(BUILD, "bench", "peers.jsonl")
TURNS, REQUESTS = 3, 1000
TOO_MANY = {("SAPL", 10000)}  # without an index over them, one decision takes a good part of a second
GUARDS = ((10, 10), (10, 1000), (1000, 10), (10000, 10))  # policies, entries of each blacklist


def installed(name):
    done = subprocess.run(["sh", os.path.join(HERE, name + ".sh"), PEERS], check=False).returncode == 0
    if not done:
        print(f"{name}: cannot be installed here, left out", flush=True)
    return done


def entries(count):
    return [f"vm-{i * 100}" if i < 10 else f"vm-{REQUESTS + i}" for i in range(count)]


def write(path, text):
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)


def write_ours(path, policies, listed):
    out = ["tosca_definitions_version: tosca_simple_yaml_1_1_0", "topology_template:", "  policies:"]
    for i in range(policies):
        kind, rest = (
            ("MinMax", "target: .*, min: 1, max: 4")
            if i % 2
            else ("Blacklist", f"blacklist: [{', '.join(entries(listed))}]")
        )
        out.append(
            f"    - p{i}: {{type: onap.policies.controlloop.guard.common.{kind}, type_version: 1.0.0, version: 1.0.0, "
            f"properties: {{actor: SO, operation: op-{i}, {rest}}}}}"
        )
    write(path, "\n".join(out) + "\n")


def write_opa(path, policies, listed):
    targets = {target: True for target in entries(listed)}
    write(
        path,
        json.dumps(
            {
                "guards": {
                    "SO": {
                        f"op-{i}": [{"min": 1, "max": 4} if i % 2 else {"targets": targets}] for i in range(policies)
                    }
                }
            }
        ),
    )


def write_cedar(policy_path, entity_path, policies, listed):
    out = ["permit(principal, action, resource);"]
    for i in range(policies):
        scope = f'forbid(principal == Actor::"SO", action == Action::"op-{i}", resource'
        out.append(
            f"{scope}) when {{ context.vfCount < 1 || context.vfCount > 4 }};"
            if i % 2
            else f'{scope} in Blacklist::"b");'
        )
    write(policy_path, "\n".join(out) + "\n")
    write(
        entity_path,
        json.dumps(
            [
                {"uid": {"type": "Target", "id": target}, "attrs": {}, "parents": [{"type": "Blacklist", "id": "b"}]}
                for target in entries(listed)
            ]
        ),
    )


def write_sapl(path, policies, listed):
    targets = json.dumps(entries(listed))
    out = []
    for i in range(policies):
        head = f'policy "p{i}" deny subject == "SO" & action == "op-{i}"'
        out.append(
            f"{head} & (environment.vfCount < 1 | environment.vfCount > 4)"
            if i % 2
            else f"{head} & resource in {targets}"
        )
    write(path, "\n".join(out) + "\n")


def write_requests(tsv, lines):
    requests = [("SO", f"op-{i % 10}", f"vm-{i}", 3) for i in range(REQUESTS)]
    write(tsv, "".join("\t".join(map(str, request)) + "\n" for request in requests))
    write(
        lines,
        "".join(
            json.dumps(dict(zip(("actor", "operation", "target", "vfCount"), request))) + "\n" for request in requests
        ),
    )


def sapl_classpath():
    path = os.path.join(PEERS, "sapl", "classpath")
    if not os.path.exists(path):
        return ""
    with open(path, encoding="utf-8") as file:
        return file.read().strip() + ":" + os.path.join(PEERS, "sapl", "target", "classes")


def in_process(folder, engines):
    tsv, lines = os.path.join(folder, "requests.tsv"), os.path.join(folder, "requests.json")
    ours, data, policies, entity, sapl = (
        os.path.join(folder, name)
        for name in ("ours.yaml", "data.json", "policies.cedar", "entities.json", "policies.sapl")
    )
    write_requests(tsv, lines)
    for count, listed in GUARDS:
        write_ours(ours, count, listed)
        write_opa(data, count, listed)
        write_cedar(policies, entity, count, listed)
        write_sapl(sapl, count, listed)
        rounds = {"clguard": 100, "OPA": 5, "Cedar": 5 if count <= 10 else 1, "SAPL": 20 if count <= 10 else 1}
        commands = {
            "clguard": [os.path.join(BUILD, "bench", "peers", "ask"), ours, tsv],
            "OPA": [os.path.join(PEERS, "opa", "opa-bench"), os.path.join(HERE, "opa", "guard.rego"), data, lines],
            "Cedar": [os.path.join(PEERS, "cedar", "cedar-bench"), policies, entity, lines],
            "SAPL": ["java", "-Dslf4j.internal.verbosity=ERROR", "-cp", sapl_classpath(), "Bench", sapl, lines],
        }
        runs = {name: [] for name in commands if name in engines and (name, count) not in TOO_MANY}
        for _ in range(TURNS):
            for name, results in runs.items():
                results.append(
                    json.loads(
                        subprocess.run(commands[name] + [str(rounds[name])], stdout=subprocess.PIPE, check=True).stdout
                    )
                )
        if len({round(result["denied"], 6) for results in runs.values() for result in results}) != 1:
            sys.exit(f"the engines disagree: { {name: results[0]['denied'] for name, results in runs.items()} }")
        for name, results in runs.items():
            path = f"peers/in-process decision, ns/{count:,} policies, {listed:,} entries/{name}"
            for what in ("p50", "p99", "p99.9"):
                number(f"{path}/{what}", middle(r[what] for r in results), "ns")
            number(f"{path}/max", max(r["max"] for r in results), "ns")


def wait_for(port):
    import socket

    for _ in range(200):
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    sys.exit(f"nothing listens on {port}")


def free_port():
    import socket

    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def over_http(folder, engines):
    """One core for the server, one for the client."""
    cores = sorted(os.sched_getaffinity(0))
    core, client = str(cores[0]), str(cores[-1])
    ours, data = os.path.join(folder, "ours.yaml"), os.path.join(folder, "data.json")
    request = {"actor": "SO", "operation": "op-1", "target": "vm-7", "vfCount": 3}
    bodies = {"clguardd": {"action": "guard", "resource": {"guard": request}}, "OPA server": {"input": request}}
    paths = {"clguardd": "/policy/pdpx/v1/decision", "OPA server": "/v1/data/guard/allow"}
    for count, listed in ((10, 10), (10000, 10)):
        write_ours(ours, count, listed)
        write_opa(data, count, listed)
        ports = {"clguardd": free_port(), "OPA server": free_port()}
        commands = {
            "clguardd": [
                os.path.join(BUILD, "clguardd"),
                "--listen",
                f"127.0.0.1:{ports['clguardd']}",
                "--workers",
                "1",
                "--policies",
                ours,
            ],
            "OPA server": [
                os.path.join(PEERS, "opa", "opa"),
                "run",
                "--server",
                "--log-level",
                "error",
                "--addr",
                f"127.0.0.1:{ports['OPA server']}",
                os.path.join(HERE, "opa", "guard.rego"),
                data,
            ],
        }
        if "OPA" not in engines:
            return
        processes = [
            subprocess.Popen(["taskset", "-c", core] + command, stderr=subprocess.DEVNULL)
            for command in commands.values()
        ]
        try:
            runs = {name: [] for name in commands}
            for name, port in ports.items():
                wait_for(port)
                write(os.path.join(folder, name), json.dumps(bodies[name]))
            for _ in range(TURNS):
                for name, port in ports.items():
                    out = subprocess.run(
                        [
                            "taskset",
                            "-c",
                            client,
                            os.path.join(BUILD, "bench", "http"),
                            "-p",
                            str(port),
                            "-b",
                            os.path.join(folder, name),
                            "-u",
                            paths[name],
                            "-c",
                            "64",
                            "-s",
                            "1",
                        ],
                        stdout=subprocess.PIPE,
                        check=True,
                    ).stdout
                    runs[name].append(json.loads(out))
        finally:
            for process in processes:
                process.terminate()
                process.wait()
        for name, results in runs.items():
            path = f"peers/over HTTP, one core, 64 clients, us/{count:,} policies/{name}"
            for what in ("rate", "p50", "p99", "p99.9"):
                number(f"{path}/{what}", middle(r[what] for r in results))
            number(f"{path}/max", max(r["max"] for r in results))


def limiter(folder):
    """Rights per second with 64 clients: Redis with an exact sliding window in Lua, and our reservations over HTTP."""
    root = os.path.join(PEERS, "redis")
    environment = dict(os.environ, LD_LIBRARY_PATH=os.path.join(root, "usr", "lib", os.uname().machine + "-linux-gnu"))
    script = os.path.join(HERE, "window.lua")
    for fsync in ("everysec", "always"):
        port, data = free_port(), os.path.join(folder, fsync)
        os.mkdir(data)
        server = subprocess.Popen(
            [
                os.path.join(root, "usr", "bin", "redis-server"),
                "--port",
                str(port),
                "--bind",
                "127.0.0.1",
                "--dir",
                data,
                "--appendonly",
                "yes",
                "--appendfsync",
                fsync,
                "--save",
                "",
                "--logfile",
                os.path.join(folder, "redis.log"),
            ],
            env=environment,
        )
        try:
            wait_for(port)
            tools = [os.path.join(root, "usr", "bin", "redis-cli"), "-p", str(port), "script", "load"]
            with open(script, encoding="utf-8") as file:
                sha = subprocess.run(
                    tools + [file.read()], env=environment, capture_output=True, text=True, check=True
                ).stdout.strip()
            out = subprocess.run(
                [
                    os.path.join(root, "usr", "bin", "redis-benchmark"),
                    "-p",
                    str(port),
                    "-c",
                    "64",
                    "-n",
                    "100000" if fsync == "everysec" else "30000",
                    "-r",
                    "20000",
                    "--csv",
                    "evalsha",
                    sha,
                    "1",
                    "key:__rand_int__",
                    "3600000",
                    "1000",
                ],
                env=environment,
                capture_output=True,
                text=True,
                check=True,
            ).stdout
            row = list(csv.DictReader(out.splitlines()))[-1]
        finally:
            server.terminate()
            server.wait()
        path = f"peers/limiter, rights a second with 64 clients, ms/safe against {'a crash' if fsync == 'everysec' else 'power loss'}"
        number(f"{path}/Redis, appendfsync {fsync}/rate", float(row["rps"]), "/s")
        number(f"{path}/Redis, appendfsync {fsync}/p50", float(row["p50_latency_ms"]), "ms")
        number(f"{path}/Redis, appendfsync {fsync}/p99", float(row["p99_latency_ms"]), "ms")
        number(f"{path}/Redis, appendfsync {fsync}/max", float(row["max_latency_ms"]), "ms")
    figures = os.path.join(folder, "reserve.jsonl")
    subprocess.run(
        [os.path.join(BUILD, "bench", "reserve")],
        env=dict(os.environ, CLGUARD_RESULTS=figures),
        stdout=subprocess.DEVNULL,
        check=True,
    )
    with open(figures, encoding="utf-8") as file:
        found = {entry["name"]: entry["value"] for entry in map(json.loads, file)}
    for durability, safe in (("process", "a crash"), ("group", "power loss")):
        for side, words in (("over HTTP", "clguardd over HTTP"), ("clguard", "clguard in-process, 64 threads")):
            path = f"peers/limiter, rights a second with 64 clients, ms/safe against {safe}/{words}"
            for what in ("rate", "p50", "p99", "max"):
                value = found[f"reserve/durability={durability}/clients=64/{side}/{what}"]
                number(f"{path}/{what}", value if what == "rate" else value / 1000)


def main():
    os.makedirs(PEERS, exist_ok=True)
    if os.path.exists(os.environ["CLGUARD_RESULTS"]):
        os.remove(os.environ["CLGUARD_RESULTS"])
    engines = {"clguard"} | {
        name for name, script in (("OPA", "opa"), ("Cedar", "cedar"), ("SAPL", "sapl")) if installed(script)
    }
    with tempfile.TemporaryDirectory() as folder:
        in_process(folder, engines)
        over_http(folder, engines)
        if installed("redis"):
            limiter(folder)


main()
