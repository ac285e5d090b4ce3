#!/usr/bin/env python3
"""xacml_engine - 4,000 random requests: a converted policy set in ONAP's XACML engine denies when clguard does

The engine comes from Maven Central (tests/xacml/pom.xml); without java, javac or mvn, or without a network, the test is skipped
and says so. A stress test: `make stress`. What ONAP counts, operations that have ended, is what the histories here hold of the
operations that limiters ask for; what is under way belongs to others, and blocks second loops.
"""
# SPDX-License-Identifier: Apache-2.0
import concurrent.futures
import datetime
import json
import os
import random
import shutil
import subprocess
import sys
import tempfile

BUILD = os.path.abspath(os.environ.get("top_builddir", "."))
SOURCE = os.path.abspath(os.environ.get("top_srcdir", "."))
CLGUARD = os.path.join(BUILD, "clguard")
SETS, REQUESTS = 40, 100
START = datetime.datetime(2026, 4, 14, tzinfo=datetime.timezone.utc)
GUARD = "onap.policies.controlloop.guard."
LOOPS, TARGETS, TEXTS = ["loop-1", "loop-2", "loop-3"], ["t1", "t2", "vm-7", "vm<&>8"], ["v1", "V1", "w", "vm-77"]
FIELDS = ["generic-vnf.vnf-id", "vserver.vserver-id"]
ASKED = ["actor", "operation", "clname", "target", "vfCount", *FIELDS]
FUNCTIONS = ["equal", "equal-ignore-case", "contains", "starts-with", "ends-with", "greater-than", "greater-than-or-equal",
             "less-than", "less-than-or-equal", "regexp-match"]


def skip(why):
    print(f"skipped: {why}")
    sys.exit(77)


def engine_command(folder):
    """Compiles the engine's program: the command that runs it."""
    for tool in ("java", "javac", "mvn"):
        if not shutil.which(tool):
            skip(f"no {tool}")
    path = os.path.join(folder, "classpath")
    pom = os.path.join(SOURCE, "tests", "xacml", "pom.xml")
    maven = subprocess.run(["mvn", "-q", "-B", "-f", pom, "org.apache.maven.plugins:maven-dependency-plugin:3.6.0:build-classpath",
                            f"-Dmdep.outputFile={path}"], capture_output=True, text=True, timeout=300, check=False)
    if maven.returncode:
        skip("Maven does not give the engine: " + " ".join(maven.stdout.split())[:200])
    with open(path, encoding="utf-8") as file:
        classes = file.read().strip()
    subprocess.run(["javac", "-cp", classes, "-d", folder, os.path.join(SOURCE, "tests", "xacml", "Engine.java")], timeout=300, check=True)
    return ["java", "-Dorg.slf4j.simpleLogger.defaultLogLevel=off", f"-Dlogback.configurationFile={quiet_log(folder)}",
            "-cp", folder + ":" + classes, "Engine"]


def quiet_log(folder):
    path = os.path.join(folder, "logback.xml")
    with open(path, "w", encoding="utf-8") as file:
        file.write("<configuration><root level=\"OFF\"/></configuration>")
    return path


def stamp(ms, form="%Y-%m-%dT%H:%M:%S"):
    return (START + datetime.timedelta(milliseconds=ms)).strftime(form) + f".{ms % 1000:03}Z"


def some_range(dice):
    if dice.random() < 0.3:
        day = dice.randrange(3)
        return {"start_time": stamp(day * 86400000), "end_time": stamp((day + 1) * 86400000)}
    return {"start_time": f"{dice.randrange(24):02}:00:00Z", "end_time": f"{dice.randrange(24):02}:30:00Z"}


def some_filter(dice):
    function = dice.choice(FUNCTIONS)
    return {"field": dice.choice(FIELDS), "function": "string-" + function, "blacklist": dice.random() < 0.7,
            "filter": dice.choice(["v.*", "[a-z]+-7+", "w"]) if function == "regexp-match" else dice.choice(TEXTS)}


def some_policy(dice, name):
    kind = dice.choice(["FrequencyLimiter", "Blacklist", "MinMax", "Filter", "FirstBlocksSecond"])
    if kind == "FirstBlocksSecond":
        first, second = dice.sample(LOOPS, 2)
        return {name: {"type": GUARD + "coordination." + kind, "version": "1.0.0", "properties": {"controlLoop": [first, second]}}}
    properties = {"actor": dice.choice(["SO", ".*", "/S.*/"]), "operation": dice.choice(["Restart", "Restart", "VF Module Create", ".*"])}
    if dice.random() < 0.3:
        properties["id"] = dice.choice(LOOPS)
    if dice.random() < 0.4:
        properties["timeRange"] = some_range(dice)
    if kind == "FrequencyLimiter":
        properties.update(limit=dice.randint(1, 3), timeWindow=dice.randint(1, 9), timeUnits=dice.choice(["second", "minute", "hour", "day", "week"]))
    elif kind == "Blacklist":
        properties["blacklist"] = dice.sample(TARGETS + ["/vm.*/", "7"], dice.randint(1, 3))
    elif kind == "MinMax":
        properties.update(target=dice.choice(TARGETS + [".*"]), min=dice.randint(0, 3), max=dice.randint(3, 6))
    else:
        properties.update(algorithm=dice.choice(["blacklist-overrides", "whitelist-overrides"]),
                          filters=[some_filter(dice) for _ in range(dice.randint(1, 4))])
    return {name: {"type": GUARD + "common." + kind, "version": "1.0.0", "properties": properties}}


