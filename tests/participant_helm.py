#!/usr/bin/env python3
# participant_helm - the kubernetes kind with Helm charts, against a real API server with its controllers
# SPDX-License-Identifier: Apache-2.0
"""A clguardd, clguard-participant, etcd, kube-apiserver, kube-controller-manager; helm and kubectl do the work. Only the kubelets are
the test's: a pod of image example/bad waits, any other is ready. Skipped by name where a program is missing; CLGUARD_KUBE names a
folder that has those which are not in PATH (tests/kubernetes.sh build DIR makes them). `make check` plays the life of a loop,
`make stress` the failures, the kills and the sandbox too."""
import base64
import gzip
import http.client
import http.server
import json
import os
import shutil
import signal
import ssl
import subprocess
import sys
import tempfile
import threading
import time

from participant_kubernetes import PATH, TOKEN, Cluster
from participant_world import BASE, PROGRAM, Checks, Runtime, concept, folder, template, wait

DEPLOYMENT = """apiVersion: apps/v1
kind: Deployment
metadata: {name: {{ .Release.Name }}}
spec:
  {{- if .Values.replicas }}
  replicas: {{ .Values.replicas }}
  {{- end }}
  selector: {matchLabels: {app: {{ .Release.Name }}}}
  template:
    metadata: {labels: {app: {{ .Release.Name }}}}
    spec: {containers: [{name: main, image: "{{ .Values.image }}"}]}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: {{ .Release.Name }}-settings}
data: {limit: "{{ .Values.limit }}"}
"""
CRON = """apiVersion: batch/v1
kind: CronJob
metadata: {name: {{ .Release.Name }}}
spec:
  schedule: "0 3 * * *"
  jobTemplate: {spec: {template: {spec: {restartPolicy: Never, containers: [{name: main, image: example/sweep}]}}}}
"""
CHARTS = {("cache", "1.0.0"): DEPLOYMENT, ("cache", "1.1.0"): DEPLOYMENT.replace("limit:", "newLimit:"), ("sweep", "0.1.0"): CRON,
          ("broken", "1.0.0"): "apiVersion: v1\nkind: {{ .Values.none.such }}\n"}


class Controlled(Cluster):
    """With Kubernetes' own controllers, and a kubelet for all pods."""

    def __init__(self):
        super().__init__()
        self.start("kube-controller-manager", "--kubeconfig", self.config, "--leader-elect=false", "--secure-port=0",
                   "--controllers=deployment,replicaset,namespace,garbagecollector,job,cronjob,resourcequota")
        self.repository()

    def call(self, method, path, body=None):
        link = http.client.HTTPSConnection("127.0.0.1", self.port, timeout=10, context=ssl._create_unverified_context())
        try:
            link.request(method, path, json.dumps(body) if body else None, {
                "Authorization": "Bearer " + TOKEN, "Content-Type": "application/merge-patch+json"})
            return json.loads(link.getresponse().read())
        finally:
            link.close()

    def control(self):
        while self.processes:
            try:
                for pod in self.call("GET", "/api/v1/pods")["items"]:
                    self.tend(pod)
            except (OSError, ValueError, KeyError, http.client.HTTPException):
                pass  # the server is away: the next look
            time.sleep(0.1)

    def tend(self, pod):
        bad = "example/bad" in pod["spec"]["containers"][0]["image"]
        if pod["status"]["phase"] == "Running" or (bad and pod["status"].get("containerStatuses")):
            return
        state = {"waiting": {"reason": "ImagePullBackOff", "message": "no such image"}} if bad else {"running": {}}
        self.call("PATCH", "/api/v1/namespaces/%(namespace)s/pods/%(name)s/status" % pod["metadata"], {"status": {
            "phase": "Pending" if bad else "Running", "conditions": [{"type": "Ready", "status": "False" if bad else "True"}],
            "containerStatuses": [{"name": "main", "image": "x", "imageID": "", "ready": not bad, "restartCount": 0, "state": state}]}})

    def repository(self):
        """The charts, packed, behind HTTP as helm wants them."""
        place = self.path("charts")
        for (name, version), text in CHARTS.items():
            chart = self.path("source/%s-%s" % (name, version))
            os.makedirs(os.path.join(chart, "templates"))
            for path, content in (("Chart.yaml", "apiVersion: v2\nname: %s\nversion: %s\n" % (name, version)),
                                  ("values.yaml", "image: example/cache:1\nlimit: 5\n"), ("templates/all.yaml", text)):
                with open(os.path.join(chart, path), "w", encoding="ascii") as file:
                    file.write(content)
            self.helm("package", chart, "-d", place)
        self.helm("repo", "index", place)

        class Files(http.server.SimpleHTTPRequestHandler):
            def __init__(self, *words):
                super().__init__(*words, directory=place)

            def log_message(self, *_):
                pass
        self.files = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Files)
        threading.Thread(target=self.files.serve_forever, daemon=True).start()

    def helm(self, *words):
        return subprocess.run(["helm", "--kubeconfig", self.config, *words], check=True, capture_output=True, text=True,
                              env=dict(os.environ, PATH=PATH)).stdout

    def close(self):
        self.files.shutdown()
        self.files.server_close()
        super().close()

    def chart(self, name="cache", version="1.0.0", release="cache", **more):
        values = more.pop("values", {})
        return {"namespace": more.pop("namespace", "edge"), "chart": dict({
            "chartId": {"name": name, "version": version}, "releaseName": release, "overrideParams": values,
            "repository": {"address": "http://127.0.0.1:%d" % self.files.server_port}}, **more)}

    def deployment(self, name="cache", space="edge"):
        found = self.get("-n", space, "deployment", name)
        return (found["spec"]["replicas"], found["status"].get("availableReplicas", 0)) if found else None

    def history(self, name="cache", space="edge"):
        return [(one["status"], one["description"]) for one in json.loads(self.helm("history", name, "-n", space, "-o", "json"))]


