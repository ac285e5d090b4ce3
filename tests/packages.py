#!/usr/bin/env python3
# packages - container image, Helm chart, Debian package, completions and profiles say what the programs of this build do
# SPDX-License-Identifier: Apache-2.0
import glob
import os
import re
import shutil
import subprocess
import sys
import tempfile

BUILD = os.path.abspath(os.environ.get("top_builddir", "."))
SOURCE = os.path.abspath(os.environ.get("top_srcdir", "."))
PACKAGES = os.path.join(SOURCE, "packages")
CLGUARD, CLGUARDD = (os.path.join(BUILD, name) for name in ("clguard", "clguardd"))

try:
    import yaml
except ImportError:  # Debian's python3 may have it where this one has not
    if sys.executable != "/usr/bin/python3" and os.access("/usr/bin/python3", os.X_OK) and not os.environ.get("PACKAGES_AGAIN"):
        os.environ["PACKAGES_AGAIN"] = "1"
        os.execv("/usr/bin/python3", ["/usr/bin/python3", __file__])
    print("skipped: no python3-yaml")
    sys.exit(77)

passed = failed = 0


def check(good, text):
    global passed, failed
    if good:
        passed += 1
    else:
        failed += 1
        print("FAIL", text)


def read(*parts):
    with open(os.path.join(SOURCE, *parts), encoding="utf-8") as file:
        return file.read()


def run(*words, **variables):
    return subprocess.run(words, capture_output=True, text=True, timeout=120, check=False, env={**os.environ, **variables})


VERSION = re.search(r"AC_INIT\(\[clguard\], \[([0-9.]+)\]\)", read("configure.ac")).group(1)


# --- versions and lists that must agree ---

check(re.match(rf"clguard \({re.escape(VERSION)}", read("debian", "changelog")), "debian/changelog has the version")
chart = yaml.safe_load(read("packages", "helm", "clguard", "Chart.yaml"))
check(chart["appVersion"] == VERSION, "the chart is of the version")
packages = set(re.search(r"^BUILD_PACKAGES='([^']*)'", read("bootstrap"), re.M).group(1).split())
control = read("debian", "control")
wanted = {name for name in packages if name.endswith("-dev") and name != "libc6-dev"}
check(wanted <= set(re.findall(r"[a-z0-9.+-]+-dev", control)), "debian/control builds with what bootstrap installs")

# Exports against debian/libclguard1.symbols: what leaves breaks programs, what comes is to be written down.
if shutil.which("nm") and os.path.exists(f"{BUILD}/.libs/libclguard.so"):
    exported = run("nm", "-D", "--defined-only", f"{BUILD}/.libs/libclguard.so").stdout
    exported = {line.split()[-1] for line in exported.splitlines() if line.split()[-1].startswith("clg_")}
    listed = set(re.findall(r"^ (clg_\w+)@Base", read("debian", "libclguard1.symbols"), re.M))
    check(exported == listed, f"debian/libclguard1.symbols: missing {exported - listed}, gone {listed - exported}")


# --- the image ---

lines = re.sub(r"\\\n", " ", re.sub(r"^#.*\n", "", read("packages", "docker", "Dockerfile"), flags=re.M)).splitlines()
words = [line.split(None, 1) for line in lines if line.strip()]
stages = [re.match(r"(\S+):(\S+) AS (\w+)$", rest) for kind, rest in words if kind == "FROM"]
check(len(stages) == 2 and all(stages) and all(m.group(2) != "latest" for m in stages), "two named stages of pinned images")
last = words[max(i for i, (kind, _) in enumerate(words) if kind == "FROM"):]
kinds = [kind for kind, _ in last]
check(re.fullmatch(r"[1-9]\d*:[1-9]\d*", dict(last)["USER"]), "it does not run as root, and says so in a number")
check(kinds.index("USER") > max(i for i, kind in enumerate(kinds) if kind in ("RUN", "COPY")), "USER comes after what root does")
check("HEALTHCHECK" in kinds and '"clguard", "status"' in dict(last)["HEALTHCHECK"], "clguard looks whether it is well")
check(dict(last)["ENTRYPOINT"].startswith('["'), "signals reach the program")
for kind, rest in words:
    if kind == "RUN" and "apt-get install" in rest:
        check("--no-install-recommends" in rest and "rm -rf /var/lib/apt/lists" in rest and "apt-get update &&" in rest,
              "apt-get leaves nothing behind")
    if kind == "COPY" and "--from=" in rest:
        check(re.search(r"--from=(\w+)", rest).group(1) in [m.group(3) for m in stages], f"COPY {rest}: no such stage")
