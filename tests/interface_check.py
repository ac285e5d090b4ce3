"""interface_check - whether a request is one of an OpenAPI document: path, method, query and body, for servers of tests."""
# SPDX-License-Identifier: Apache-2.0
import json
import os
import re
from urllib.parse import parse_qsl, unquote, urlsplit

try:
    import jsonschema
    import yaml
except ImportError:
    jsonschema = None

FOLDER = os.path.join(os.environ.get("top_srcdir", "."), "tests", "interfaces")


class Interface:
    """check() answers None for a request that the document has, else what is wrong with it. Without jsonschema all is right."""

    def __init__(self, name):
        self.paths = []
        if not jsonschema:
            print("skipped: requests against tests/interfaces/%s.yaml (no python3-jsonschema or python3-yaml)" % name)
            return
        with open(os.path.join(FOLDER, name + ".yaml"), encoding="utf-8") as file:
            document = yaml.safe_load(file)
        for path, methods in document["paths"].items():
            slashes = {p["name"] for m in methods.values() for p in m.get("parameters", []) if p.get("x-slashes")}
            pattern = re.sub(r"\\?\{([a-z]+)\\?\}", lambda m: "(?P<%s>%s)" % (m[1], ".+" if m[1] in slashes else "[^/]+"),
                             re.escape(document["servers"][0]["url"] + path).replace(r"\/", "/"))
            self.paths.append((re.compile(pattern + "$"), methods))

    def check(self, method, target, headers, body):
        if not jsonschema:
            return None
        parts = urlsplit(target)
        found = [(pattern.match(parts.path), methods) for pattern, methods in self.paths if pattern.match(parts.path)]
        if not found:
            return "there is no path %s in the interface" % parts.path
        match, methods = found[0]
        operation = methods.get(method.lower())
        if operation is None:
            return "%s has no method %s" % (parts.path, method)
        return self.parameters(operation, match, parse_qsl(parts.query, keep_blank_values=True, strict_parsing=bool(parts.query))) or \
            self.body(operation, headers, body)

    @staticmethod
    def parameters(operation, match, query):
        declared = {(p["in"], p["name"]): p for p in operation.get("parameters", [])}
        given = {("query", name): value for name, value in query}
        given.update({("path", name): unquote(value) for name, value in match.groupdict().items()})
        if len(query) != len({name for name, _ in query}):
            return "a parameter is there twice"
        for key in given:
            if key not in declared:
                return "parameter %s is not of the interface" % key[1]
        for key, parameter in declared.items():
            if key not in given:
                if parameter.get("required"):
                    return "parameter %s is missing" % key[1]
                continue
            problem = next(jsonschema.Draft7Validator(parameter["schema"]).iter_errors(given[key]), None)
            if problem:
                return "parameter %s: %s" % (key[1], problem.message)
        return None

    @staticmethod
    def body(operation, headers, body):
        wanted = operation.get("requestBody")
        if not wanted:
            return "a body where none belongs" if body else None
        media = (headers.get("Content-Type") or "").split(";")[0]
        if media not in wanted["content"]:
            return "Content-Type '%s'" % media
        try:
            document = json.loads(body)
        except ValueError as problem:
            return "a body that is not JSON: %s" % problem
        problem = jsonschema.exceptions.best_match(jsonschema.Draft7Validator(wanted["content"][media]["schema"]).iter_errors(document))
        return "%s: %s" % (problem.json_path, problem.message) if problem else None
