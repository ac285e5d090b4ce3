#!/usr/bin/env python3
"""over_http - POST decision to clguardd, with ?explain=true, with a decision log, beside bench/bare_http and nginx

All servers have one thread on the same core, bench/http asks from another, in turns, so that a busy machine slows all
alike. In each round they are started anew, because where a process happens to lie in memory is worth some percent.
bare_http reads the same body and sends the same bytes: the ceiling. nginx throws the body away and sends the same bytes;
it is left out when there is none (bench/peers/nginx.sh). Ratios come from bench/turns: turns of 25 ms, each compared with
its neighbour. Then each at half its own load, where latency counts from when a request was due; of turns in which the host
took a processor away (steal in /proc/stat) the tail tells of the host, so they are left out if enough others are left.
bench/stalls tells how long a request waits on this machine whoever the server is.
Arguments: rounds (8), turns a round (3), seconds a turn (0.3), short turns a round (40).
"""

# SPDX-License-Identifier: Apache-2.0
import collections
import glob
import json
import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import time

from results import bar, middle, not_measured, number, put

BUILD = os.environ.get("top_builddir", ".")
ROUNDS, TURNS, SECONDS, SHORT_TURNS = (
    float(sys.argv[i + 1]) if len(sys.argv) > i + 1 else d for i, d in enumerate((8, 3, 0.3, 40))
)
SHORT_MS = 25
CLIENTS = (1, 8, 64)
ENOUGH = 5  # turns that nothing was stolen from
DECISION = "/policy/pdpx/v1/decision"
REQUEST_ID = "5a5c3f0e-6a27-4d47-9c40-3a6f6a8c0001"

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

BODY = json.dumps(
    {
        "ONAPName": "Policy",
        "ONAPComponent": "edge-controller",
        "ONAPInstance": "edge-1",
        "requestId": REQUEST_ID,
        "action": "guard",
        "resource": {
            "guard": {
                "actor": "SO",
                "operation": "VF Module Create",
                "requestId": "5a5c3f0e-6a27-4d47-9c40-3a6f6a8c0002",
                "clname": "ControlLoop-vDNS-6f37f56d-a87d-4b85",
                "target": "vLoadBalancer-00",
                "vfCount": 1,
            }
        },
    },
    separators=(",", ":"),
)

NGINX = """worker_processes 1; daemon off; master_process off; pid %(folder)s/nginx.pid; error_log stderr error;
events { worker_connections 4096; }
http { access_log off; keepalive_requests 1000000000; default_type application/json;
  client_body_temp_path %(folder)s; proxy_temp_path %(folder)s; fastcgi_temp_path %(folder)s;
  uwsgi_temp_path %(folder)s; scgi_temp_path %(folder)s;
  server { listen 127.0.0.1:%(port)d;
    location / { add_header X-LatestVersion 1.0.0; add_header X-MinorVersion 0; add_header X-PatchVersion 0;
      add_header X-ONAP-RequestID %(id)s; return 200 '{"status":"Permit","reason":"permit"}'; } } }
"""


class TooBusy(Exception):
    """The machine does too much else for this load."""


class Server:
    """A server on its core: what to ask it, and what it has used of the processor."""

    def __init__(self, name, process, port, path=DECISION, log=None):
        self.name, self.process, self.port, self.path, self.log = name, process, port, path, log

    def cpu_us(self):
        total = 0
        for task in glob.glob(f"/proc/{self.process.pid}/task/*/schedstat"):
            with open(task, encoding="ascii") as file:
                total += int(file.read().split()[0])
        return total / 1000

    def ask(self, client, body, clients, seconds, *more):
        command = [
            "taskset",
            "-c",
            client,
            os.path.join(BUILD, "bench", "http"),
            "-p",
            str(self.port),
            "-b",
            body,
            "-u",
            self.path,
            "-c",
            str(clients),
            "-s",
            str(seconds),
            *more,
        ]
        before = self.cpu_us()
        run = subprocess.run(command, capture_output=True, text=True, check=False)
        if run.returncode:
            raise TooBusy(run.stderr.strip() or f"bench/http ended with {run.returncode}")
        result = json.loads(run.stdout)
        if result["refused"]:
            sys.exit(f"{self.name}: {result['refused']} of {result['answered']} were refused")
        # The warm-up, a tenth of the time, is in the processor's time and not in the count.
        result["cpu"] = (self.cpu_us() - before) / (result["answered"] * 1.1)
        if self.log:
            os.truncate(self.log, 0)  # some hundred bytes a request: the disk shall not fill
        return result