check(packages - {"pkg-config"} <= set(" ".join(rest for kind, rest in words if kind == "RUN").split()), "it builds as bootstrap does")
environment = dict(re.findall(r"(CLGUARD_\w+)=(\S+)", dict(last)["ENV"]))
done = run(CLGUARDD, "--print-config", **environment)
check(done.returncode == 0 and not done.stderr, f"its variables are settings: {done.stderr}")
check(done.stdout.count("  # environment, CLGUARD_") == len(environment) > 3, "each of them is taken")

# The health check's words, against a service as in the image: also with users, without credentials.
with tempfile.TemporaryDirectory() as folder:
    users = os.path.join(folder, "users")
    with open(users, "w", encoding="utf-8") as file:
        file.write("ann:secret\n")
    health = re.search(r"CMD (\[.*\])", dict(last)["HEALTHCHECK"]).group(1)
    health = [CLGUARD if word == "clguard" else word.replace("/var/lib/clguard", folder) for word in yaml.safe_load(health)]
    server = subprocess.Popen([CLGUARDD, "--users", users], stderr=subprocess.PIPE, text=True,
                              env={**os.environ, **{name: value.replace("/var/lib/clguard", folder)
                                                    .replace("/etc/clguard/policies", f"{SOURCE}/examples/policies")
                                                    .replace("0.0.0.0:6969", "127.0.0.1:0")
                                                    for name, value in environment.items()}})
    for line in server.stderr:
        if line.startswith("listening on"):
            break
    check(run(*health).returncode == 0, "the health check of a good service")
    server.terminate()
    server.stderr.close()
    server.wait(timeout=30)
    check(run(*health).returncode != 0, "and of none")


# --- the chart ---

helm = shutil.which("helm")
directory = os.path.join(PACKAGES, "helm", "clguard")


def rendered(*values):
    """The documents by kind, or the error."""
    done = run(helm, "template", "r", directory, "--kube-version", "1.29.0", *[word for value in values for word in ("--set", value)])
    if done.returncode:
        return done.stderr
    documents = [document for document in yaml.safe_load_all(done.stdout) if document]
    return {f"{document['kind']} {document['metadata']['name']}": document for document in documents}


if helm:
    check(run(helm, "lint", "--strict", directory, "--set", "open=true").returncode == 0, "helm lint")
    whole = rendered("credentials.secretName=c", "tls.secretName=t", "serviceMonitor.enabled=true", "settings.mode=onap")
    check(isinstance(whole, dict) and {"ConfigMap r-clguard", "StatefulSet r-clguard", "Service r-clguard", "NetworkPolicy r-clguard",
                                       "ServiceMonitor r-clguard"} <= set(whole), f"helm template: {whole}")
    pod = whole["StatefulSet r-clguard"]["spec"]["template"]["spec"]
    container = pod["containers"][0]
    check(pod["securityContext"]["runAsNonRoot"] and container["securityContext"]["readOnlyRootFilesystem"], "it is confined")
    check(whole["StatefulSet r-clguard"]["spec"]["volumeClaimTemplates"], "it has a volume of its own")
    for probe, path in (("startupProbe", "/live"), ("livenessProbe", "/live"), ("readinessProbe", "/ready")):
        check(container[probe]["httpGet"]["path"] == path and container[probe]["httpGet"]["scheme"] == "HTTPS", probe)
    variables = {item["name"]: item.get("value", "") for item in container["env"]}
    with tempfile.NamedTemporaryFile("w", suffix=".yaml") as file:
        file.write(whole["ConfigMap r-clguard"]["data"]["clguard.yaml"])
        file.flush()
        done = run(CLGUARDD, "--print-config", "--config", file.name, **{**environment, **variables})
        check(done.returncode == 0 and "mode: onap  # " in done.stdout and f"tls_key: \"/etc/clguard/tls/tls.key\"  # {file.name}"
              in done.stdout, f"its settings are settings: {done.stderr}")
        check("  # environment" not in done.stdout, "and the image's variables do not come over them")
    check("expected credentials.secretName" in str(rendered()), "it does not open a service to everyone by itself")
    for wrong in ("settings.listen=x", "service.port=0", "policies.a=b", "persistance.size=1Gi"):
        check(isinstance(rendered("open=true", wrong), str), f"values.schema.json refuses {wrong}")
