#!/usr/bin/env python3
"""dialects - one question over HTTP in ONAP's dialect and in AuthZEN's, and a hundred of them in a batch of each

One clguardd with one thread on a core, bench/http asks from another, in short turns one after the other, so that a busy
machine slows all alike; ratios are medians over neighbouring turns. By the processor's time of the server, and by the
answers a second with 64 clients.
Arguments: turns (15), seconds a turn (0.3).
"""

# SPDX-License-Identifier: Apache-2.0
import json
import os
import sys
import tempfile

from over_http import BODY, DECISION, POLICY, Server, start
from results import bar, middle, number

BUILD = os.environ.get("top_builddir", ".")
TURNS, SECONDS = (float(sys.argv[i + 1]) if len(sys.argv) > i + 1 else d for i, d in enumerate((15, 0.3)))
BATCH = 100
CLIENTS = 64


def evaluation():
    """BODY in AuthZEN's form."""
    guard = json.loads(BODY)["resource"]["guard"]
    return {
        "subject": {"type": "actor", "id": guard["actor"]},
        "action": {"name": guard["operation"]},
        "resource": {
            "type": "vnf",
            "id": guard["target"],
            "properties": {"clname": guard["clname"], "vfCount": guard["vfCount"]},
        },
        "context": {"requestId": guard["requestId"]},
    }


BODIES = {
    "decision": (DECISION, json.loads(BODY)),
    "evaluation": ("/access/v1/evaluation", evaluation()),
    "decisions": ("/clguard/v1/decisions", {"decisions": [json.loads(BODY)] * BATCH}),
    "evaluations": ("/access/v1/evaluations", {"evaluations": [evaluation()] * BATCH}),
}


def main():
    cores = sorted(os.sched_getaffinity(0))
    core, client = str(cores[0]), str(cores[-1])
    with tempfile.TemporaryDirectory() as folder:
        policy = os.path.join(folder, "p.yaml")
        with open(policy, "w", encoding="utf-8") as file:
            file.write(POLICY)
        process, port = start(core, os.path.join(BUILD, "clguardd"), "--listen", "127.0.0.1:0", "--workers", "1", "--policies", policy)
        runs = {name: [] for name in BODIES}
        try:
            for _ in range(int(TURNS)):
                for name, (path, body) in BODIES.items():
                    text = os.path.join(folder, name)
                    with open(text, "w", encoding="utf-8") as file:
                        json.dump(body, file, separators=(",", ":"))
                    runs[name].append(Server(name, process, port, path).ask(client, text, CLIENTS, SECONDS))
        finally:
            process.terminate()
            process.wait()
    for name, results in runs.items():
        number(f"dialects/{name}/rate", middle(r["rate"] for r in results), "requests/s")
        number(f"dialects/{name}/cpu", middle(r["cpu"] for r in results), "us of CPU a request")
    for name, other, of, limit in (
        ("evaluation", "decision", 1, 1.1),
        ("decisions", "decision", BATCH, 20),
        ("evaluations", "evaluation", BATCH, 20),
    ):
        rate = middle(of * a["rate"] / b["rate"] for a, b in zip(runs[name], runs[other]))
        cpu = middle(of * b["cpu"] / a["cpu"] for a, b in zip(runs[name], runs[other]))
        if of == 1:  # what one costs beside the other
            bar(f"dialects/{name} costs beside {other}, by rate", 1 / rate, limit)
            bar(f"dialects/{name} costs beside {other}, by cpu", 1 / cpu, limit)
        else:  # decisions a second beside the other's
            bar(f"dialects/{name} of {BATCH} a decision beside {other}, by rate", rate, limit)
            number(f"dialects/{name} of {BATCH} a decision beside {other}, by cpu", cpu)


if __name__ == "__main__":
    main()
