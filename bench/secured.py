#!/usr/bin/env python3
"""secured - what identities, roles and TLS cost a decision: the same question open, with Basic and bearer (both cached), over TLS

One worker on one core, the client on another. What roles cost comes from bench/turns: turns of 25 ms, the server's own
processor time for a request, each turn compared with its neighbour, so that both have the same company on a shared machine.
What TLS costs comes from wrk, in turns of a second. nginx with TLS throws the body away and sends the same bytes; it is left
out when there is none, and all of TLS is without wrk.
Arguments: rounds (10), seconds a turn of wrk (1), connections (16), short turns (400).
"""

# SPDX-License-Identifier: Apache-2.0
import base64
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile

import over_http
from results import bar, middle, number

ROUNDS, SECONDS, CONNECTIONS, SHORT_TURNS = (
    int(sys.argv[i + 1]) if len(sys.argv) > i + 1 else d for i, d in enumerate((10, 1, 16, 400)))
BASIC = "Basic " + base64.b64encode(b"ann:secret").decode()

SCRIPT = """wrk.method = "POST"
wrk.body = [==[%s]==]
wrk.headers["Content-Type"] = "application/json"
%s
"""

NGINX_TLS = over_http.NGINX.replace("listen 127.0.0.1:%(port)d;", "listen 127.0.0.1:%(port)d ssl; ssl_protocols TLSv1.3;\n"
                                    "    ssl_certificate %(folder)s/pem; ssl_certificate_key %(folder)s/key;")


def write(folder, name, text):
    path = os.path.join(folder, name)
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)
    os.chmod(path, 0o600)
    return path


def start_nginx(core, folder):
    port = over_http.free_port()
    path = write(folder, "nginx.conf", NGINX_TLS % {"folder": folder, "port": port, "id": over_http.REQUEST_ID})
    process = over_http.run_on(core, over_http.find_nginx(), "-e", "stderr", "-p", folder, "-c", path)
    for _ in range(100):
        with over_http.socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return process, port
        over_http.time.sleep(0.05)
    sys.exit("nginx does not start")


def ask(client, server, script, scheme, seconds):
    """(requests a second, microseconds of the server's processor for one)"""
    before = server.cpu_us()
    run = subprocess.run(["taskset", "-c", client, "wrk", "-t1", f"-c{CONNECTIONS}", f"-d{seconds}s", "-s", script,
                          f"{scheme}://localhost:{server.port}{over_http.DECISION}"], capture_output=True, text=True, check=True)
    used = server.cpu_us() - before
    if "Non-2xx" in run.stdout:
        sys.exit(f"{server.name}: {run.stdout}")
    answered = int(re.search(r"(\d+) requests in", run.stdout)[1])
    if not answered:
        sys.exit(f"{server.name} answers nothing: {run.stdout}")
    return float(re.search(r"Requests/sec:\s+([\d.]+)", run.stdout)[1]), used / answered


def start_servers(core, folder):
    """[(server, wrk's script, scheme)]"""
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-keyout",
                    folder + "/key", "-out", folder + "/pem", "-days", "2", "-subj", "/CN=localhost"], check=True, capture_output=True)
    hashed = subprocess.run(["openssl", "passwd", "-6", "secret"], capture_output=True, text=True, check=True).stdout
    files = ("--users", write(folder, "users", "ann:" + hashed), "--tokens",
             write(folder, "tokens", "robot:" + hashlib.sha256(b"token").hexdigest() + "\n"), "--roles",
             write(folder, "roles", json.dumps({"roles": {"ann": ["decide"], "robot": ["decide", "read"]}})))
    tls = ("--tls-certificate", folder + "/pem", "--tls-key", folder + "/key")
    policy = write(folder, "policy.yaml", over_http.POLICY)
    kinds = (("open", (), None, "http"), ("Basic", files, BASIC, "http"), ("bearer", files, "Bearer token", "http"),
             ("TLS", tls, None, "https"), ("TLS and Basic", files + tls, BASIC, "https"))
    servers = []
    for name, options, authorization, scheme in kinds:
        process, port = over_http.start(core, os.path.join(over_http.BUILD, "clguardd"), "--listen", "127.0.0.1:0", "--workers", "1",
                                        "--policies", policy, *options)
        header = f'wrk.headers["Authorization"] = "{authorization}"' if authorization else ""
        servers.append((over_http.Server(name, process, port), write(folder, name + ".lua", SCRIPT % (over_http.BODY, header)), scheme))
    if over_http.find_nginx():
        process, port = start_nginx(core, folder)
        servers.append((over_http.Server("nginx with TLS", process, port), servers[0][1], "https"))
    return servers


def roles(client, servers, folder):
    """What a question costs with Basic and bearer beside without, from neighbouring turns."""
    body = write(folder, "body.json", over_http.BODY)
    logins = {"open": "", "Basic": ":" + BASIC, "bearer": ":Bearer token"}
    asked = [server for server, _, _ in servers if server.name in logins]
    run = subprocess.run(["taskset", "-c", client, os.path.join(over_http.BUILD, "bench", "turns"), body, "25", str(SHORT_TURNS),
                          str(CONNECTIONS), *(f"{s.port}:{s.process.pid}:{over_http.DECISION}{logins[s.name]}" for s in asked)],
                         stdout=subprocess.PIPE, text=True, check=True)
    cpu = {}
    for line in run.stdout.splitlines():
        which, answers, used_ns, _ = (float(word) for word in line.split())
        cpu.setdefault(asked[int(which)].name, []).append(used_ns / 1000 / answers)
    for name in logins:
        number(f"secured/{name}/cpu", middle(cpu[name]), "us of CPU a request")
    for name in ("Basic", "bearer"):
        bar(f"secured/open over {name} by cpu", 1 / middle(b / a for a, b in zip(cpu["open"], cpu[name])), 0.98)


def encrypted(client, servers):
    """The rest by wrk, which knows TLS."""
    rates, cpu = {}, {}
    for server, script, scheme in servers:
        ask(client, server, script, scheme, 3)
    for turn in range(ROUNDS):
        for server, script, scheme in over_http.in_turn(servers, turn):
            rate, used = ask(client, server, script, scheme, SECONDS)
            rates.setdefault(server.name, []).append(rate)
            cpu.setdefault(server.name, []).append(used)
    for name in rates:
        number(f"secured/{name} by wrk/rate", middle(rates[name]), "requests/s")
        number(f"secured/{name} by wrk/cpu", middle(cpu[name]), "us of CPU a request")
    number("secured/open over TLS by cpu", 1 / middle(b / a for a, b in zip(cpu["open"], cpu["TLS"])))
    if "nginx with TLS" in cpu:
        number("secured/nginx with TLS over TLS by cpu", 1 / middle(b / a for a, b in zip(cpu["nginx with TLS"], cpu["TLS"])))


def main():
    cores = sorted(os.sched_getaffinity(0))
    core, client = str(cores[0]), str(cores[-1])
    with tempfile.TemporaryDirectory(prefix="clguard-secured-") as folder:
        servers = start_servers(core, folder)
        try:
            roles(client, servers, folder)
            if shutil.which("wrk"):
                encrypted(client, servers)
        finally:
            for server, _, _ in servers:
                server.process.terminate()
                server.process.wait()


main()