else:
    print("SKIP the chart: no helm")


# --- what a distribution installs ---

with tempfile.TemporaryDirectory() as folder:
    shutil.copy(os.path.join(PACKAGES, "clguard.yaml"), folder)
    done = run(CLGUARDD, "--print-config", CLGUARD_CONFIG_DIR=folder)
    check(done.returncode == 0 and 'data: "/var/lib/clguard"' in done.stdout, f"the packaged configuration: {done.stderr}")
    # A copy: logrotate takes no file that others than root could write.
    rotate = shutil.copy(os.path.join(PACKAGES, "logrotate", "clguardd"), folder)
    with open(rotate, "w", encoding="utf-8") as file:  # by an owner that there is here
        file.write(read("packages", "logrotate", "clguardd").replace(" clguard clguard", " root root"))
    os.chmod(rotate, 0o644)
    if shutil.which("logrotate"):
        done = run("logrotate", "-d", rotate)
        check(done.returncode == 0 and "error" not in done.stderr, f"logrotate: {done.stderr}")
    else:
        print("SKIP logrotate is missing")
parser = shutil.which("apparmor_parser", path=os.environ["PATH"] + ":/usr/sbin:/sbin")
if parser:
    done = run(parser, "-Q", "-K", os.path.join(PACKAGES, "apparmor", "usr.sbin.clguardd"))
    check(done.returncode == 0, f"AppArmor: {done.stderr}")
else:
    print("SKIP apparmor_parser is missing")

# Completion, as a person at a prompt gets it.
path = BUILD + os.pathsep + os.environ["PATH"]
script = run(CLGUARD, "completion", "bash").stdout


def completed(function, *typed):
    words = " ".join(f"'{word}'" for word in typed)
    done = run("bash", "-c", f"{script}\nCOMP_WORDS=({words}); COMP_CWORD={len(typed) - 1}; {function}; printf '%s\\n' \"${{COMPREPLY[@]}}\"",
               PATH=path)
    return done.stdout.split()


if shutil.which("bash"):
    check(set(completed("_clguard", "clguard", "de")) == {"decide", "delete", "decommission"}, "commands")
    check(completed("_clguard", "clguard", "decide", "--hist") == ["--history", "--history-fails"], "options of one")
    check(completed("_clguardd", "clguardd", "--decision-log-ov") == ["--decision-log-overflow"], "settings")
    check(completed("_clguardd", "clguardd", "--decision-log-overflow", "d") == ["drop", "deny"], "and their values")
for shell in ("zsh", "fish"):
    script = run(CLGUARD, "completion", shell)
    check(script.returncode == 0 and "clguardd" in script.stdout, shell)
    if not shutil.which(shell):
        print(f"SKIP {shell} is missing")
        continue
    with tempfile.NamedTemporaryFile("w") as file:
        file.write(script.stdout)
        file.flush()
        done = run(shell, "-n", file.name)
        check(done.returncode == 0 and not done.stderr, f"{shell}: {done.stderr}")
if shutil.which("fish"):
    done = run("fish", "-c", f"{script.stdout}\ncomplete -C 'clguardd --on-host-lost '", PATH=path)
    check(set(line.split("\t")[0] for line in done.stdout.splitlines()) >= {"wait", "move"}, f"fish: {done.stdout}")
    done = run("fish", "-c", f"{script.stdout}\ncomplete -C 'clguard rel'", PATH=path)
    check(done.stdout.startswith("reload\t"), f"fish: {done.stdout}")
check(run(CLGUARD, "completion").returncode == 2 and run(CLGUARD, "completion", "csh").returncode == 2, "no other shell")
for name in [line.split("\t")[0] for line in run(CLGUARD, "--list-commands").stdout.splitlines()]:
    check("--" in run(CLGUARD, name, "--list-options").stdout, f"{name} tells its options")
print(f"{passed} passed, {failed} failed")
sys.exit(1 if failed else 0)
