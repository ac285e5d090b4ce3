#!/usr/bin/env python3
# runtime_fuzz - whatever comes on the runtime's topic or as a body, it answers, and an instance nobody meant stays as it is
# SPDX-License-Identifier: Apache-2.0
"""Argument: the number of messages (default 400); a second one is the seed. Prints the seed when it fails."""
import json
import random
import sys
import tempfile

import conformance_runtime as runner

WORDS = ["", "x", "edge-loop-0", "1.0.0", "PASSIVE", "RUNNING", "NO", "\u0000", "\ud83d\ude00", "a" * 3000, "..", "1"]


def anything(chance, depth=0):
    kind = chance.randrange(8 if depth < 4 else 5)
    if kind == 0:
        return chance.choice([None, True, False])
    if kind == 1:
        return chance.choice([0, -1, 1 << 62, 1.5, -1e300])
    if kind < 5:
        return chance.choice(WORDS)
    if kind == 5:
        return [anything(chance, depth + 1) for _ in range(chance.randrange(4))]
    return {chance.choice(WORDS): anything(chance, depth + 1) for _ in range(chance.randrange(4))}


def mutated(chance, value, rate):
    """A copy in which some of the values are anything."""
    if chance.random() < rate:
        return anything(chance)
    if isinstance(value, dict):
        return {k: mutated(chance, v, rate) for k, v in value.items() if chance.random() > rate / 2}
    if isinstance(value, list):
        return [mutated(chance, v, rate) for v in value]
    return value


def messages_of(suite):
    found = [step["message"] for steps in suite["macros"].values() for step in steps if "message" in step]
    return found + [step["message"] for case in suite["cases"] for step in case["steps"] if "message" in step]


def main():
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 400
    seed = int(sys.argv[2]) if len(sys.argv) > 2 else random.randrange(1 << 30)
    chance, suite = random.Random(seed), runner.load_suite()
    runner.load_bodies(suite)
    samples, failed = messages_of(suite), []
    with tempfile.TemporaryDirectory() as folder:
        service = runner.Service(folder, suite["settings"])
        player = runner.Player(suite, service, False)
        player.play([{"use": "passive"}])
        before = player.row("instantiation", "controlLoopList", "edge-loop-0:1.0.0")
        for _ in range(count):
            message = mutated(chance, chance.choice(samples), 0.15)
            text = json.dumps(message if isinstance(message, (dict, list)) else {"m": message})
            if chance.random() < 0.1:
                cut = chance.randrange(len(text))
                text = text[:cut] + chance.choice(["", "}", "\\", "\""]) + text[cut + 1:]
            status, answer = service.ask("POST", "/events/" + player.topic, text)
            if status not in (200, 400):
                failed.append("message %s answers %d %s" % (text[:500], status, answer))
        for body in ("EDGE", "LOOPS"):
            path = player.base + ("/commission" if body == "EDGE" else "/instantiation")
            for _ in range(count // 4):
                text = json.dumps(mutated(chance, suite["bodies"][body], 0.05))
                status, answer = service.ask(chance.choice(["POST", "PUT"]) if body == "LOOPS" else "POST", path, text)
                if status >= 500:
                    failed.append("%s %s answers %d %s" % (path, text[:500], status, answer))
        service.ask("PUT", "/clguard/v1/clock", '{"advance_ms": 20000}')
        after = player.row("instantiation", "controlLoopList", "edge-loop-0:1.0.0")
        for row in (before, after):
            for element in row["elements"].values():
                element.pop("message", None)
                element.pop("faulty", None)
                element.pop("missing", None)  # a participant may say so of its own
        if before != after:
            failed.append("the instance has changed: %s" % json.dumps(after)[:1000])
        service.stop()
    for line in failed:
        print(line)
    print("%d messages, seed %d: %d failures" % (count, seed, len(failed)))
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
