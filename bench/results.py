"""results - figures of a benchmark: lines for a reader, and the same as JSON for bench/report.py"""

# SPDX-License-Identifier: Apache-2.0
import json
import os
import statistics


def put(name, value):
    path = os.environ.get("CLGUARD_RESULTS")
    if path:
        with open(path, "a", encoding="utf-8") as file:
            file.write(json.dumps({"name": name, "value": value}) + "\n")


def number(name, value, unit=""):
    print(f"{name:<60s} {value:12.6g} {unit}", flush=True)
    put(name, value)


def not_measured(name, why):
    """What could not be had on this machine at this time: said, reported as such, and no reason to stop."""
    print(f"{name:<60s} not measured: {why}", flush=True)
    path = os.environ.get("CLGUARD_RESULTS")
    if path:
        with open(path, "a", encoding="utf-8") as file:
            file.write(json.dumps({"name": name, "why": why}) + "\n")


def bar(name, value, limit):
    print(f"{name:<60s} {value:12.3g} (bar {limit:g})", flush=True)
    put(name, value)


def middle(values):
    return statistics.median(list(values))
