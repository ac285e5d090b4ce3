#!/usr/bin/env python3
# pipelines - clguard check in pipelines' formats, the templates and hooks run in a repository, schemas by file name
# SPDX-License-Identifier: Apache-2.0
import fnmatch
import glob
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import xml.etree.ElementTree
from urllib.parse import unquote

sys.path.insert(0, os.path.join(os.environ.get("top_srcdir", "."), "tests", "http"))
from service import BUILD, SOURCE, Service, main, wait_for  # noqa: E402

try:
    import yaml
except ImportError:  # Debian's python3 may have it where this one has not
    if sys.executable != "/usr/bin/python3" and os.access("/usr/bin/python3", os.X_OK) and not os.environ.get("PIPELINES_AGAIN"):
        os.environ["PIPELINES_AGAIN"] = "1"
        os.execv("/usr/bin/python3", ["/usr/bin/python3", __file__])
    print("skipped: no python3-yaml")
    sys.exit(77)

CLGUARD = os.path.abspath(os.path.join(BUILD, "clguard"))
SOURCE = os.path.abspath(SOURCE)
LIMITER = """tosca_definitions_version: tosca_simple_yaml_1_1_0
topology_template:
  policies:
    - edge.limit:
        type: onap.policies.controlloop.guard.common.FrequencyLimiter
        type_version: 1.0.0
        version: 1.0.0
        properties:
          actor: APPC
          operation: Restart
          limit: 2
          timeWindow: 10
          timeUnits: minute
"""
TEST = """policies: [../policies/limit.yaml]
requests:
  - {now: 2026-04-14T12:00:00Z, request: {actor: APPC, operation: Restart, target: x}, expect: {decision: Permit}}
"""
ODD = "100%, a: b"


def clguard(*words, **more):
    return subprocess.run([CLGUARD, *words], capture_output=True, text=True, timeout=60, **more)


def write(path, text):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)


def read(path):
    with open(path, encoding="utf-8") as file:
        return file.read()


class Policies(tempfile.TemporaryDirectory):
    """A folder with a policy of each severity, and one whose name and text are hard to carry."""

    def __enter__(self):
        path = super().__enter__()
        write(f"{path}/good.yaml", LIMITER)
        write(f"{path}/warned, 1.yaml", LIMITER.replace("actor: APPC", "actor: Nobody").replace("edge.limit", "edge.warned"))
        write(f"{path}/bad 100%.yaml", LIMITER.replace("edge.limit", "edge.bad").replace("limit: 2", 'limit: "100%, a: b"'))
        return path


def findings(path, *words):
    return json.loads(clguard("check", "--format", "json", *words, path).stdout)["findings"]


def test_json_is_what_it_was(suite):
    with Policies() as path:
        suite.equal(clguard("check", "--json", path).stdout, clguard("check", "--format", "json", path).stdout, "--json")
        suite.equal(clguard("check", "--format", "text", path).stdout, clguard("check", path).stdout, "text")
        suite.equal(clguard("check", "--json", "--format", "json", path).returncode, 1, "both")
        run = clguard("check", "--json", "--format", "sarif", path)
        suite.check(run.returncode == 2 and "not --format sarif" in run.stderr, run.stderr)
        run = clguard("check", "--format", "xml", path)
        suite.check(run.returncode == 2 and "expected text, json, github or sarif, got 'xml'" in run.stderr, run.stderr)


