#!/usr/bin/env python3
"""http - POST decision over HTTP beside bench/bare_http, which reads the same body and sends the same bytes.

Both run on the same cores and wrk on another, in turns, so that a busy machine slows both alike. CPU time a request is the
steadier figure; the ratio to be reached is 0.85. Arguments: turns (5), seconds a turn (3), connections (64).
"""
# SPDX-License-Identifier: Apache-2.0
import os
import platform
import re
import statistics
import subprocess
import sys
import tempfile
import time

BUILD = os.environ.get("top_builddir", ".")
TURNS, SECONDS, CONNECTIONS = (int(sys.argv[i + 1]) if len(sys.argv) > i + 1 else d for i, d in enumerate((5, 3, 64)))
TICK_US = 1e6 / os.sysconf("SC_CLK_TCK")
PATH = "/policy/pdpx/v1/decision"

POLICY = """tosca_definitions_version: tosca_simple_yaml_1_1_0
topology_template:
  policies:
    - edge.block:
        type: onap.policies.controlloop.guard.common.Blacklist
        type_version: 1.0.0
        version: 1.0.0
        properties: {actor: SO, operation: VF Module Create, blacklist: [vnf-7, vnf-9]}
    - edge.size:
        type: onap.policies.controlloop.guard.common.MinMax
        type_version: 1.0.0
        version: 1.0.0
        properties: {actor: SO, operation: VF Module Create, target: vLoadBalancer-00, min: 1, max: 5}
"""

SCRIPT = """wrk.method = "POST"
wrk.headers["Content-Type"] = "application/json"
wrk.headers["Accept"] = "application/json"
wrk.body = '{"ONAPName":"Policy","ONAPComponent":"edge-controller","ONAPInstance":"edge-1",\\
"requestId":"5a5c3f0e-6a27-4d47-9c40-3a6f6a8c0001","action":"guard","resource":{"guard":{"actor":"SO",\\
"operation":"VF Module Create","requestId":"5a5c3f0e-6a27-4d47-9c40-3a6f6a8c0002",\\
"clname":"ControlLoop-vDNS-6f37f56d-a87d-4b85","target":"vLoadBalancer-00","vfCount":1}}}'
"""


def start(core, *command):
    process = subprocess.Popen(["taskset", "-c", core, *command], stderr=subprocess.PIPE, text=True)
    for line in process.stderr:
        found = re.match(r"listening on \S*:(\d+)", line)
        if found:
            return process, int(found.group(1))
    sys.exit(f"{command[0]} does not start")


def cpu_us(process):
    with open(f"/proc/{process.pid}/stat", encoding="ascii") as file:
        fields = file.read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) * TICK_US


def turn(process, port, core, script):
    before = cpu_us(process)
    out = subprocess.run(["taskset", "-c", core, "wrk", "-t1", f"-c{CONNECTIONS}", f"-d{SECONDS}", "--latency", "-s", script,
                          f"http://127.0.0.1:{port}{PATH}"], capture_output=True, text=True, check=True).stdout
    if "Non-2xx" in out or "Socket errors" in out:
        sys.exit(out)
    requests = int(re.search(r"(\d+) requests in", out).group(1))
    times = {name: re.search(name + r"%\s+(\S+)", out).group(1) for name in ("50", "99")}
    return float(re.search(r"Requests/sec:\s+(\S+)", out).group(1)), (cpu_us(process) - before) / requests, times


def main():
    cores = sorted(os.sched_getaffinity(0))
    server, client = str(cores[0]), str(cores[-1])
    with tempfile.TemporaryDirectory() as folder:
        policy, script = os.path.join(folder, "p.yaml"), os.path.join(folder, "post.lua")
        for path, text in ((policy, POLICY), (script, SCRIPT)):
            with open(path, "w", encoding="utf-8") as file:
                file.write(text)
        runs = {"bare": [], "clguardd": []}
        both = {"bare": start(server, os.path.join(BUILD, "bench", "bare_http"), "0"),
                "clguardd": start(server, os.path.join(BUILD, "clguardd"), "--listen", "127.0.0.1:0", "--workers", "1",
                                  "--policies", policy)}
        for process, port in both.values():  # warm-up
            turn(process, port, client, script)
        for _ in range(TURNS):
            for name, (process, port) in both.items():
                runs[name].append(turn(process, port, client, script))
        for process, _ in both.values():
            process.terminate()
            process.wait()
    print(f"machine  {platform.machine()}, {os.cpu_count()} CPUs, {platform.release()}, load {os.getloadavg()[0]:.1f}")
    print(f"command  http.py {TURNS} {SECONDS} {CONNECTIONS}; servers on core {server}, wrk on core {client}")
    for name, results in runs.items():
        rate, cpu = (statistics.median(r[i] for r in results) for i in (0, 1))
        print(f"{name:9s}{rate:9.0f} requests/s   {cpu:6.2f} us CPU a request   "
              f"p50 {results[-1][2]['50']}   p99 {results[-1][2]['99']}")
    for i, what in ((0, "requests/s"), (1, "CPU a request")):
        pairs = [b[i] / a[i] if i == 0 else a[i] / b[i] for a, b in zip(runs["bare"], runs["clguardd"])]
        print(f"ratio    {statistics.median(pairs):.3f} by {what} (bar 0.85)")


main()
