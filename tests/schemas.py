#!/usr/bin/env python3
# schemas - JSON Schemas of whole files accept the examples and the test cases, and refuse mistakes that check refuses
# SPDX-License-Identifier: Apache-2.0
import glob
import json
import os
import re
import subprocess
import sys

BUILD = os.environ.get("top_builddir", ".")
SOURCE = os.environ.get("top_srcdir", ".")
CLGUARD = os.path.abspath(os.path.join(BUILD, "clguard"))

try:
    import jsonschema
    import yaml
except ImportError:  # Debian's python3 may have them where this one has not
    if sys.executable != "/usr/bin/python3" and os.access("/usr/bin/python3", os.X_OK) and not os.environ.get("SCHEMAS_AGAIN"):
        os.environ["SCHEMAS_AGAIN"] = "1"
        os.execv("/usr/bin/python3", ["/usr/bin/python3", __file__])
    print("skipped: no python3-jsonschema or no python3-yaml")
    sys.exit(77)

# YAML 1.2, as clguard reads it: only true and false are booleans, times and base 60 are text, 010 is ten.
RESOLVERS = [("tag:yaml.org,2002:bool", r"^(true|True|TRUE|false|False|FALSE)$", "tTfF"),
             ("tag:yaml.org,2002:int", r"^[-+]?[0-9]+$", "-+0123456789"),
             ("tag:yaml.org,2002:float", r"^[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?$", "-+0123456789."),
             ("tag:yaml.org,2002:null", r"^(~|null|Null|NULL|)$", "~nN\0"), ("tag:yaml.org,2002:merge", r"^(<<)$", "<")]


class Loader(yaml.SafeLoader):
    yaml_implicit_resolvers = {}


for tag, pattern, first in RESOLVERS:
    Loader.add_implicit_resolver(tag, re.compile(pattern), [*first, ""] if tag.endswith("null") else list(first))
Loader.add_constructor("tag:yaml.org,2002:int", lambda loader, node: int(node.value, 10))
passed = failed = 0


def check(good, text):
    global passed, failed
    passed, failed = passed + bool(good), failed + (not good)
    if not good:
        print("FAIL", text)


def schema(kind):
    run = subprocess.run([CLGUARD, "types", "--json-schema", "--document", kind], capture_output=True, text=True, check=True)
    made = json.loads(run.stdout)
    jsonschema.Draft7Validator.check_schema(made)
    return jsonschema.Draft7Validator(made)


def problems(validator, document):
    """The deepest problem in a document, as text; empty when there is none."""
    best = jsonschema.exceptions.best_match(validator.iter_errors(document))
    return f"{'/'.join(map(str, best.absolute_path))}: {best.message[:200]}" if best else ""


def load(text):
    return yaml.load(text, Loader=Loader)


def read(path):
    with open(path, encoding="utf-8") as file:
        return file.read()


VALIDATORS = {kind: schema(kind) for kind in ("policy", "test", "scenario", "config")}

# Everything that people are shown is accepted.
examples = {"policy": glob.glob(f"{SOURCE}/examples/policies/*.yaml") + glob.glob(f"{SOURCE}/examples/*.yaml")
            + [f for f in glob.glob(f"{SOURCE}/examples/operational/*.yaml") if "scenario" not in f],
            "scenario": [f"{SOURCE}/examples/operational/scenario.yaml"]}
for kind, files in examples.items():
    check(len(files) > 0, f"examples of {kind}")
    for path in files:
        check(not problems(VALIDATORS[kind], load(read(path))), f"{path}: {problems(VALIDATORS[kind], load(read(path)))}")
        modeline = re.search(r"^# yaml-language-server: \$schema=\S+/share/clguard/schemas/(\w+)\.schema\.json$", read(path), re.M)
        check(modeline and modeline.group(1) == kind, f"{path}: no modeline that names the schema of a {kind}")
for kind in VALIDATORS:
    path = os.path.join(BUILD, "api", f"{kind}.schema.json")
    check(json.loads(read(path)) == VALIDATORS[kind].schema, f"{path} is what is installed")

# README's policy, the defaults of the settings, and each file of policy tests with the policies in it.
check(not problems(VALIDATORS["policy"], load(re.search(r"cat >limit.yaml <<'END'\n(.*?)END", read(f"{SOURCE}/README"), re.S).group(1))),
      "README's policy")
printed = subprocess.run([os.path.join(BUILD, "clguardd"), "--print-config"], capture_output=True, text=True, check=True).stdout
check(not problems(VALIDATORS["config"], load(printed)), f"--print-config: {problems(VALIDATORS['config'], load(printed))}")
cases = sorted(glob.glob(f"{SOURCE}/tests/cases/**/*.yaml", recursive=True))
tests = bodies = 0
for path in cases:
    document = load(read(path))
    if not isinstance(document, dict) or not ("requests" in document or "refused" in document):
        continue
    tests += 1
    check(not problems(VALIDATORS["test"], document), f"{path}: {problems(VALIDATORS['test'], document)}")
    if "refused" in document or document.get("mode") == "onap":
        continue  # what ONAP takes, and what nobody takes
    for body in document.get("policies", []):
        text = body if "\n" in body else read(os.path.join(os.path.dirname(path), body))
        if re.search(r"recipe|clname|targets|guardActive", text) and "match_parameters" not in text and "guards:" not in text:
            continue  # the words of the Dublin release have no schema
        bodies += 1
        found = problems(VALIDATORS["policy"], load(text))
        check(not found, f"{path}: policies: {found}")