def test_github_sees_each_finding_at_its_line(suite):
    level = {"error": "error", "warning": "warning", "info": "notice"}
    with Policies() as path:
        run = clguard("check", "--format", "github", path)
        suite.equal(run.returncode, 1, run.stderr)
        got = []
        for line in run.stdout.splitlines():
            command = re.fullmatch(r"::(error|warning|notice)(?: ([^:]*))?::(.*)", line)
            if suite.check(command, f"not a command: {line}"):
                members = dict(m.split("=", 1) for m in (command[2] or "").split(",") if m)
                got.append((command[1], unquote(members.get("file", "")), int(members.get("line", 0)), int(members.get("col", 0)),
                            unquote(members["title"]) if "title" in members else None, unquote(command[3])))
        wanted = [(level[f["severity"]], f["file"], f["line"], f["column"], f["id"], f["text"]) for f in findings(path)]
        suite.equal(got, wanted, "as in JSON")
        suite.check(len(wanted) >= 1 and any(ODD in f[5] for f in wanted), f"{wanted}: text that has to be carried")
        good = clguard("check", "--format", "github", f"{path}/good.yaml")
        suite.check(good.returncode == 0 and good.stdout == "" and "0 errors" in good.stderr, good.stdout)
        warned = clguard("check", "--format", "github", f"{path}/warned, 1.yaml").stdout
        suite.check("::warning file=" in warned and "warned%2C 1.yaml,line=" in warned and "title=LINT-01::" in warned, warned)
        many = "type: onap.policies.controlloop.guard.common.MinMax\nproperties:\n" + "".join(f"  m{i}: 1\n" for i in range(1200))
        write(f"{path}/many.yaml", many)
        lines = clguard("check", "--format", "github", f"{path}/many.yaml").stdout.splitlines()
        suite.check(len(lines) == 1001 and re.fullmatch(r"::notice::and \d+ more findings", lines[-1]), lines[-1])


def sarif_problems(log):
    """Facts of the schema of SARIF 2.1.0 about the members that are used here."""
    def members(value, name, needed, allowed):
        if not isinstance(value, dict) or not set(needed) <= set(value) <= set(needed) | set(allowed):
            yield f"{name}: members {sorted(value)}"

    def message(value, name):
        yield from members(value, name, {"text"}, set())
        if not isinstance(value.get("text"), str):
            yield f"{name}: text"

    yield from members(log, "log", {"version", "runs"}, {"$schema"})
    if log["version"] != "2.1.0" or not log["$schema"].endswith("/sarif-schema-2.1.0.json") or len(log["runs"]) != 1:
        yield "version"
    run = log["runs"][0]
    yield from members(run, "run", {"tool", "results"}, {"columnKind", "invocations"})
    if run["columnKind"] not in ("utf16CodeUnits", "unicodeCodePoints"):
        yield "columnKind"
    yield from members(run["tool"], "tool", {"driver"}, set())
    driver = run["tool"]["driver"]
    yield from members(driver, "driver", {"name"}, {"version", "rules"})
    for rule in driver["rules"]:
        yield from members(rule, "rule", {"id"}, {"shortDescription"})
        yield from message(rule["shortDescription"], "rule")
    ids = [rule["id"] for rule in driver["rules"]]
    if len(set(ids)) != len(ids):
        yield "a rule twice"
    for invocation in run["invocations"]:
        yield from members(invocation, "invocation", {"executionSuccessful"}, {"toolExecutionNotifications"})
        for notification in invocation.get("toolExecutionNotifications", []):
            yield from members(notification, "notification", {"message"}, {"level"})
    for result in run["results"]:
        yield from members(result, "result", {"message"}, {"ruleId", "ruleIndex", "level", "locations"})
        yield from message(result["message"], "result")
        if result["level"] not in ("none", "note", "warning", "error") or ids[result["ruleIndex"]] != result["ruleId"]:
            yield f"level or rule of {result}"
        for location in result.get("locations", []):
            yield from members(location, "location", set(), {"physicalLocation", "logicalLocations"})
            physical = location["physicalLocation"]
            yield from members(physical, "physical", {"artifactLocation"}, {"region"})
            if not re.fullmatch(r"(file:///)?([A-Za-z0-9._~/-]|%[0-9A-F]{2})+", physical["artifactLocation"]["uri"]):
                yield f"not a reference of a URI: {physical}"
            if "region" in physical and (min(physical["region"].values()) < 1
                                         or not set(physical["region"]) <= {"startLine", "startColumn"}):
                yield f"region {physical}"


