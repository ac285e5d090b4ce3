#!/usr/bin/env python3
"""settings - clguard.yaml, the command line, and the manual pages that repeat the table."""
# SPDX-License-Identifier: Apache-2.0
import os
import re
import subprocess
import tempfile

import service


def run(*arguments):
    return subprocess.run([service.PROGRAM, *arguments], capture_output=True, text=True, timeout=20)


def printed(text):
    """[(comment, name, value)] of --print-config."""
    found = re.findall(r"((?:# .*\n)+)([a-z_]+): (.*?)  # .*\n", text)
    return [(" ".join(line[2:] for line in comment.splitlines()), name, value) for comment, name, value in found]


def test_what_is_printed_can_be_read_again(suite):
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "c.yaml")
        first = run("--print-config", "--policies", "a b", 'c"d', "--lease-s", "7", "--body-size", "2000", "--users=u",
                    "--map-size", "3 MiB", "--skip-bad-policies", "--mode", "onap")
        suite.equal((first.returncode, first.stderr), (0, ""), "printed")
        with open(path, "w", encoding="utf-8") as file:
            file.write(first.stdout)
        again = run("--config", path, "--print-config")
        origins = re.compile("  # .*")
        suite.equal(origins.sub("", again.stdout), origins.sub("", first.stdout), "read again")
        suite.equal({found for found in origins.findall(again.stdout)
                     if not found.startswith(f"  # {path}:")}, {"  # default"}, "what the file leaves out is null")
        values = {name: value for _, name, value in printed(first.stdout)}
        suite.equal([values[n] for n in ("policies", "lease_s", "body_size", "users", "map_size", "mode", "data",
                                         "skip_bad_policies", "document_size")],
                    ['["a b", "c\\"d"]', "7", "2000", '"u"', "3M", "onap", "null", "true", "16M"], "values")


def test_the_command_line_comes_after_the_file(suite):
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "c.yaml")
        with open(path, "w", encoding="utf-8") as file:
            file.write("lease_s: 5\nidle_timeout_s: 9\npolicies: [x, y]\n")
        values = {n: v for _, n, v in printed(run("--lease-s", "6", "--policies", "z", "--policies", "w", "--print-config",
                                                  "--config", path).stdout)}
        suite.equal((values["lease_s"], values["idle_timeout_s"], values["policies"]), ("6", "9", '["z", "w"]'), "values")


def test_errors_name_the_place_or_the_option(suite):
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "c.yaml")
        for text, wanted in (("lease_s: 0\n", ":1:10: error: lease_s: 0 is not within 1 to "),
                             ("\nlease: 5\n", ":2:1: error: there is no setting 'lease'"),
                             ("liten: x\n", "there is no setting 'liten'; did you mean 'listen'?"),
                             ("mode: lax\n", ":1:7: error: mode: 'lax' is none of strict, onap"),
                             ("body_size: [1]\n", ":1:12: error: body_size: a list"),
                             ("body_size: 64 KB\n", ":1:12: error: body_size: '64 KB' is not a number"),
                             ("lease_s: 1K\n", "is not a number"),
                             ("listen: nonsense\n", ":1:9: error: listen: 'nonsense' is not ADDR:PORT"),
                             ("policies: x\n", "text where a list is expected"),
                             ("- 1\n", "a list where a map"), ("a: [\n", ":2:1: error:"),
                             ("mode: strict\nmode: onap\n", ":2:1: error: duplicate key"),
                             ("skip_bad_policies: yes\n", "neither true nor false")):
            with open(path, "w", encoding="utf-8") as file:
                file.write(text)
            done = run("--config", path, "--print-config")
            suite.equal(done.returncode, 1, text)
            suite.check(done.stderr.startswith(path + ":") and wanted in done.stderr, f"{text!r}: {done.stderr}")
    suite.equal(run("--config", "/nowhere/c.yaml").returncode, 3, "no such file")
    for arguments, wanted in ((["--lease-s", "x"], "lease_s: 'x' is not a number"), (["--lease-s"], "needs a value"),
                              (["--nothing", "1"], "unknown option '--nothing';"),
                              (["--body-sise=1"], "unknown option '--body-sise=1'; did you mean '--body-size'?"),
                              (["word"], "belongs to no option"),
                              (["--listen", "--mode", "onap"], "'--listen' needs a value"), (["--config"], "needs a value"),
                              (["--data", ""], "data: empty"), (["--listen", "nonsense"], "listen: 'nonsense' is not ADDR:PORT"),
                              (["--listen", "unix:"], "is not ADDR:PORT"), (["--listen", "::1:80"], "is not ADDR:PORT"),
                              (["--listen", "a:99999"], "is not ADDR:PORT")):
        done = run(*arguments, "--print-config") if arguments != ["--lease-s"] and arguments != ["--config"] else run(*arguments)
        suite.equal(done.returncode, 2, arguments)
        suite.check(wanted in done.stderr, f"{arguments}: {done.stderr}")


def test_ranges_hold_at_both_ends(suite):
    for comment, name, _ in printed(run("--print-config").stdout):
        found = re.search(r"(?:(?:Seconds|Bytes), )?(\d+)([KMGT]?) to (\d+)([KMGT]?)\.$", comment)
        if not found:
            continue
        scale = {"": 1, "K": 1 << 10, "M": 1 << 20, "G": 1 << 30, "T": 1 << 40}
        least, most = (int(found.group(i)) * scale[found.group(i + 1)] for i in (1, 3))
        option = "--" + name.replace("_", "-")
        for value, code in ((least, 0), (most, 0), (most + 1, 2)) + (((least - 1, 2),) if least else ()):
            suite.equal(run(option, str(value), "--print-config").returncode, code, f"{name} {value}")


def test_help_and_version(suite):
    done = run("--help")
    suite.equal((done.returncode, done.stderr), (0, ""), "help")
    for _, name, _ in printed(run("--print-config").stdout):
        suite.check(f"\n  --{name.replace('_', '-')}" in done.stdout, name)
    suite.check(re.match(r"clguardd \d+\.\d+\.\d+\n$", run("--version").stdout), "version")


def test_the_manual_page_repeats_the_table(suite):
    with open(os.path.join(service.SOURCE, "doc", "clguard.yaml.5"), encoding="utf-8") as file:
        page = file.read()
    section = page.split(".\\\" settings, as clguardd --print-config has them\n")[1].split(".SH")[0]
    wanted = ""
    for comment, name, value in printed(run("--print-config").stdout):
        text = comment.replace("\\", "\\\\").replace("-", "\\-")
        wanted += f".TP\n.BR {name} \" (default {value.replace('-', chr(92) + '-').replace(chr(34), '')})\"\n{text}\n"
    if not suite.check(section == wanted, "doc/clguard.yaml.5 differs; it should have:"):
        print(wanted)


service.main(globals())
