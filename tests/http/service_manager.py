#!/usr/bin/env python3
"""service_manager - the watchdog is fed by all threads or not at all; sockets by name; units that confine."""
# SPDX-License-Identifier: Apache-2.0
import fcntl
import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile

import service
from service import LIMITER, Service, wait_for

HANG = os.path.join(service.BUILD, "tests", ".libs", "hang.so")
UNITS = os.path.join(service.BUILD, "packages", "systemd")


class Manager:
    """The socket of a service manager, and what it was told."""

    def __init__(self, watchdog_us):
        self.watchdog_us = watchdog_us

    def __enter__(self):
        self.folder = tempfile.TemporaryDirectory()
        path = os.path.join(self.folder.name, "notify")
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(path)
        self.socket.setblocking(False)
        self.told = []
        os.environ.update(NOTIFY_SOCKET=path, WATCHDOG_USEC=str(self.watchdog_us))
        return self

    def listen(self):
        try:
            while True:
                self.told.append(self.socket.recv(4096).decode())
        except BlockingIOError:
            return self.told

    def fed(self):
        return sum(text == "WATCHDOG=1" for text in self.listen())

    def __exit__(self, *_):
        del os.environ["NOTIFY_SOCKET"], os.environ["WATCHDOG_USEC"]
        self.socket.close()
        self.folder.cleanup()


def test_the_watchdog_is_fed(suite):
    with Manager(400000) as manager, tempfile.TemporaryDirectory() as folder:
        listener = f"unix:{os.path.join(folder, 's')},plain"
        with Service("--listeners", listener, "--connections", "2", policies={"limit.yaml": LIMITER}) as server:
            suite.check(wait_for(lambda: manager.fed() >= 4), manager.told)
            held = [server.connect() for _ in range(6)]  # also when the workers have all the connections that they may
            before = manager.fed()
            suite.check(wait_for(lambda: manager.fed() >= before + 3), "with all connections in use")
            for sock in held:
                sock.close()
            suite.check("does not answer" not in server.log_text(), server.log_text())
        suite.check(wait_for(lambda: "STOPPING=1\nSTATUS=stopping" in manager.listen()), "stopping")


def test_the_watchdog_of_a_service_with_tls(suite):
    with Manager(400000) as manager, tempfile.TemporaryDirectory() as folder:
        key, certificate = os.path.join(folder, "key"), os.path.join(folder, "certificate")
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
                        "-keyout", key, "-out", certificate, "-subj", "/CN=localhost"], check=True, capture_output=True)
        with Service("--tls-certificate", certificate, "--tls-key", key):
            suite.check(wait_for(lambda: manager.fed() >= 3), "a handshake that fails is an answer")


def test_a_thread_that_hangs_starves_the_watchdog(suite):
    if service.sanitized():
        return
    for function, wanted in (("epoll_wait", r"worker [01]"),
                             ("pthread_cond_timedwait", "the committer|the control loop runtime")):
        with Manager(2000000) as manager:
            file = os.path.join(manager.folder.name, "hang")
            os.environ.update(LD_PRELOAD=HANG, HANG_FILE=file)
            try:
                server = Service(check_exit=False)
            finally:
                del os.environ["LD_PRELOAD"], os.environ["HANG_FILE"]
            try:
                suite.check(wait_for(lambda: manager.fed() >= 2), f"{function}: fed at first")
                with open(file, "w", encoding="utf-8") as out:
                    out.write(function)
                suite.check(wait_for(lambda: any(re.fullmatch(f"STATUS=({wanted}) does not answer", text)
                                                 for text in manager.listen())), f"{function}: {manager.told}")
                suite.check(re.search(f"({wanted}) has not answered for", server.log_text()), server.log_text())
                suite.equal(manager.told[-1].startswith("STATUS="), True, "and is not fed after that")
            finally:
                server.kill()
                shutil.rmtree(server.folder, ignore_errors=True)


