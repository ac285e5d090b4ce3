#!/usr/bin/env python3
"""doc_session - runs the sessions of documents as a reader would: all commands of one, in one shell, in a folder of their own

A document with the line <!-- a session: ... --> has sessions: its console blocks. '$ ' begins a command, '> ' goes on with it, what
follows is what it prints; '...' stands for any text in a line, or for any lines. Each must succeed. A service that is started in
the background is waited for, and takes a port that is free in place of 6969.
"""
# SPDX-License-Identifier: Apache-2.0
import os
import re
import socket
import subprocess
import sys
import tempfile

MARK = "<!-- a session"
TOP = os.path.abspath(os.environ.get("top_srcdir", "."))
BUILD = os.path.abspath(os.environ.get("top_builddir", "build"))
READY = 'for i in $(seq 200); do grep -q "^listening on" log.%d 2>/dev/null && break; sleep 0.05; done; cat log.%d >&2\n'


def commands(text):
    """[[command, lines that it prints]] of the console blocks."""
    found, inside = [], False
    for line in text.splitlines():
        if line.startswith("```"):
            inside = line == "```console"
        elif inside and line.startswith("$ "):
            found.append([line[2:], []])
        elif inside and line.startswith("> ") or inside and line == ">":
            found[-1][0] += "\n" + line[2:]
        elif inside:
            found[-1][1].append(line)
    return found


def pattern(lines):
    parts = [r"(?:[^\n]*\n)*?" if line == "..." else ".*?".join(map(re.escape, line.split("..."))) + r"[ \t]*\n" for line in lines]
    return re.compile("".join(parts) + r"\Z")


def script(found, port):
    lines = ["trap '' PIPE\n"]
    for number, (command, _) in enumerate(found):
        command = command.replace("127.0.0.1:6969", f"127.0.0.1:{port}")
        service = re.match(r"clguardd .*&$", command, re.S)
        if service:
            command = command[:-1] + f"2>log.{number} &"
        lines.append(f"printf '\\n@@ %d\\n' {number}\n{command}\necho \"@= $?\"\n")
        if service:
            lines.append("pids=\"$! $pids\"\n" + READY % (number, number))
    lines.append("[ -z \"$pids\" ] || { kill $pids; wait; } 2>/dev/null\n")
    return "".join(lines)


def pkg_config(folder):
    """clguard.pc of the build that is not installed."""
    with open(os.path.join(folder, "clguard.pc"), "w", encoding="utf-8") as file:
        file.write("Name: clguard\nDescription: -\nVersion: 0\n"
                   f"Libs: -L{BUILD}/.libs -Wl,-rpath,{BUILD}/.libs -lclguard\nCflags: -I{TOP}/engine/library\n")


def compiler(folder):
    """cc as the library was built: a sanitized one wants a sanitized program."""
    with open(os.path.join(BUILD, "Makefile"), encoding="utf-8") as file:
        made = dict(re.findall(r"^(CC|SANITIZE) = (.*)$", file.read(), re.M))
    if "-fsanitize" in made.get("SANITIZE", ""):
        with open(os.path.join(folder, "cc"), "w", encoding="utf-8") as file:
            file.write(f"#!/bin/sh\nexec {made['CC']} {made['SANITIZE']} \"$@\"\n")
        os.chmod(file.name, 0o755)


def run(path):
    with open(path, encoding="utf-8") as file:
        text = file.read()
    if MARK not in text:
        return 0, 0
    found = commands(text)
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        port = sock.getsockname()[1]
    with tempfile.TemporaryDirectory() as folder, tempfile.TemporaryDirectory() as flags:
        pkg_config(flags)
        compiler(flags)
        environment = {**os.environ, "PATH": f"{flags}:{BUILD}:" + os.environ["PATH"], "CLGUARD_LISTEN": f"127.0.0.1:{port}",
                       "CLGUARD_SERVICE": f"127.0.0.1:{port}", "PKG_CONFIG_PATH": flags, "SOURCE": TOP, "LC_ALL": "C"}
        done = subprocess.run(["sh", "-c", script(found, port)], cwd=folder, env=environment, capture_output=True, text=True,
                              timeout=120, check=False, stdin=subprocess.DEVNULL)
    bad = 0
    parts = re.split(r"\n@@ (\d+)\n", done.stdout)
    told = dict(zip(map(int, parts[1::2]), parts[2::2]))
    for number, (command, wanted) in enumerate(found):
        got, _, code = told.get(number, "@= ?").rpartition("@= ")
        got = got.replace(f"127.0.0.1:{port}", "127.0.0.1:6969")
        if code.strip() != "0" or (wanted and not pattern(wanted).match(got)):
            print(f"{path}: $ {command}\nends with {code.strip()} and prints\n{got}not\n" + "\n".join(wanted))
            bad += 1
    if bad:
        print(done.stderr[-3000:])
    return len(found), bad


def main():
    results = [run(path) for path in sys.argv[1:]]
    print(f"{sum(count for count, _ in results)} commands of sessions")
    return 1 if sum(bad for _, bad in results) or not any(count for count, _ in results) else 0


if __name__ == "__main__":
    sys.exit(main())
