#!/usr/bin/env python3
# participant_kubernetes - the kubernetes kind against a real API server: manifests applied, scaled, observed, removed
# SPDX-License-Identifier: Apache-2.0
"""A clguardd, clguard-participant, etcd and kube-apiserver; kubectl does the work. No controllers: the test says what is ready.
Skipped by name where a program is missing; CLGUARD_KUBE names a folder that has those which are not in PATH."""
import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time

from participant_world import PROGRAM, Checks, Runtime, folder, template, wait

PATH = os.pathsep.join([os.environ.get("CLGUARD_KUBE", "/nonexistent"), os.environ["PATH"]])
TOKEN = "clguard-test-token"


def free_port():
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return sock.getsockname()[1]


class Cluster:
    """etcd and an API server; who comes with the token may do everything."""

    def __init__(self):
        self.folder = tempfile.mkdtemp()
        self.processes, self.ready = [], True
        etcd, peer, self.port = free_port(), free_port(), free_port()
        subprocess.run(["openssl", "genrsa", "-out", self.path("key"), "2048"], check=True, capture_output=True)
        with open(self.path("tokens"), "w", encoding="ascii") as file:
            file.write('%s,tester,tester,"system:masters"\n' % TOKEN)
        self.start("etcd", "--data-dir", self.path("etcd"), "--listen-client-urls", "http://127.0.0.1:%d" % etcd,
                   "--advertise-client-urls", "http://127.0.0.1:%d" % etcd, "--listen-peer-urls", "http://127.0.0.1:%d" % peer,
                   "--initial-advertise-peer-urls", "http://127.0.0.1:%d" % peer, "--initial-cluster",
                   "default=http://127.0.0.1:%d" % peer)
        self.arguments = [
            "kube-apiserver", "--etcd-servers", "http://127.0.0.1:%d" % etcd, "--secure-port", str(self.port), "--bind-address",
            "127.0.0.1", "--cert-dir", self.path("certs"), "--token-auth-file", self.path("tokens"), "--authorization-mode",
            "AlwaysAllow", "--service-account-issuer", "https://kubernetes.default.svc", "--service-account-key-file",
            self.path("key"), "--service-account-signing-key-file", self.path("key"), "--disable-admission-plugins",
            "ServiceAccount", "--service-cluster-ip-range", "10.0.0.0/24"]
        self.server = self.start(*self.arguments)
        self.config = self.path("kubeconfig")
        with open(self.config, "w", encoding="ascii") as file:
            json.dump({"apiVersion": "v1", "kind": "Config", "current-context": "test", "clusters": [
                {"name": "test", "cluster": {"server": "https://127.0.0.1:%d" % self.port, "insecure-skip-tls-verify": True}}],
                "users": [{"name": "test", "user": {"token": TOKEN}}],
                "contexts": [{"name": "test", "context": {"cluster": "test", "user": "test"}}]}, file)
        wait("the API server", lambda: self.kubectl("get", "--raw", "/readyz", check=False).stdout == "ok", 120)
        threading.Thread(target=self.control, daemon=True).start()

    def path(self, name):
        return os.path.join(self.folder, name)

    def start(self, *arguments):
        log = open(self.path(arguments[0] + ".log"), "ab")
        process = subprocess.Popen(arguments, stdout=log, stderr=log, env=dict(os.environ, PATH=PATH))
        log.close()
        self.processes.append(process)
        return process

    def kubectl(self, *words, check=True):
        return subprocess.run(["kubectl", "--kubeconfig", self.config, *words], check=check, capture_output=True, text=True,
                              env=dict(os.environ, PATH=PATH))

    def get(self, *words):
        done = self.kubectl("get", *words, "-o", "json", check=False)
        return json.loads(done.stdout) if done.returncode == 0 else None

    def control(self):
        """In place of controllers and kubelets: what was asked of a Deployment is there, while `ready`."""
        while self.processes:
            for one in (self.get("deployments", "-A") or {"items": []})["items"]:
                replicas = one["spec"]["replicas"]
                if self.ready and (one["status"].get("availableReplicas", 0), one["status"].get("observedGeneration")) != (
                        replicas, one["metadata"]["generation"]):
                    status = {"status": {"observedGeneration": one["metadata"]["generation"], "replicas": replicas,
                                         "updatedReplicas": replicas, "readyReplicas": replicas, "availableReplicas": replicas}}
                    self.kubectl("-n", one["metadata"]["namespace"], "patch", "deployment", one["metadata"]["name"],
                                 "--subresource=status", "--type=merge", "-p", json.dumps(status), check=False)
            time.sleep(0.1)

    def close(self):
        processes, self.processes = self.processes, []
        for process in reversed(processes):
            process.kill()
            process.wait()
        shutil.rmtree(self.folder, ignore_errors=True)


