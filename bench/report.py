#!/usr/bin/env python3
"""report - doc/performance.md, its plots and bench/results.json, from the figures that the benchmarks left

Words come from bench/notes.md: what stands there under a heading is put into the section of the same name.
"""

# SPDX-License-Identifier: Apache-2.0
import datetime
import json
import os
import platform
import re
import subprocess
import sys

import plot

BUILD, SOURCE = os.environ.get("top_builddir", "."), os.environ.get("top_srcdir", ".")
KINDS = ("Blacklist", "MinMax", "Filter", "FrequencyLimiter", "FirstBlocksSecond")
SIZES = (10, 1000, 10000, 100000)
CLIENTS = (1, 8, 64)
LIMITERS = (  # and of how many keys
    ("a limiter", 1000),
    ("a limiter", 100000),
    ("a limiter of every key", 100000),
    ("a limiter in onap mode", 1000),
    ("a limiter of 100, 3 used", 1000),
    ("a limiter of 100, 30 used", 1000),
    ("a limiter of 100 in onap mode, 30 used", 1000),
)
SERVERS = {
    "bare": "bare libmicrohttpd",
    "clguardd": "clguardd",
    "explain": "clguardd, ?explain=true",
    "logged": "clguardd, decision_log",
    "nginx": "nginx, fixed answer",
}


WHY = {}  # of figures that were not measured


def read_results():
    found = {}
    for name in ("results.jsonl", "peers.jsonl"):
        path = os.path.join(BUILD, "bench", name)
        if os.path.exists(path):
            with open(path, encoding="utf-8") as file:
                for entry in map(json.loads, file):
                    if "why" in entry:
                        WHY[entry["name"]] = entry["why"]
                    else:
                        found[entry["name"]] = entry["value"]
    return found


def read_notes():
    with open(os.path.join(SOURCE, "bench", "notes.md"), encoding="utf-8") as file:
        parts = re.split(r"^## (.*)\n", file.read(), flags=re.M)
    return {name.strip(): words.strip() for name, words in zip(parts[1::2], parts[2::2])}


RESULTS, NOTES = read_results(), read_notes()
OUT = []


def figure(name, digits=3):
    """As text; a dash when it was not measured."""
    value = RESULTS.get(name)
    if value is None:
        return "-"
    return f"{value:,.0f}" if abs(value) >= 10 ** (digits - 1) else f"{value:.{digits}g}"


def say(*lines):
    OUT.extend(lines)


def table(head, rows):
    say(
        "| " + " | ".join(head) + " |",
        "|" + "---|" * len(head),
        *("| " + " | ".join(map(str, row)) + " |" for row in rows),
        "",
    )


def section(name, command):
    say(f"## {name}", "", f"Command: `{command}`", "")


def notes(name):
    if NOTES.get(name):
        say(NOTES[name], "")


def picture(name, words, *arguments, **more):
    folder = os.path.join(SOURCE, "doc", "performance")
    os.makedirs(folder, exist_ok=True)
    if plot.draw(os.path.join(folder, name + ".svg"), words, *arguments, **more):
        say(f"![{words}](performance/{name}.svg)", "")


def points(numbers, name):
    """Of a line: each number with the figure of the name that has it in place of %d; what was not measured is left out."""
    return [(number, RESULTS[name % number]) for number in numbers if name % number in RESULTS]


def first_line(*command):
    try:
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()[0]
    except (OSError, subprocess.CalledProcessError, IndexError):
        return "unknown"


def machine():
    with open("/proc/cpuinfo", encoding="ascii") as file:
        model = re.search(r"model name\s*: (.*)", file.read())
    with open(os.path.join(BUILD, "Makefile"), encoding="utf-8") as file:
        makefile = file.read()
    flags = re.search(r"^CFLAGS = (.*)", makefile, re.M)
    compiler = first_line(re.search(r"^CC = (\S+)", makefile, re.M).group(1), "--version")
    libraries = ", ".join(
        f"{name} {first_line('pkg-config', '--modversion', package)}"
        for name, package in (
            ("libmicrohttpd", "libmicrohttpd"),
            ("LMDB", "lmdb"),
            ("libyaml", "yaml-0.1"),
            ("PCRE2", "libpcre2-8"),
        )
    )
    results = os.path.join(BUILD, "bench", "results.jsonl")
    measured = datetime.datetime.fromtimestamp(os.path.getmtime(results), datetime.timezone.utc)
    say(
        f"{model.group(1) if model else platform.machine()}, {os.cpu_count()} CPUs, Linux {platform.release()}; "
        f"{compiler}, `{flags.group(1) if flags else ''}`; {libraries}. Measured {measured:%Y-%m-%d}.",
        "",
    )