def start(runtime, cluster, *arguments):
    return runtime.participant("kubernetes", "--kubeconfig", cluster.config, "--observe-ms", "300",
                               *([] if "--retries" in arguments else ["--retries", "3"]), *arguments)


def life(checks, cluster):
    """Two charts in one loop; the way up, an upgrade, drift, and the way down."""
    document = template("KubernetesControlLoopElement", {})
    nodes = document["topology_template"]["node_templates"]
    nodes["e.Second"] = json.loads(json.dumps(nodes["e.Test"]))
    nodes["l.Test"]["properties"]["elements"].append(concept("e.Second"))
    ids = ["33333333-3333-4333-8333-%012d" % i for i in (1, 2)]

    def loop(version, cache, **query):
        body = {"controlLoopList": [dict(concept("loop", version), definition=concept("l.Test"), elements={
            one: {"id": one, "definition": concept(definition), "propertiesMap": given} for one, definition, given in (
                (ids[0], "e.Test", cache), (ids[1], "e.Second", cluster.chart("sweep", "0.1.0", "sweep")))})]}
        path = BASE + "/instantiation" + ("?fromVersion=%(fromVersion)s" % query if query else "")
        runtime.must("PUT" if query else "POST", path, body)

    with Runtime("--heart-beat-ms", "100") as runtime:
        runtime.commission(document)
        start(runtime, cluster)
        loop("1.0.0", cluster.chart(values={"replicas": 2}))
        runtime.reach("PASSIVE")
        checks.equal((cluster.deployment(), cluster.get("-n", "edge", "cronjob", "sweep")["spec"]["suspend"]), ((0, 0), True),
                     "installed, without replicas, suspended")
        runtime.reach("RUNNING")
        checks.equal((cluster.deployment(), cluster.get("-n", "edge", "cronjob", "sweep")["spec"]["suspend"]), ((2, 2), False),
                     "at work, and ready")
        wait("pod phases in the records", lambda: any(
            one.get("kubernetes", {}).get("pods") == {"Running": 2} and one["kubernetes"]["ready"] == 2 for one in runtime.must(
                "GET", BASE + "/monitoring/clelement?name=p-0&version=1.0.0")["clElementStatistics"]))
        loop("1.0.1", cluster.chart(version="1.1.0", values={"replicas": 3}), fromVersion="1.0.0")
        wait("the other chart", lambda: runtime.loop()["version"] == "1.0.1" and "waiting" not in runtime.loop())
        checks.equal((cluster.deployment(), cluster.get("-n", "edge", "configmap", "cache-settings")["data"]), ((3, 3), {"newLimit": "5"}),
                     "upgraded")
        cluster.kubectl("-n", "edge", "scale", "deployment", "cache", "--replicas=0")
        wait("drift is mended", lambda: cluster.deployment() == (3, 3))
        cluster.kubectl("-n", "edge", "delete", "configmap", "cache-settings")
        wait("what was deleted comes back", lambda: cluster.get("-n", "edge", "configmap", "cache-settings"))
        cluster.helm("uninstall", "cache", "-n", "edge")
        wait("the release comes back", lambda: cluster.deployment() == (3, 3))
        wait("it stands", lambda: runtime.must("GET", BASE + "/monitoring/status")["controlLoopStatusList"][0]["healthy"])
        runtime.reach("PASSIVE", version="1.0.1")
        checks.equal(cluster.deployment()[0], 0, "idle again")
        runtime.reach("UNINITIALISED", version="1.0.1")
        checks.equal(cluster.deployment(), None, "removed")
        wait("its namespace is gone", lambda: cluster.get("namespace", "edge") is None)