def handed_over(names, *arguments):
    """A clguardd with one socket a name; the lines that it says, and their ports."""
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in names]
    high = [fcntl.fcntl(sock.fileno(), fcntl.F_DUPFD, 40) for sock in sockets]
    starter = ("import os, sys\n"
               "for i, fd in enumerate(sys.argv[1].split(',')): os.dup2(int(fd), 3 + i)\n"
               "os.environ.update(LISTEN_PID=str(os.getpid()), LISTEN_FDS=str(i + 1), LISTEN_FDNAMES=sys.argv[2])\n"
               "os.execv(sys.argv[3], sys.argv[3:])")
    process = subprocess.Popen([sys.executable, "-c", starter, ",".join(map(str, high)), ":".join(names), service.PROGRAM,
                                "--workers", "1", *arguments], pass_fds=high, stderr=subprocess.PIPE, text=True)
    ports = [sock.getsockname()[1] for sock in sockets]
    for fd in high:
        os.close(fd)
    for sock in sockets:
        sock.close()
    lines = []
    for line in process.stderr:
        lines.append(line)
        if line.startswith("listening on"):
            break
    process.terminate()
    process.stderr.close()
    return process.wait(timeout=20), "".join(lines), ports


def test_sockets_have_names(suite):
    listeners = ("--listeners", "127.0.0.1:1", "127.0.0.1:2")
    code, text, ports = handed_over(["listener-2", "listen", "listener-1"], *listeners)
    suite.equal((code, [int(port) for port in re.findall(r"listening on 127.0.0.1:(\d+)", text)]),
                (0, [ports[2], ports[0], ports[1]]), "by name, in any order")
    code, text, ports = handed_over(["a.socket", "b.socket", "b.socket"], *listeners)
    suite.equal((code, [int(port) for port in re.findall(r"listening on 127.0.0.1:(\d+)", text)]),
                (0, [ports[1], ports[2], ports[0]]), "by order, when no name is ours")
    code, text, _ = handed_over(["listen", "listener-3"])
    suite.check(code == 1 and "handed over 2 sockets, and 1 of them" in text, f"none is left unserved: {code} {text}")


def test_units_confine(suite):
    for unit in ("clguardd.service", "clguard-participant@.service"):
        with open(os.path.join(UNITS, unit), encoding="utf-8") as file:
            text = file.read()
        suite.check(not re.search(r"@[a-z]+dir@", text), f"{unit}: directories are filled in")
    if not shutil.which("systemd-analyze"):
        print("SKIP systemd-analyze is missing")
        return
    with tempfile.TemporaryDirectory() as folder:
        units = [shutil.copy(os.path.join(UNITS, "clguardd.service"), folder)]
        units.append(shutil.copy(os.path.join(UNITS, "clguard-participant@.service"),
                                 os.path.join(folder, "clguard-participant@x.service")))
        for unit in units:
            done = subprocess.run(["systemd-analyze", "security", "--offline=true", "--threshold=20", unit],
                                  capture_output=True, text=True, timeout=60)
            level = re.search(r"Overall exposure level for \S+: ([0-9.]+)", done.stdout)
            suite.check(done.returncode == 0 and level and float(level.group(1)) <= 2.0, f"{unit}: {done.stdout}{done.stderr}")
        socket_unit = shutil.copy(os.path.join(service.SOURCE, "packages", "systemd", "clguardd.socket"), folder)
        for unit in units[:1]:
            with open(unit, encoding="utf-8") as file:
                text = file.read()
            program = re.search(r"ExecStart=(\S+)", text).group(1)
            with open(unit, "w", encoding="utf-8") as file:
                file.write(text.replace(program, os.path.abspath(service.PROGRAM)))
        done = subprocess.run(["systemd-analyze", "verify", "--man=no", socket_unit, units[0]], capture_output=True, text=True,
                              timeout=60)
        told = [line for line in done.stderr.splitlines() if folder in line or "clguard" in line]
        suite.equal([line for line in told if "not executable" not in line], [], "systemd understands every line")


service.main(globals())