def some_request(dice):
    values = {"actor": dice.choice(["SO", "SO", "APPC"]), "operation": dice.choice(["Restart", "Restart", "VF Module Create"]),
              "clname": dice.choice(LOOPS), "target": dice.choice(TARGETS), "vfCount": dice.randint(0, 7),
              **{field: dice.choice(TEXTS) for field in FIELDS}}
    gone = {"actor": 0.03, "operation": 0.03}
    return {key: value for key, value in values.items() if dice.random() >= gone.get(key, 0.2)}


def some_history(dice, now):
    rows = []
    for number in range(dice.randint(0, 12)):
        back = int(dice.random() * dice.choice([10000, 600000, 40000000, 900000000]))
        rows.append({"actor": "SO", "operation": "Restart", "target": dice.choice(TARGETS), "closedLoopName": "other", "requestId": str(number),
                     "subrequestId": "1", "starttime": now - back - 1000, "endtime": now - back,
                     "outcome": dice.choice(["Success", "Failure", "Failure_Guard"])})
    for number, loop in enumerate(LOOPS):  # an operation of each, the latest under way or not
        if dice.random() < 0.7:
            done = dice.random() < 0.5
            rows.append({"actor": "OTHER", "operation": "other", "target": "other", "closedLoopName": loop, "requestId": f"loop-{number}",
                         "subrequestId": "1", "starttime": now - dice.randrange(1, 3000000), "endtime": now if done else None,
                         "outcome": "Success" if done else "Started"})
    return rows


def engine_lines(request, rows, now):
    ms = int(START.timestamp() * 1000)
    yield "\t".join(["NOW", str(ms + now), stamp(now, "%H:%M:%S"), stamp(now)])
    for row in rows:
        times = ["" if row[key] is None else str(ms + row[key]) for key in ("starttime", "endtime")]
        yield "\t".join(["ROW", row["actor"], row["operation"], row["target"], row["closedLoopName"], *times, row["outcome"]])
    yield "\t".join(["ASK", *(str(request.get(key, "")) for key in ASKED)])


def as_history(rows):
    return [{key: stamp(value) if key in ("starttime", "endtime") else value for key, value in row.items() if value is not None}
            for row in rows]


def main():
    seed = int(os.environ.get("CLGUARD_SEED", "20261130"))
    dice = random.Random(seed)
    sets, lines = [], []
    with tempfile.TemporaryDirectory() as folder:
        command = engine_command(folder)
        for number in range(SETS):
            policies = os.path.join(folder, f"{number}.json")
            with open(policies, "w", encoding="utf-8") as file:
                json.dump({"tosca_definitions_version": "tosca_simple_yaml_1_1_0", "topology_template": {
                    "policies": [some_policy(dice, f"p{i}") for i in range(dice.randint(1, 4))]}}, file)
            with open(os.path.join(folder, f"{number}.xml"), "w", encoding="utf-8") as file:
                subprocess.run([CLGUARD, "convert", policies, "--to", "xacml"], stdout=file, stderr=subprocess.DEVNULL, timeout=60, check=True)
            asked = []
            lines.append(f"SET\t{folder}/{number}.xml")
            for _ in range(REQUESTS):
                now = dice.randrange(3 * 86400000)
                request, rows = some_request(dice), some_history(dice, now)
                lines += engine_lines(request, rows, now)
                asked.append((request, rows, now))
            sets.append((policies, asked))
        done = subprocess.run(command, input="\n".join(lines) + "\n", capture_output=True, text=True, timeout=900, check=False)
        answers = done.stdout.split()
        if len(answers) != SETS * REQUESTS:
            print(f"{len(answers)} answers of the engine; {done.stderr[-2000:]}\n0 passed, 1 failed")
            return 1
        print({answer: answers.count(answer) for answer in set(answers)}, f"seed {seed}")
        return compare(folder, sets, answers)


def clguard_denies(folder, policies, number, asked):
    request, rows, now = asked
    history = os.path.join(folder, f"history-{number}.json")
    with open(history, "w", encoding="utf-8") as file:
        json.dump(as_history(rows), file)
    body = json.dumps({"action": "guard", "resource": {"guard": request}})
    done = subprocess.run([CLGUARD, "decide", "--policy", policies, "--history", history, "--now", stamp(now), "--request", "-"],
                          input=body, capture_output=True, text=True, timeout=60, check=False)
    os.unlink(history)
    return '"status":"Deny"' in done.stdout if done.returncode == 0 else done.stderr


def compare(folder, sets, answers):
    """Denied by clguard when the engine denies, and only then."""
    questions = [(policies, asked) for policies, every in sets for asked in every]
    failed = 0
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        ours = list(pool.map(lambda n: clguard_denies(folder, questions[n][0], n, questions[n][1]), range(len(questions))))
    for (policies, asked), engine, denies in zip(questions, answers, ours):
        if denies == (engine == "Deny"):
            continue
        failed += 1
        if failed <= 5:
            with open(policies, encoding="utf-8") as file:
                print(f"FAIL {file.read()}\n  asked {asked}\n  the engine says {engine}, clguard denies: {denies}")
    if not 400 < answers.count("Deny") < 3600:
        print(f"FAIL {answers.count('Deny')} of {len(answers)} denied: the run shows less than it should")
        failed += 1
    print(f"{len(questions) - failed} passed, {failed} failed")
    return failed > 0


if __name__ == "__main__":
    sys.exit(main())