def failing(checks, cluster):
    """A chart that cannot be installed, one that does not get ready, and an upgrade that helm rolls back."""
    with Runtime("--on-failure", "hold") as runtime:
        runtime.commission(template("KubernetesControlLoopElement", {}))
        start(runtime, cluster, "--ready-ms", "2000")
        for name, given, state, words in (
                ("broken", cluster.chart("broken", release="broken", namespace="bad"), "PASSIVE", "nil pointer evaluating"),
                ("nowhere", cluster.chart("none", release="none", namespace="bad"), "PASSIVE", 'chart "none"'),
                ("dash", cluster.chart("--debug", release="dash", namespace="bad"), "PASSIVE", "a chart needs chartId with a name"),
                ("slow", cluster.chart(release="slow", namespace="bad", values={"image": "example/bad"}), "RUNNING",
                 "ImagePullBackOff no such image")):
            runtime.create(name, properties=given)
            if state == "RUNNING":
                runtime.reach("PASSIVE", name)
            message = runtime.failure(state, name)
            checks.check(words in message, "%s: %s" % (name, message))
    with Runtime() as runtime:
        runtime.commission(template("KubernetesControlLoopElement", {}))
        start(runtime, cluster, "--ready-ms", "3000")
        runtime.create(properties=cluster.chart(namespace="rolled", values={"replicas": 1}))
        runtime.reach("PASSIVE")
        runtime.reach("RUNNING")
        runtime.create(version="1.0.1", properties=cluster.chart(namespace="rolled", values={"replicas": 1, "image": "example/bad"}),
                       fromVersion="1.0.0")
        wait("the failure", lambda: "ImagePullBackOff no such image; rolled back" in json.dumps(runtime.loop()))
        wait("the former configuration", lambda: runtime.loop()["version"] == "1.0.0" and "waiting" not in runtime.loop())
        checks.check(any(text.startswith("Rollback to") for _, text in cluster.history(space="rolled")), "helm rolled back")
        image = cluster.get("-n", "rolled", "deployment", "cache")["spec"]["template"]["spec"]["containers"][0]["image"]
        checks.equal(image, "example/cache:1", "as it was")


def killed(checks, cluster):
    """A participant is killed with its helm at work, a helm alone, and the API server is lost."""
    with Runtime("--heart-beat-ms", "100", "--max-status-wait-ms", "6000") as runtime, folder() as data:
        runtime.commission(template("KubernetesControlLoopElement", {}))
        arguments = ("--data", data, "--retries", "50", "--retry-wait-ms", "200")
        process = start(runtime, cluster, *arguments)
        runtime.create(properties=cluster.chart(namespace="killed", values={"replicas": 1}))
        for state, wanted in (("PASSIVE", (0, 0)), ("RUNNING", (1, 1)), ("PASSIVE", (0, 0)), ("UNINITIALISED", None)):
            runtime.order(state)
            time.sleep(0.4)
            runtime.kill(process)
            process = start(runtime, cluster, *arguments)
            wait(state, lambda: runtime.loop()["state"] == state, 60)
            wait("the cluster agrees", lambda: cluster.deployment(space="killed") == wanted)
            checks.check(True, state)
        runtime.reach("PASSIVE")
        secret = cluster.get("-n", "killed", "secrets", "-l", "owner=helm")["items"][-1]
        pending(cluster, secret)
        runtime.reach("RUNNING")
        checks.equal(cluster.deployment(space="killed"), (1, 1), "a release that a killed helm left pending is recovered")
        cluster.server.send_signal(signal.SIGKILL)
        cluster.server.wait()
        runtime.order("PASSIVE")
        time.sleep(0.5)
        cluster.server = cluster.start(*cluster.arguments)
        wait("the order, once the server is back", lambda: runtime.loop()["state"] == "PASSIVE", 90)
        checks.equal(cluster.deployment(space="killed")[0], 0, "and the cluster agrees")