check(tests > 40 and bodies > 20, f"{tests} files of tests with {bodies} policies are enough")

# Deliberate mistakes, each of which clguard refuses as well.
LIMIT = """type: onap.policies.controlloop.guard.common.FrequencyLimiter
properties: {actor: APPC, operation: Restart, timeWindow: 15, timeUnits: minute, limit: 5}
"""
TEMPLATE = """tosca_definitions_version: tosca_simple_yaml_1_1_0
topology_template:
  policies:
    - guard.x:
        type: onap.policies.controlloop.guard.common.MinMax
        version: 1.0.0
        properties: {actor: SO, operation: VF Module Create, target: t, min: 1, max: 3}
"""
GUARD2 = """guard: {version: 2.0.0}
guards:
  - {id: a, name: b, actor: SO, recipe: Restart, limit_constraints: [{num: 1, duration: PT10M}]}
"""
TEST = """policies: [limit.yaml]
requests:
  - {request: {actor: APPC, operation: Restart, target: vm}, expect: {decision: Permit}}
"""
SCENARIO = read(f"{SOURCE}/examples/operational/scenario.yaml")
MISTAKES = [
    ("policy", LIMIT, "limit: 5", "limit: five"), ("policy", LIMIT, "limit: 5", "limti: 5"),
    ("policy", LIMIT, "timeUnits: minute", "timeUnits: fortnight"), ("policy", LIMIT, "properties", "propertys"),
    ("policy", LIMIT, "actor: APPC", "actor: [APPC]"),
    ("policy", TEMPLATE, "tosca_simple_yaml_1_1_0", "tosca_simple_yaml_9"), ("policy", TEMPLATE, "max: 3", "max: many"),
    ("policy", TEMPLATE, "- guard.x", "- guard x"), ("policy", TEMPLATE, "max: 3", "maximum: 3"),
    ("policy", GUARD2, "num: 1", "num: 0"), ("policy", GUARD2, "PT10M", "soon"), ("policy", GUARD2, "recipe", "receipt"),
    ("policy", GUARD2, "2.0.0", "3.0.0"), ("policy", GUARD2, "limit_constraints", "constraints"),
    ("test", TEST, "requests", "request"), ("test", TEST, "decision: Permit", "decison: Permit"),
    ("test", TEST, "expect: {decision: Permit}", "expect: {}"), ("test", TEST, "policies: [limit.yaml]", "policies: limit.yaml"),
    ("scenario", SCENARIO, "duration: 30 d", "duration: long"), ("scenario", SCENARIO, "flaps: 0.2", "flaps: 2"),
    ("scenario", SCENARIO, "fails: 3 d", "fail: 3 d"), ("scenario", SCENARIO, "success: 0.6", "succes: 0.6"),
    ("config", "lease_s: 3600\n", "3600", "0"), ("config", "mode: strict\n", "strict", "strickt"),
    ("config", "map_size: 64G\n", "64G", "64X"), ("config", "skip_bad_policies: true\n", "true", "maybe"),
    ("config", "policies: [a]\n", "[a]", "a"), ("config", "lease_s: 3600\n", "lease_s", "lease"),
]


def refused(kind, text):
    """Whether clguard refuses the text, or warns of it."""
    path = os.path.join(os.environ.get("TMPDIR", "/tmp"), f"clguard-schemas-{os.getpid()}.yaml")
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)
    command = {"policy": [CLGUARD, "check", "--strict-warnings", path], "test": [CLGUARD, "test", path],
               "scenario": [CLGUARD, "simulate", "--scenario", path, "--policy", f"{SOURCE}/examples/operational/flat.yaml"],
               "config": [os.path.join(BUILD, "clguardd"), "--config", path, "--print-config"]}[kind]
    code = subprocess.run(command, capture_output=True, check=False).returncode
    os.unlink(path)
    return code != 0


for kind, good, old, new in MISTAKES:
    check(not problems(VALIDATORS[kind], load(good)), f"{kind}: {problems(VALIDATORS[kind], load(good))}")
    wrong = good.replace(old, new, 1)
    check(wrong != good and problems(VALIDATORS[kind], load(wrong)), f"the schema of {kind} takes '{new}'")
    check(refused(kind, wrong), f"clguard takes '{new}' in a {kind}")
print(f"{passed} passed, {failed} failed")
sys.exit(1 if failed else 0)