def run_on(core, *command, **options):
    """A server on its core. The kernel ends it when this program is gone, however that came."""
    return subprocess.Popen(["setpriv", "--pdeathsig", "TERM", "taskset", "-c", core, *command], **options)


def start(core, *command):
    process = run_on(core, *command, stderr=subprocess.PIPE, text=True)
    for line in process.stderr:
        found = re.match(r"listening on \S*:(\d+)", line)
        if found:
            return process, int(found.group(1))
    sys.exit(f"{command[0]} does not start")


def find_nginx():
    peers = os.path.join(os.environ.get("CLGUARD_PEERS", ""), "nginx", "usr", "sbin", "nginx")
    found = shutil.which("nginx", path=os.environ["PATH"] + ":/usr/sbin")
    return found or (peers if os.access(peers, os.X_OK) else None)


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def start_nginx(core, binary, folder, port):
    path = os.path.join(folder, "nginx.conf")
    with open(path, "w", encoding="utf-8") as file:
        file.write(NGINX % {"folder": folder, "port": port, "id": REQUEST_ID})
    process = run_on(core, binary, "-e", "stderr", "-p", folder, "-c", path)
    for _ in range(100):  # it does not say when it listens
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return process
        time.sleep(0.05)
    sys.exit("nginx does not start")


def in_turn(servers, turn):
    """Another one begins each time."""
    first = turn % len(servers)
    return servers[first:] + servers[:first]


def throughput(servers, client, body, clients, runs):
    for server in servers:
        server.ask(client, body, clients, 0.2)
    for turn in range(int(TURNS)):
        for server in in_turn(servers, turn):
            runs.setdefault(server.name, []).append(server.ask(client, body, clients, SECONDS))