def test_sarif_follows_its_schema_and_says_the_same(suite):
    level = {"error": "error", "warning": "warning", "info": "note"}
    with Policies() as path:
        for where, name in ((path, "absolute"), (".", "relative")):
            run = clguard("check", "--format", "sarif", where, cwd=path)
            suite.equal(run.returncode, 1, "exit code")
            log = json.loads(run.stdout)
            suite.equal(list(sarif_problems(log)), [], name)
            got = []
            for result in log["runs"][0]["results"]:
                physical = result["locations"][0]["physicalLocation"]
                got.append((result["level"], unquote(physical["artifactLocation"]["uri"]).replace("file://", ""),
                            physical["region"]["startLine"], physical["region"]["startColumn"], result["ruleId"],
                            result["message"]["text"]))
            reported = json.loads(clguard("check", "--json", where, cwd=path).stdout)["findings"]
            suite.equal(got, [(level[f["severity"]], f["file"], f["line"], f["column"], f["id"] or "CHECK", f["text"])
                              for f in reported], f"{name}: as in JSON")
        log = json.loads(clguard("check", "--format", "sarif", f"{path}/warned, 1.yaml").stdout)
        suite.equal([rule["id"] for rule in log["runs"][0]["tool"]["driver"]["rules"]], ["LINT-01"], "rules are the ids")
        results = 0
        for name in sorted(glob.glob(f"{SOURCE}/tests/mistakes/*.yaml")):
            log = json.loads(clguard("check", "--format", "sarif", name).stdout)
            suite.equal(list(sarif_problems(log)), [], name)
            results += len(log["runs"][0]["results"])
        suite.check(results > 100, f"{results} findings")
        run = clguard("check", "--format", "sarif", f"{path}/none.yaml")
        log = json.loads(run.stdout)
        suite.check(run.returncode == 3 and not log["runs"][0]["invocations"][0]["executionSuccessful"], "a file that is not there")
        suite.equal(list(sarif_problems(log)), [], "a file that is not there")


class Repository(tempfile.TemporaryDirectory):
    """A repository of policies with a change on a branch, and a decision log of a service with the policies before it."""

    def __enter__(self):
        path = super().__enter__()
        self.work = f"{path}/work"
        write(f"{self.work}/policies/limit.yaml", LIMITER)
        write(f"{self.work}/policytests/limit.yaml", TEST)
        self.git("init", "-q", "-b", "main")
        self.git("config", "user.name", "t")
        self.git("config", "user.email", "t@example.org")
        self.git("add", ".")
        self.git("commit", "-qm", "before")
        self.git("remote", "add", "origin", self.work)
        self.git("fetch", "-q", "origin")
        os.makedirs(f"{path}/bin")
        os.symlink(CLGUARD, f"{path}/bin/clguard")
        self.environment = {**os.environ, "PATH": f"{path}/bin:{os.environ['PATH']}", "GITHUB_BASE_REF": "main",
                            "CI_MERGE_REQUEST_TARGET_BRANCH_NAME": "main", "GITHUB_STEP_SUMMARY": f"{path}/summary.md"}
        self.environment.pop("CLGUARD_NOTE_TOKEN", None)
        return self

    def git(self, *words):
        subprocess.run(["git", "-C", self.work, *words], check=True, capture_output=True)

    def log(self):
        """Two Permits."""
        os.makedirs(f"{self.work}/decision-logs")
        log = f"{self.work}/decision-logs/decisions.log"
        with Service("--decision-log", log, policies={"limit.yaml": LIMITER}) as service:
            for i in range(2):
                service.decide(actor="APPC", operation="Restart", target="x", requestId=str(i))
            wait_for(lambda: len(read(log).splitlines()) >= 2)
        os.unlink(log + ".key")

    def run(self, script):
        return subprocess.run(["bash", "-e", "-o", "pipefail", "-c", script], cwd=self.work, env=self.environment,
                              capture_output=True, text=True, timeout=60)