def slowdown():
    """Each kind with 10 policies: the middle of its turns' arithmetic over the fastest of the whole run."""
    path, end = "decide/%s/policies=10/arithmetic", " at its fastest"
    fastest = min((value for name, value in RESULTS.items() if name.endswith(end)), default=None)
    return {kind: RESULTS[path % kind] / fastest for kind in KINDS if path % kind in RESULTS}


def worst(names, most):
    values = [RESULTS[name] for name in names if name in RESULTS]
    return (max(values) if most else min(values)) if values else None


def all_bars():
    """(what, value, bar, whether the value must not be above it)"""
    decide = "decide/%s/policies=%d/entries=10%s"
    for kind in KINDS[:2]:
        yield f"in-process {kind} decision, p50, ns", RESULTS.get(decide % (kind, 10, "/p50")), 100, True
        yield f"in-process {kind} decision, p99.9, ns", RESULTS.get(decide % (kind, 10, "/p99.9")), 1000, True
    for size in SIZES[2:]:
        yield (
            f"{size:,} policies instead of 10, the slowest kind, ratio",
            worst([decide % (kind, size, "/over the smallest") for kind in KINDS], True),
            1.3,
            True,
        )
    yield (
        "1,000,000 blacklist entries instead of 10, ratio",
        RESULTS.get("decide/Blacklist/policies=1/entries=1000000/over the smallest"),
        1.3,
        True,
    )
    for name, keys in LIMITERS:
        yield f"{name} beside a bare mdb_get, {keys:,} keys, ratio", RESULTS.get(
            f"count/keys={keys}/{name}/ratio of medians"
        ), 1.5, True
    for what, words in (("rate", "throughput"), ("cpu", "CPU time")):
        yield (
            f"HTTP decision beside bare libmicrohttpd, 64 clients, by {words}, ratio",
            RESULTS.get(f"http/clients=64/clguardd over bare by {what}"),
            0.85,
            False,
        )
    for name in ("Basic", "bearer"):
        yield (f"HTTP decision of anybody beside one with {name} (cached) and roles, by CPU time, ratio",
               RESULTS.get(f"secured/open over {name} by cpu"), 0.98, False)
    yield "HTTP decision at half load, p99.9, us", RESULTS.get("http/half load/clguardd/p99.9"), 1000, True
    yield "durable reserve beside LMDB's group commit, 64 clients, ratio", RESULTS.get(
        "reserve/durability=group/clients=64/ratio"
    ), 0.7, False
    for size in (10000, 100000):
        yield f"load of {size:,} policies beside libyaml's bare parse, ratio", RESULTS.get(
            f"load/policies={size}/ratio"
        ), 2, True
    yield "failed or mixed-generation decisions during 20 reloads", RESULTS.get(
        "load/reload/failed or mixed decisions"
    ), 0, True
    for name, more in (("?explain=true on every request", "explain"), ("decision log switched on", "logged")):
        for what, words in (("rate", "throughput"), ("cpu", "CPU time")):
            yield (
                f"{name}, 64 clients, by {words}, ratio",
                RESULTS.get(f"http/clients=64/{more} over clguardd by {what}"),
                0.9,
                False,
            )
    for how in ("recorded 64 a commit", "imported"):
        yield (
            f"resident memory, 10,000 policies and 100,000 keys {how}, MiB",
            RESULTS.get(f"start/keys=100000/policies=10000/{how}/memory/resident, MiB"),
            60,
            True,
        )


