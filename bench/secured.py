#!/usr/bin/env python3
"""secured - what identities, roles and TLS cost a decision: the same question open, with Basic and bearer (both cached), over TLS

One worker on one core, wrk on another, in turns, each server asked for a second at a time, so that a busy machine slows all
alike; beside the rate the server's own processor time for a request, which the neighbours of a shared machine disturb less.
nginx with TLS throws the body away and sends the same bytes; it is left out when there is none, and all is without wrk.
Arguments: rounds (10), seconds a turn (1), connections (16).
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

ROUNDS, SECONDS, CONNECTIONS = (int(sys.argv[i + 1]) if len(sys.argv) > i + 1 else d for i, d in enumerate((10, 1, 16)))
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
    process = subprocess.Popen(["taskset", "-c", core, over_http.find_nginx(), "-e", "stderr", "-p", folder, "-c", path])
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


def main():
    if not shutil.which("wrk"):
        print("secured: no wrk")
        return
    cores = sorted(os.sched_getaffinity(0))
    core, client = str(cores[0]), str(cores[-1])
    folder = tempfile.mkdtemp(prefix="clguard-secured-")
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
    servers, processes = [], []
    for name, options, authorization, scheme in kinds:
        process, port = over_http.start(core, os.path.join(over_http.BUILD, "clguardd"), "--listen", "127.0.0.1:0", "--workers", "1",
                                        "--policies", policy, *options)
        processes.append(process)
        header = f'wrk.headers["Authorization"] = "{authorization}"' if authorization else ""
        servers.append((over_http.Server(name, process, port), write(folder, name + ".lua", SCRIPT % (over_http.BODY, header)), scheme))
    if over_http.find_nginx():
        process, port = start_nginx(core, folder)
        processes.append(process)
        servers.append((over_http.Server("nginx with TLS", process, port), servers[0][1], "https"))
    rates, cpu = {}, {}
    for server, script, scheme in servers:
        ask(client, server, script, scheme, 3)
    for turn in range(ROUNDS):
        for server, script, scheme in over_http.in_turn(servers, turn):
            rate, used = ask(client, server, script, scheme, SECONDS)
            rates.setdefault(server.name, []).append(rate)
            cpu.setdefault(server.name, []).append(used)
    for name in rates:
        number(f"secured/{name}/rate", middle(rates[name]), "requests/s")
        number(f"secured/{name}/cpu", middle(cpu[name]), "us of CPU a request")
    for name, limit in (("Basic", 0.98), ("bearer", 0.98)):
        bar(f"secured/open over {name} by cpu", 1 / middle(b / a for a, b in zip(cpu["open"], cpu[name])), limit)
    number("secured/open over TLS by cpu", 1 / middle(b / a for a, b in zip(cpu["open"], cpu["TLS"])))
    if "nginx with TLS" in cpu:
        number("secured/nginx with TLS over TLS by cpu", 1 / middle(b / a for a, b in zip(cpu["nginx with TLS"], cpu["TLS"])))
    for process in processes:
        process.terminate()
        process.wait()
    shutil.rmtree(folder)


main()