def github_steps():
    """{name: script} of the steps that run without GitHub."""
    steps = yaml.safe_load(read(f"{SOURCE}/doc/pipelines/github.yaml"))["jobs"]["policies"]["steps"]
    return {step["name"]: step["run"] for step in steps if "run" in step and "env" not in step}


def test_the_workflow_of_github_tells_what_a_change_does(suite):
    steps = github_steps()
    suite.equal(list(steps), ["Check", "Findings for code scanning", "Test", "Difference", "Impact", "Summary"], "steps")
    with Repository() as repository:
        repository.log()
        write(f"{repository.work}/policies/limit.yaml", LIMITER.replace("APPC", "Nobody", 1))
        codes = {name: repository.run(steps[name]).returncode for name in ("Check", "Findings for code scanning", "Test")}
        suite.equal(codes, {"Check": 1, "Findings for code scanning": 0, "Test": 0}, "a warning is refused")
        suite.check("LINT-01" in read(f"{repository.work}/clguard.sarif"), "and stands in the log")
        write(f"{repository.work}/policies/limit.yaml", LIMITER.replace(
            "guard.common.FrequencyLimiter", "guard.common.Blacklist").replace("limit: 2\n", "blacklist: [x]\n").replace(
            "          timeWindow: 10\n          timeUnits: minute\n", ""))
        runs = {name: repository.run(script) for name, script in steps.items()}
        codes = {name: run.returncode for name, run in runs.items()}
        suite.equal(codes, {"Check": 0, "Findings for code scanning": 0, "Test": 1, "Difference": 0, "Impact": 1, "Summary": 0},
                    f"what was permitted is denied: {[(r.stdout, r.stderr) for r in runs.values()]}")
        summary = read(repository.environment["GITHUB_STEP_SUMMARY"])
        suite.check("by edge.limit" in summary and "| open loop | 2 | 0 |" in summary, f"{summary}{runs['Impact'].stderr}")
        suite.equal(json.loads(read(f"{repository.work}/clguard.sarif"))["runs"][0]["results"], [], "no findings")


def test_the_jobs_of_gitlab_too(suite):
    jobs = yaml.safe_load(read(f"{SOURCE}/doc/pipelines/gitlab.yaml"))
    script = {name: "\n".join(job["script"]) for name, job in jobs.items() if "script" in job}
    suite.equal(list(script), ["policies-check", "policies-test", "policies-impact"], "jobs")
    with Repository() as repository:
        write(f"{repository.work}/policies/limit.yaml", LIMITER.replace("limit: 2", "limit: 1"))
        for name, text in script.items():  # without logs
            run = repository.run(text)
            suite.equal(run.returncode, 0, f"{name}: {run.stdout}{run.stderr}")
        suite.check("edge.limit" in read(f"{repository.work}/impact.md"), read(f"{repository.work}/impact.md"))
        suite.check(xml.etree.ElementTree.parse(f"{repository.work}/policytests.xml").getroot() is not None, "JUnit's")
        after = jobs["policies-impact"]["after_script"]
        suite.equal(repository.run("\n".join(after)).returncode, 0, "no token, no note")
        repository.git("worktree", "remove", "--force", "../before")
        write(f"{repository.work}/policies/limit.yaml", LIMITER.replace("limit: 2", "limit: none"))
        suite.equal([repository.run(text).returncode != 0 for text in script.values()], [True] * 3, "a bad policy fails each")