def manifests(replicas=2, name="cache", **more):
    labels = {"app": name}
    return [{"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name + "-settings"}, "data": {"limit": "5"}},
            {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": name}, "spec": dict({
                "replicas": replicas, "selector": {"matchLabels": labels}, "template": {"metadata": {"labels": labels}, "spec": {
                    "containers": [{"name": "main", "image": "example/cache:1"}]}}}, **more)}]


def document():
    return template("KubernetesControlLoopElement", {})


def replicas_of(cluster, name="cache", space="edge"):
    found = cluster.get("-n", space, "deployment", name)
    return found["spec"]["replicas"] if found else None


def start(runtime, cluster, *arguments):
    return runtime.participant("kubernetes", "--kubeconfig", cluster.config, "--observe-ms", "200", *([] if "--retries" in arguments else ["--retries", "3"]), *arguments)


def life(checks, cluster):
    with Runtime("--heart-beat-ms", "100") as runtime:
        runtime.commission(document())
        start(runtime, cluster)
        runtime.create(properties={"namespace": "edge", "manifests": manifests()})
        runtime.reach("PASSIVE")
        checks.equal((replicas_of(cluster), cluster.get("-n", "edge", "configmap", "cache-settings")["data"]), (0, {"limit": "5"}),
                     "there, without replicas, in its namespace")
        runtime.reach("RUNNING")
        checks.equal(replicas_of(cluster), 2, "as written")
        runtime.create(version="1.0.1", properties={"namespace": "edge", "manifests": manifests(3)[1:]}, fromVersion="1.0.0")
        wait("the other configuration", lambda: replicas_of(cluster) == 3 and "waiting" not in runtime.loop())
        checks.equal(cluster.get("-n", "edge", "configmap", "cache-settings"), None, "what is not written any more is gone")
        cluster.kubectl("-n", "edge", "scale", "deployment", "cache", "--replicas=0")
        wait("drift is mended", lambda: replicas_of(cluster) == 3)
        cluster.kubectl("-n", "edge", "delete", "deployment", "cache")
        wait("what was deleted comes back", lambda: replicas_of(cluster) == 3)
        wait("it stands", lambda: runtime.must("GET", "/onap/controlloop/v2/monitoring/status")["controlLoopStatusList"][0]["healthy"])
        runtime.reach("PASSIVE", version="1.0.1")
        checks.equal(replicas_of(cluster), 0, "idle again")
        runtime.reach("UNINITIALISED", version="1.0.1")
        checks.equal(replicas_of(cluster), None, "removed")
        checks.check("deletionTimestamp" in (cluster.get("namespace", "edge") or {"metadata": {"deletionTimestamp": 1}})["metadata"],
                     "with the namespace that was made for it")


def failures(checks, cluster):
    with Runtime("--on-failure", "hold") as runtime:
        runtime.commission(document())
        start(runtime, cluster, "--ready-ms", "1500")
        for name, written, state, words in (
                ("bad", [{"apiVersion": "v1", "kind": "Nonsense", "metadata": {"name": "x"}}], "PASSIVE", "Nonsense"),
                ("slow", manifests(1, "slow"), "RUNNING", "kubectl rollout: "),
                ("none", [], "PASSIVE", "manifests is wrong: expected a list of objects")):
            runtime.create(name, properties={"manifests": written})
            if state == "RUNNING":
                runtime.reach("PASSIVE", name)
            cluster.ready = False
            message = runtime.failure(state, name)
            cluster.ready = True
            checks.check(words in message, "%s: %s" % (name, message))


def server_lost(checks, cluster):
    with Runtime("--heart-beat-ms", "100") as runtime, folder() as data:
        runtime.commission(document())
        process = start(runtime, cluster, "--data", data, "--retries", "20", "--retry-wait-ms", "200")
        runtime.create(properties={"manifests": manifests(1, "lost")})
        cluster.server.kill()
        cluster.server.wait()
        runtime.order("PASSIVE")
        time.sleep(0.5)
        runtime.kill(process)
        start(runtime, cluster, "--data", data, "--retries", "20", "--retry-wait-ms", "200")
        cluster.server = cluster.start(*cluster.arguments)
        wait("the order, once the server is back", lambda: runtime.loop()["state"] == "PASSIVE", 90)
        checks.equal(replicas_of(cluster, "lost", "default"), 0, "and the far side agrees")


def main():
    missing = [p for p in ("kubectl", "etcd", "kube-apiserver", "openssl") if not shutil.which(p, path=PATH)]
    if missing or not os.path.exists(PROGRAM):
        print("needs %s" % ", ".join(missing or [PROGRAM]))
        return 77
    os.environ["PATH"] = PATH
    cluster = Cluster()
    try:
        return Checks().run([lambda c, t=test: t(c, cluster) for test in (life, failures, server_lost)])
    finally:
        cluster.close()


if __name__ == "__main__":
    sys.exit(main())