def bars():
    rows, missed = [], 0
    for what, value, bar, at_most in all_bars():
        met = value is not None and (value <= bar if at_most else value >= bar)
        missed += value is not None and not met
        why = next((words for name, words in WHY.items() if value is None and name.endswith("clguardd/p99.9") and "half load" in what), None)
        rows.append(
            (
                what,
                "-" if value is None else f"{value:,.4g}" if value < 1000 else f"{value:,.0f}",
                ("<= " if at_most else ">= ") + f"{bar:g}",
                f"not measured: {why}" if why else "not measured" if value is None else "met" if met else "**missed**",
            )
        )
    say("## Bars", "")
    table(("what", "measured", "bar", ""), rows)
    notes("Bars")
    return missed


def decisions():
    section("Decisions in-process", "bench/decide")
    table(
        ("kind", "policies", "quietest turn: p50", "all turns: p50", "p99", "p99.9", "max, ns"),
        [
            (kind, f"{size:,}")
            + tuple(
                figure(f"decide/{kind}/policies={size}/entries=10/{what}")
                for what in ("quietest turn/p50", "p50", "p99", "p99.9", "max")
            )
            for kind in KINDS
            for size in SIZES
        ],
    )
    table(
        ("list", "entries", "quietest turn: p50", "all turns: p50", "p99", "p99.9", "max, ns"),
        [
            (kind, f"{entries:,}")
            + tuple(
                figure(f"decide/{kind}/policies=1/entries={entries}/{what}")
                for what in ("quietest turn/p50", "p50", "p99", "p99.9", "max")
            )
            for kind, entries in (
                ("Blacklist", 10),
                ("Blacklist", 1000000),
                ("Blacklist of half the targets", 500),
                ("Blacklist of half the targets", 1000000),
            )
        ],
    )
    say(
        f"In `clg_decide_batch` of 1,000: {figure('decide/Blacklist/batch of 1000/a decision')} ns for a Blacklist decision, "
        f"{figure('decide/FrequencyLimiter/batch of 1000/a decision')} ns for a limiter's.",
        "",
    )
    picture(
        "policies",
        "Time of a decision against the number of policies",
        "policies in the set",
        "ns",
        {
            kind: points(SIZES, f"decide/{kind}/policies=%d/entries=10/usual") for kind in KINDS
        },
        y_log=False,
    )
    picture(
        "decisions",
        "Latency of decisions, 10 policies",
        "quantile",
        "ns",
        {kind: plot.tail(RESULTS.get(f"decide/{kind}/policies=10/entries=10/curve", [])) for kind in KINDS},
        x_ticks=plot.TAIL_TICKS,
        x_names=plot.TAIL_NAMES,
    )
    if slowdown():
        say(
            "A fixed piece of arithmetic in registers, timed in each turn, took so many times its fastest of the run: "
            + ", ".join(f"{kind} {value:.2f}" for kind, value in slowdown().items())
            + ".",
            "",
        )
    notes("Decisions in-process")


def limiter():
    section("Limiter beside LMDB", "bench/count")
    rows = [
        (f"{keys:,}", what) + tuple(figure(f"count/keys={keys}/{what}/{q}") for q in ("p50", "p99", "p99.9", "max"))
        for keys in (1000, 100000)
        for what in (
            "mdb_txn_renew + mdb_get",
            "mdb_txn_renew + mdb_get, every key",
            *(f"clg_decide, {name}" for name, of in LIMITERS if of == keys),
            "clg_decide, a limiter, while operations are recorded",
            "clg_decide, a limiter, asked for the first time",
        )
        if f"count/keys={keys}/{what}/p50" in RESULTS
    ]
    table(("keys", "what", "p50", "p99", "p99.9", "max, ns"), rows)
    notes("Limiter beside LMDB")