def test_hooks_refuse_a_bad_policy(suite):
    hooks = {hook["id"]: hook for hook in yaml.safe_load(read(f"{SOURCE}/.pre-commit-hooks.yaml"))}
    suite.equal(sorted(hooks), ["clguard-check", "clguard-check-set", "clguard-fmt", "clguard-test"], "hooks")
    told = re.findall(r"^ +- id: (\S+)$", read(f"{SOURCE}/doc/pipelines.md"), re.M)
    suite.check(told and set(told) <= set(hooks), f"doc/pipelines.md names {told}")
    with Repository() as repository:
        def run(name):
            """As pre-commit does: the files that change and fit, unless the hook takes none."""
            hook = hooks[name]
            names = [os.path.relpath(f, repository.work) for f in glob.glob(f"{repository.work}/**/*.*", recursive=True)]
            fit = [f"'{f}'" for f in sorted(names) if re.search(hook["files"], f)]
            suite.check(fit, f"{name} fits no file")
            return repository.run(" ".join([hook["entry"], *hook.get("args", []), *(fit if hook.get("pass_filenames", True) else [])]))

        for name in hooks:
            suite.equal(run(name).returncode, 0, f"{name}: {run(name).stdout}")
        write(f"{repository.work}/policies/limit.yaml", LIMITER.replace("limit: 2", "limit: none"))
        for name in ("clguard-check", "clguard-check-set", "clguard-test"):
            suite.check(run(name).returncode != 0, f"{name} takes a bad policy")
        for name, wanted in (("policies/a.yaml", True), ("x/policies/a.json", True), ("a.policy.yml", True), ("chart/values.yaml", False)):
            suite.equal(bool(re.search(hooks["clguard-check"]["files"], name)), wanted, name)
        if shutil.which("pre-commit"):  # the real one, where it is
            write(f"{repository.work}/.pre-commit-config.yaml", "repos: []\n")
            repository.git("add", "-A")
            run = repository.run(f"pre-commit try-repo {SOURCE} clguard-check-set --all-files")
            suite.check(run.returncode == 1 and "expected" in run.stdout, f"pre-commit: {run.stdout}{run.stderr}")


def test_editors_find_a_schema_by_the_name_of_a_file(suite):
    made = json.loads(read(os.path.join(BUILD, "api", "catalog.json")))
    suite.equal(made, json.loads(clguard("types", "--json-schema", "--catalogue").stdout), "what is installed")
    suite.equal(made["version"], 1, "version")
    patterns = {}
    for entry in made["schemas"]:
        suite.check(set(entry) == {"name", "description", "fileMatch", "url"}, f"members of {entry}")
        kind = re.fullmatch(r"file:///\S+/share/clguard/schemas/(\w+)\.schema\.json", entry["url"])[1]
        patterns[kind] = entry["fileMatch"]
        suite.check(os.path.exists(os.path.join(BUILD, "api", f"{kind}.schema.json")), f"{kind} is installed")
    for name, kind in (("policies/limit.yaml", "policy"), ("a.policy.json", "policy"), ("policytests/x.yml", "test"),
                       ("a.policytest.yaml", "test"), ("x.scenario.yaml", "scenario"), ("clguard.yaml", "config"),
                       ("etc/clguard.d/10-log.yaml", "config"), ("values.yaml", None)):
        fit = [k for k, globs in patterns.items() for g in globs
               if fnmatch.fnmatchcase("/" + name, g.replace("**/", "*/") if "/" in g else "*/" + g)]
        suite.equal(fit, [kind] if kind else [], name)
    page = read(f"{SOURCE}/doc/pipelines.md")
    for kind, globs in patterns.items():
        row = re.search(rf"^\| {kind} \| (.*) \|$", page, re.M)
        suite.equal(re.findall(r"`([^`]+)`", row[1]) if row else None, globs, f"doc/pipelines.md: names of {kind}")
    settings = json.loads(re.search(r"```json\n(.*?)```", page, re.S)[1])
    told = {kind: [g for g in globs if not g.endswith(".json")] for kind, globs in patterns.items()}
    suite.equal({os.path.basename(url).split(".")[0]: globs for url, globs in settings["yaml.schemas"].items()}, told, "settings")
    suite.equal(settings["json.schemas"][0]["fileMatch"], [g for g in patterns["policy"] if g.endswith(".json")], "JSON's")
    for words in (("types", "--catalogue"), ("types", "--json-schema", "--catalogue", "x"),
                  ("types", "--json-schema", "--catalogue", "--document", "test")):
        suite.equal(clguard(*words).returncode, 2, " ".join(words))


main(globals())