def tell_throughput(runs, clients):
    for name, results in runs.items():
        path = f"http/clients={clients}/{name}"
        number(f"{path}/rate", middle(r["rate"] for r in results), "requests/s")
        number(f"{path}/cpu", middle(r["cpu"] for r in results), "us of CPU a request")
        for what in ("p50", "p99", "p99.9"):
            number(f"{path}/{what}", middle(r[what] for r in results), "us")
        number(f"{path}/max", max(r["max"] for r in results), "us")
        put(f"{path}/curve", sorted(results, key=lambda r: r["p99"])[len(results) // 2]["curve"])


def short_turns(servers, client, body, clients, runs):
    """What a request costs each server, and how many it answers, in turns so short that all have the same company."""
    command = [
        "taskset",
        "-c",
        client,
        os.path.join(BUILD, "bench", "turns"),
        body,
        str(SHORT_MS),
        str(int(SHORT_TURNS)),
        str(clients),
        *(f"{server.port}:{server.process.pid}:{server.path}" for server in servers),
    ]
    for line in subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True).stdout.splitlines():
        which, answers, used_ns, seconds = (float(word) for word in line.split())
        found = {"rate": answers / seconds, "cpu": used_ns / 1000 / answers}
        runs.setdefault(servers[int(which)].name, []).append(found)
    for server in servers:
        if server.log:
            os.truncate(server.log, 0)


def ratios(runs, clients):
    """Pairs of neighbouring turns."""
    for name, other, limit in (
        ("clguardd", "bare", 0.85),
        ("clguardd", "nginx", None),
        ("explain", "clguardd", 0.9),
        ("logged", "clguardd", 0.9),
    ):
        if name not in runs or other not in runs:
            continue
        for what in ("rate", "cpu"):
            pairs = [a[what] / b[what] for a, b in zip(runs[name], runs[other])]
            value = middle(pairs) if what == "rate" else 1 / middle(pairs)
            path = f"http/clients={clients}/{name} over {other} by {what}"
            if limit:
                bar(path, value, limit)
            else:
                number(path, value)


def stolen():
    """Processor time that the host gave to others, in ticks, since the machine started."""
    with open("/proc/stat", encoding="ascii") as file:
        return int(file.readline().split()[8])


def stalls(cores):
    """How long requests wait on these cores without any server."""
    command = [os.path.join(BUILD, "bench", "stalls"), str(SECONDS), *cores]
    before = stolen()
    result = json.loads(subprocess.run(command, stdout=subprocess.PIPE, check=True).stdout)
    result["stolen"] = stolen() - before
    return result


def half_load(servers, cores, body, full, runs, alone):
    """In turns too: one moment in which the machine does something else decides the tail of a turn."""
    client = cores[1]
    for turn in range(int(TURNS)):
        for server in in_turn(servers, turn):
            rate = int(middle(r["rate"] for r in full[server.name]) / 2)
            before = stolen()
            try:
                result = server.ask(client, body, 64, SECONDS, "-r", str(rate))
            except TooBusy as why:
                runs.setdefault(server.name, []).append({"why": str(why)})
                continue
            result["stolen"], result["asked"] = stolen() - before, rate
            runs.setdefault(server.name, []).append(result)
        alone.append(stalls(cores))


def tell_quiet(path, every):
    """The turns that count."""
    quiet = [result for result in every if not result["stolen"]]
    number(f"{path}/turns", len(every), "turns")
    number(f"{path}/turns without stolen time", len(quiet), "turns")
    return quiet if len(quiet) >= ENOUGH else every


def tell_half_load(runs, alone):
    path = "http/half load/the machine alone"
    results = tell_quiet(path, alone)
    for what in ("p99", "p99.9"):
        number(f"{path}/{what}", middle(r[what] for r in results), "us")
    for name, every in runs.items():
        path = f"http/half load/{name}"
        kept_up = [result for result in every if "why" not in result]
        if len(kept_up) * 2 <= len(every):
            not_measured(f"{path}/p99.9", every[-1].get("why") or next(r["why"] for r in every if "why" in r))
            continue
        results = tell_quiet(path, kept_up)
        number(f"{path}/asked", middle(r["asked"] for r in results), "requests/s")
        for what in ("p50", "p99", "p99.9"):
            number(f"{path}/{what}", middle(r[what] for r in results), "us")
        number(f"{path}/max", max(r["max"] for r in results), "us")
        put(f"{path}/curve", sorted(results, key=lambda r: r["p99.9"])[len(results) // 2]["curve"])


GROUPS = (
    ("reader", r"base/(json|tree|node|scalar|str)|api/bodies/(request|authzen)|api/http/media"),
    ("reply", r"api/bodies/reply|api/(server/responses|http/metrics)|api/resources/(decision|answers)|engine/decide/explanation|guards/guard_explanation|base/(text|time_text)"),
    ("decide", r"engine/|guards/|base/(hash|pattern|time|store)"),
    ("server", r""),
)


def sources(binary):
    """Function to source file, by the debug information."""
    found = {}
    symbols = subprocess.run(["nm", "-l", "--defined-only", binary], capture_output=True, text=True, check=True).stdout
    for line in symbols.splitlines():
        match = re.match(r"\S+ [tT] (\S+)\t.*?/((?:base|policytypes|guards|engine|runtime|api)/\S+):", line)
        if match:
            found[match.group(1)] = match.group(2)
    return found


def profile(server, client, body, folder):
    """What part of the server's time is whose, by samples."""
    if not shutil.which("perf"):
        print("http/profile: no perf")
        return
    data = os.path.join(folder, "perf.data")
    load = subprocess.Popen(
        [
            "taskset",
            "-c",
            client,
            os.path.join(BUILD, "bench", "http"),
            "-p",
            str(server.port),
            "-b",
            body,
            "-u",
            server.path,
            "-c",
            "64",
            "-s",
            "4",
        ],
        stdout=subprocess.DEVNULL,
    )
    record = subprocess.run(
        [
            "perf",
            "record",
            "-q",
            "-e",
            "cpu-clock",
            "-F",
            "5000",
            "-p",
            str(server.process.pid),
            "-o",
            data,
            "--",
            "sleep",
            "3",
        ],
        capture_output=True,
        check=False,
    )
    load.wait()
    out = subprocess.run(
        ["perf", "report", "-i", data, "--stdio", "--no-children", "--sort", "dso,sym", "-t", "|"],
        capture_output=True,
        text=True,
        check=False,
    ).stdout
    files, parts = sources(os.path.join(BUILD, "clguardd")), collections.Counter()
    for line in out.splitlines():
        fields = [field.strip() for field in line.split("|")]
        if line.startswith("#") or len(fields) < 3:
            continue
        share, library, symbol = float(fields[0].rstrip("%")), fields[1], fields[2].split("] ")[-1]
        if library == "clguardd":
            path = files.get(symbol.split(".")[0], "api/")
            library = next(name for name, pattern in GROUPS if re.match(pattern, path))
        parts["kernel" if library.startswith("[kernel") else re.sub(r"\.so.*", "", library)] += share
    if not parts:
        print(f"http/profile: perf does not work here: {record.stderr.decode()[-200:]}")
    for name, share in parts.most_common(9):
        number(f"http/profile/{server.name}/{name}", share, "%")


def start_all(core, folder, policy):
    bare = start(core, os.path.join(BUILD, "bench", "bare_http"), "0")
    command = (os.path.join(BUILD, "clguardd"), "--listen", "127.0.0.1:0", "--workers", "1", "--policies", policy)
    ours = start(core, *command)
    log = os.path.join(folder, "decisions.json")
    logged = start(core, *command, "--decision-log", log)
    servers = [
        Server("bare", *bare),
        Server("clguardd", *ours),
        Server("explain", *ours, DECISION + "?explain=true"),
        Server("logged", *logged, log=log),
    ]
    processes = [bare[0], ours[0], logged[0]]
    if find_nginx():
        port = free_port()
        processes.append(start_nginx(core, find_nginx(), folder, port))
        servers.append(Server("nginx", processes[-1], port))
    return servers, processes


def main():
    cores = sorted(os.sched_getaffinity(0))
    core, client = str(cores[0]), str(cores[-1])
    with tempfile.TemporaryDirectory() as folder:
        policy, body = os.path.join(folder, "p.yaml"), os.path.join(folder, "body.json")
        for path, text in ((policy, POLICY), (body, BODY)):
            with open(path, "w", encoding="utf-8") as file:
                file.write(text)
        throughputs, shorts = {clients: {} for clients in CLIENTS}, {clients: {} for clients in CLIENTS}
        halves, alone = {}, []
        for turn in range(int(ROUNDS)):
            servers, processes = start_all(core, folder, policy)
            try:
                for clients in CLIENTS:
                    throughput(servers, client, body, clients, throughputs[clients])
                    short_turns(servers, client, body, clients, shorts[clients])
                half_load(servers, (core, client), body, throughputs[64], halves, alone)
                if turn == ROUNDS - 1:
                    profile(servers[1], client, body, folder)
                    profile(servers[2], client, body, folder)
            finally:
                for process in processes:
                    process.terminate()
                    process.wait()
        for clients in CLIENTS:
            tell_throughput(throughputs[clients], clients)
            ratios(shorts[clients], clients)
        tell_half_load(halves, alone)


if __name__ == "__main__":
    main()