def http():
    section("HTTP", "bench/over_http.py")
    table(
        ("clients", "server", "requests/s", "CPU, us", "p50", "p99", "p99.9", "max, us"),
        [
            (clients, words)
            + tuple(
                figure(f"http/clients={clients}/{server}/{what}")
                for what in ("rate", "cpu", "p50", "p99", "p99.9", "max")
            )
            for clients in CLIENTS
            for server, words in SERVERS.items()
            if f"http/clients={clients}/{server}/rate" in RESULTS
        ],
    )
    say("At half of the rate that each reached with 64 clients, latency counted from when a request was due:", "")
    table(
        ("server", "turns", "without stolen time", "requests/s", "p50", "p99", "p99.9", "max, us"),
        [
            (words,)
            + tuple(
                figure(f"http/half load/{server}/{what}")
                for what in ("turns", "turns without stolen time", "asked", "p50", "p99", "p99.9", "max")
            )
            for server, words in SERVERS.items()
            if f"http/half load/{server}/p50" in RESULTS
        ]
        + [
            ("the machine alone",)
            + tuple(figure(f"http/half load/the machine alone/{what}") for what in ("turns", "turns without stolen time"))
            + ("-", "-")
            + tuple(figure(f"http/half load/the machine alone/{what}") for what in ("p99", "p99.9"))
            + ("-",)
        ],
    )
    picture(
        "throughput",
        "Requests a second against clients, one server thread",
        "clients",
        "requests/s",
        {
            words: points(CLIENTS, f"http/clients=%d/{server}/rate")
            for server, words in SERVERS.items()
        },
        y_log=False,
        x_ticks=[1.0, 8.0, 64.0],
    )
    picture(
        "latency",
        "Latency over HTTP at half load",
        "quantile",
        "us",
        {words: plot.tail(RESULTS.get(f"http/half load/{server}/curve", [])) for server, words in SERVERS.items()},
        x_ticks=plot.TAIL_TICKS,
        x_names=plot.TAIL_NAMES,
    )
    profiles()
    notes("HTTP")


def profiles():
    parts = {}
    for name, value in RESULTS.items():
        match = re.match(r"http/profile/(\w+)/(.*)", name)
        if match:
            parts.setdefault(match.group(2), {})[match.group(1)] = value
    if parts:
        say(
            "Where the server's time goes, % of perf's samples; reader, decide, reply and server are clguardd's own:",
            "",
        )
        table(
            ("part", "a decision", "with ?explain=true"),
            [
                (part, f"{shares.get('clguardd', 0):.1f}", f"{shares.get('explain', 0):.1f}")
                for part, shares in sorted(parts.items(), key=lambda item: -item[1].get("clguardd", 0))
            ],
        )


def prefixed(prefix, name, command):
    """A section with every figure under a prefix as it is."""
    found = {
        key[len(prefix) :]: value
        for key, value in RESULTS.items()
        if key.startswith(prefix) and not isinstance(value, list) and not key.endswith("/mean")
    }
    if not found:
        return
    section(name, command)
    table(("what", "figure"), [(key, figure(prefix + key)) for key in found])
    notes(name)


def peers():
    found = sorted({key.rsplit("/", 1)[0] for key in RESULTS if key.startswith("peers/")})
    if not found:
        return
    section("Other engines", "make bench-peers")
    for group in sorted({key.split("/")[1] for key in found}):
        rows = [key for key in found if key.split("/")[1] == group]
        columns = [
            c for c in ("rate", "mean", "p50", "p99", "p99.9", "max") if any(f"{row}/{c}" in RESULTS for row in rows)
        ]
        say(f"### {group}", "")
        table(
            ["what"] + columns,
            [["/".join(row.split("/")[2:])] + [figure(f"{row}/{c}") for c in columns] for row in rows],
        )
    notes("Other engines")


def main():
    say(
        "# Performance",
        "",
        "Made by `make bench` and `make bench-peers`; edit bench/notes.md, not this file. Both sides of every ratio ran "
        "in turns in one run on one machine. Times are of that machine; ratios travel.",
        "",
    )
    machine()
    missed = bars()
    decisions()
    limiter()
    http()
    prefixed("dialects/", "AuthZEN and batches", "bench/dialects.py")
    prefixed("secured/", "Identities and TLS", "bench/secured.py")
    prefixed("reserve/", "Reservations", "bench/reserve")
    prefixed("load/", "Loading policies", "bench/load")
    prefixed("start/", "Start and memory", "bench/start.py")
    prefixed("runtime/", "Control loop runtime", "bench/runtime.py")
    prefixed("simulate/", "Operational policies", "bench/simulate")
    peers()
    with open(os.path.join(SOURCE, "doc", "performance.md"), "w", encoding="utf-8") as file:
        file.write("\n".join(OUT).rstrip() + "\n")
    with open(os.path.join(BUILD, "bench", "results.json"), "w", encoding="utf-8") as file:
        json.dump(RESULTS, file, indent=1, sort_keys=True)
    print(f"doc/performance.md: {missed} bars missed", file=sys.stderr)


main()