def pending(cluster, secret):
    """Helm keeps a release as gzip in base64, twice, in a secret: its status becomes that of one under way."""
    release = json.loads(gzip.decompress(base64.b64decode(base64.b64decode(secret["data"]["release"]))))
    release["info"]["status"] = "pending-install" if release["version"] == 1 else "pending-upgrade"
    packed = base64.b64encode(base64.b64encode(gzip.compress(json.dumps(release).encode()))).decode()
    cluster.kubectl("-n", "killed", "patch", "secret", secret["metadata"]["name"], "--type=merge", "-p",
                    json.dumps({"data": {"release": packed}}))


def sandbox(checks, cluster):
    """A sandboxed instance has a namespace of its own, with a quota and a network policy; values for PASSIVE."""
    document = template("KubernetesControlLoopElement", {"quota": {"pods": "4", "requests.cpu": "2"}})
    document["topology_template"]["node_templates"]["l.Test"]["properties"]["gateway"] = {"sandbox": True}
    with Runtime() as runtime:
        runtime.commission(document)
        start(runtime, cluster, "--gateway-namespace", "kong")
        given = cluster.chart(passiveParams={"replicas": 0, "limit": 0})
        del given["namespace"]
        runtime.create("Edge.Loop", properties=given)
        runtime.reach("PASSIVE", "Edge.Loop")
        space = "edge-loop"
        checks.equal(cluster.get("-n", space, "configmap", "cache-settings")["data"], {"limit": "0"}, "values for PASSIVE")
        checks.equal(cluster.get("-n", space, "resourcequota", "clguard-sandbox")["spec"]["hard"], {"pods": "4", "requests.cpu": "2"},
                     "the quota")
        policy = cluster.get("-n", space, "networkpolicy", "clguard-sandbox")["spec"]
        checks.equal((sorted(policy["policyTypes"]), policy["ingress"]), (["Egress", "Ingress"], [{"from": [{"podSelector": {}}, {
            "namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "kong"}}}]}]), "who may come in")
        runtime.reach("UNINITIALISED", "Edge.Loop")
        wait("the namespace is gone", lambda: cluster.get("namespace", space) is None)


class Consul(http.server.BaseHTTPRequestHandler):
    keys = {}

    def handle_any(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", 0))).decode()
        there = self.path in self.keys
        if self.command == "PUT":
            self.keys[self.path] = json.loads(body)
        elif self.command == "DELETE":
            self.keys.pop(self.path, None)
        text = b"true"
        self.send_response(404 if self.command == "GET" and not there else 200)
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    do_GET = do_PUT = do_DELETE = handle_any

    def log_message(self, *_):
        pass


def dcae(checks, cluster):
    """A microservice of DCAE: its keys in Consul, then its chart."""
    consul = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Consul)
    threading.Thread(target=consul.serve_forever, daemon=True).start()
    with Runtime() as runtime:
        runtime.commission(template("DCAEMicroserviceControlLoopElement", {}))
        runtime.participant("dcae", "--kubeconfig", cluster.config, "--observe-ms", "300")
        runtime.create(properties=dict(cluster.chart(namespace="dcae", values={"replicas": 1}), consul_info=[
            {"consulUrl": "http://127.0.0.1:%d/v1/kv/mapper" % consul.server_port, "consulBody": {"limit": 5}}]))
        runtime.reach("PASSIVE")
        checks.equal((Consul.keys, cluster.deployment(space="dcae")), ({"/v1/kv/mapper": {"limit": 5}}, (0, 0)), "configured, installed")
        runtime.reach("RUNNING")
        checks.equal(cluster.deployment(space="dcae"), (1, 1), "ready")
        runtime.reach("PASSIVE")
        runtime.reach("UNINITIALISED")
        checks.equal((Consul.keys, cluster.deployment(space="dcae")), ({}, None), "removed")
    consul.shutdown()
    consul.server_close()


def main():
    missing = [p for p in ("helm", "kubectl", "etcd", "kube-apiserver", "kube-controller-manager", "openssl")
               if not shutil.which(p, path=PATH)]
    if missing or not os.path.exists(PROGRAM):
        print("needs %s" % ", ".join(missing or [PROGRAM]))
        return 77
    with tempfile.TemporaryDirectory() as home:
        os.environ.update(PATH=PATH, HELM_CACHE_HOME=home + "/cache", HELM_CONFIG_HOME=home + "/config", HELM_DATA_HOME=home + "/data")
        cluster = Controlled()
        try:
            wanted = sys.argv[1:] or (["life", "failing", "killed", "sandbox", "dcae"] if os.environ.get("CLGUARD_STRESS") else ["life"])
            return Checks().run([lambda c, t=test: t(c, cluster) for test in (life, failing, killed, sandbox, dcae) if test.__name__ in wanted])
        finally:
            cluster.close()


if __name__ == "__main__":
    sys.exit(main())
