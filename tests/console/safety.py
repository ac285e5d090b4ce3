#!/usr/bin/env python3
"""safety - what strangers write is shown as text in every view, pages of other origins cannot act, a role sees no more than it may."""
# SPDX-License-Identifier: Apache-2.0
import hashlib
import http.server
import json
import os
import sys
import threading

sys.path.insert(0, os.path.dirname(__file__))
import browser  # noqa: E402
from browser import Browser  # noqa: E402
from world import LOOPS, YAML, World, example  # noqa: E402
from service import JSON, Suite, basic, wait_for  # noqa: E402

MARKUP = "<img src=x onerror=\"window.hacked=1\"><script>window.hacked=1</script>"
LINK = "javascript:window.hacked=1"
POLICY = json.dumps({"tosca_definitions_version": "tosca_simple_yaml_1_1_0", "topology_template": {"policies": [{"stranger": {
    "type": "onap.policies.controlloop.guard.common.FrequencyLimiter", "type_version": "1.0.0", "version": "1.0.0",
    "properties": {"actor": MARKUP, "operation": MARKUP, "limit": 1, "timeWindow": 15, "timeUnits": "minute"}}}]}})

web = None


def poisoned():
    """A service into which a stranger has written markup wherever there is room."""
    world = World()
    world.fill()
    world.write("stranger.json", POLICY)
    wait_for(lambda: any(one.get("policy") == "stranger" for one in world.ok("GET", "/clguard/v1/guards")["guards"]), 10)
    world.write("wrong.json", POLICY.replace('"limit"', json.dumps(MARKUP)))  # refused, with its words in the reason
    wait_for(lambda: world.ok("GET", "/clguard/v1/generation")["last_error"], 10)
    world.record(2, actor=MARKUP, operation=MARKUP, target=MARKUP, closedLoopName=MARKUP)
    world.decide(actor=MARKUP, operation=MARKUP, target=MARKUP, clname=LINK)
    for topic in ("POLICY-CL-MGT", "CLGUARD-NOTIFICATION", "stranger"):
        world.ok("POST", "/events/" + topic, {"notification": MARKUP, "message": MARKUP, "closedLoopControlName": MARKUP, "timestamp": MARKUP, "notificationTime": MARKUP})
    world.ok("POST", "/events/POLICY-CLRUNTIME-PARTICIPANT", {
        "messageType": "PARTICIPANT_REGISTER", "messageId": "1", "timestamp": "2026-01-01T00:00:00Z",
        "participantType": {"name": "org.example.participants.Kubernetes", "version": "1.0.0"}, "participantId": {"name": MARKUP, "version": "1.0.0"}})
    loop = json.loads(example("control-loop-instance.json").replace("edge-loop-0", "stranger-loop").replace("1111-4111", "1119-4111")
                      .replace("2222-4222", "2229-4222").replace("3333-4333", "3339-4333"))
    loop["controlLoopList"][0]["description"] = MARKUP
    world.ok("POST", LOOPS + "instantiation", loop)
    return world


def test_markup_is_text_in_every_view(suite):
    views = {
        "now": "now", "policies": "policies", "findings": "policies/findings", "a document": "policies/document?file=stranger", "ask": "ask?actor=" + "A&operation=B",
        "limits": "limits", "loops": "loops/instance?name=stranger-loop&version=1.0.0", "participants": "participants",
        "notifications": "operations/notifications", "recorded": "operations/recorded", "messages": "messages/stranger", "try": "try"}
    with poisoned() as world:
        guards = world.ok("GET", "/clguard/v1/guards")["guards"]
        file = next(one["file"] for one in guards if one.get("policy") == "stranger")
        page = web.page()
        page.goto(world.url + "console/")
        page.says("Per second")
        link = page.eval("'ask?' + new URLSearchParams({actor: %s, operation: %s, target: %s})" % ((json.dumps(MARKUP),) * 3))
        views["ask"] = link
        views["a document"] = page.eval("'policies/document?' + new URLSearchParams({file: %s, line: 1, policy: %s})" % (json.dumps(file), json.dumps(MARKUP)))
        views["completion"] = "ask"
        views["a link"] = page.eval("'limits/history?' + new URLSearchParams({actor: %s, target: %s, window: '15 m', limit: %s})" % ((json.dumps(MARKUP),) * 3))
        for name, where in views.items():
            page.goto(world.url + "console/#/" + where)
            page.eval("new Promise(r => setTimeout(r, 50))")
            if name == "messages":
                page.wait("document.querySelector('details')")
                page.eval("[...document.querySelectorAll('details')].forEach(d => d.open = true)")
            if name == "completion":
                page.wait("document.querySelector('input[name=actor]')")
                page.eval("(i => { i.blur(); i.focus(); })(document.querySelector('input[name=actor]'))")
                page.wait("document.querySelector('datalist option')")
                page.eval("document.querySelector('input[name=target]').value = [...document.querySelectorAll('datalist option')].map(o => o.value).join()")
            if name == "try":
                page.wait("document.querySelector('textarea')")
                page.eval("(t => { t.value = %s; t.dispatchEvent(new Event('input')); })(document.querySelector('textarea'))" % json.dumps(POLICY.replace("limit\"", "<i>\"")))
            if name == "participants":  # the service takes no such names: the stranger is not among them
                suite.check(page.says("kubernetes-0") and "onerror" not in page.text(), "participants: only those with a name")
                continue
            shown = page.wait("(main => main.innerText + [...main.querySelectorAll('input, textarea')].map(i => i.value).join(' '))(document.querySelector('main')).includes('onerror=')")
            suite.check(shown, f"{name}: the text is shown as it is: {page.text()[:200]!r}")
            suite.equal(page.eval("document.querySelectorAll('main img, main script, main iframe, main object, main i b').length"), 0, f"{name}: no element came of it")
            suite.equal(page.eval("[...document.querySelectorAll('a')].filter(a => !['http:', 'https:'].includes(a.protocol)).length"), 0, f"{name}: no link runs anything")
            suite.equal(page.eval("window.hacked"), None, f"{name}: nothing ran")
        suite.equal(page.reports, [], "nothing even tried")
        suite.equal([one for one in page.errors if "status of" not in one], [], "the console of the browser")
        page.close()


def test_the_policy_stops_what_gets_in(suite):
    with World() as world:
        page = web.page()
        page.goto(world.url + "console/")
        page.says("Per second")
        refused = page.eval("(() => { try { document.body.innerHTML = '<b>x</b>'; return 'done'; } catch (e) { return e.name; } })()")
        suite.equal(refused, "TypeError", "markup from a text is refused by trusted types")
        refused = page.eval("(() => { try { document.body.setAttribute('onclick', 'window.hacked=1'); return 'done'; } catch (e) { return e.name; } })()")
        suite.equal(refused, "TypeError", "a handler in markup too")
        suite.equal(page.eval("(async () => { try { return await import('data:text/javascript,window.hacked=1'); } catch (e) { return e.name; } })()"), "TypeError",
                    "a script from elsewhere does not run")
        suite.equal(page.eval("window.hacked"), None, "nothing ran")
        suite.check(wait_for(lambda: page.eval("1") and page.reports), "and it is reported")
        headers = world.request("GET", "/console/").headers
        suite.check("unsafe" not in headers["content-security-policy"] and "default-src 'none'" in headers["content-security-policy"], "no unsafe-*")
        suite.equal((headers["x-content-type-options"], headers["x-frame-options"], headers["referrer-policy"]), ("nosniff", "DENY", "no-referrer"), "headers")
        page.close()


ATTACK = """<!doctype html><title>a page of another origin</title><iframe src="%(url)sconsole/"></iframe><script>
const to = "%(url)s", said = [];
const tries = [
  () => fetch(to + "clguard/v1/state", {method: "PUT", body: '{"state":"PASSIVE"}', headers: {"Content-Type": "application/json"}}),
  () => fetch(to + "clguard/v1/operations", {method: "POST", mode: "no-cors", body: '{"actor":"X","operation":"Y","outcome":"Success"}', headers: {"Content-Type": "text/plain"}}),
  () => fetch(to + "clguard/v1/operations", {method: "POST", body: '{"actor":"X","operation":"Y","outcome":"Success"}', headers: {"Content-Type": "application/json"}}),
  () => fetch(to + "policy/pap/v1/pdps/policies/edge.block", {method: "DELETE"}),
  () => fetch(to + "events/stranger", {method: "POST", mode: "no-cors", body: '{"a":1}'}),
  () => fetch(to + "clguard/v1/denials").then(r => r.text()),
  () => new Promise((resolve, reject) => { const e = new EventSource(to + "clguard/v1/events"); e.addEventListener("now", () => { e.close(); resolve("heard"); }); e.onerror = () => { e.close(); reject("no"); }; }),
];
Promise.all(tries.map((t) => t().then((r) => said.push(typeof r === "string" ? "READ" : r.type), () => said.push("refused")))).then(() => {
  const form = Object.assign(document.createElement("form"), {method: "post", enctype: "text/plain", action: to + "clguard/v1/operations", target: "sink"});
  const input = Object.assign(document.createElement("input"), {name: '{"actor":"X","operation":"Y","outcome":"Success","message":"', value: '"}'});
  form.append(input); document.body.append(Object.assign(document.createElement("iframe"), {name: "sink"}), form); form.submit();
  setTimeout(() => { window.said = said; }, 400);
});
</script>"""


class Stranger(http.server.BaseHTTPRequestHandler):
    page = b""

    def do_GET(self):
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.end_headers()
        self.wfile.write(self.page)

    def log_message(self, *_):
        pass


def test_pages_of_other_origins_cannot_act(suite):
    with World() as world:
        world.fill()
        Stranger.page = (ATTACK % {"url": world.url}).encode()
        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Stranger)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        for host in ("127.0.0.1", "localhost"):
            page = web.page()
            page.goto(f"http://{host}:{server.server_port}/")
            said = page.wait("window.said")
            suite.check(said and "READ" not in said and "basic" not in said and "cors" not in said, f"from {host} nothing is read: {said}")
            suite.equal(page.eval("(f => { try { return f.contentDocument && f.contentDocument.title; } catch { return null; } })(document.querySelector('iframe'))"),
                        None, f"from {host} the console is not framed")
            page.close()
        server.shutdown()
        suite.equal(world.ok("GET", "/clguard/v1/state")["state"], "ACTIVE", "the state stays")
        suite.equal(world.ok("GET", "/clguard/v1/operations?actor=X"), [], "nothing was recorded")
        suite.equal(len(world.ok("GET", "/policy/pap/v1/policies/deployed")), 1, "nothing was undeployed")
        suite.check(all(one["topic"] != "stranger" for one in world.ok("GET", "/clguard/v1/topics")["topics"]), "nothing was published")
        # But a link to the console from anywhere works.
        suite.equal(world.request("GET", "/console/", headers={"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate"}).status, 200, "a link leads here")
        suite.equal(world.request("GET", "/clguard/v1/whoami", headers={"Sec-Fetch-Site": "cross-site"}).status, 403, "and to nothing else")


def test_a_role_is_shown_what_it_may(suite):
    folder = os.path.join(os.environ.get("TMPDIR", "/tmp"), f"clguard-console-{os.getpid()}")
    os.makedirs(folder, exist_ok=True)

    def write(name, text):
        path = os.path.join(folder, name)
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
        os.chmod(path, 0o600)
        return path

    everybody = {"viewer": ["read"], "asker": ["decide"], "operator": ["read", "operate"], "reader": ["read", "messages:POLICY-CL-MGT"], "root": ["all"]}
    users = write("users", "".join(f"{name}:pw-{name}\n" for name in everybody))
    roles = write("roles", json.dumps({"roles": everybody}))
    shown = {"viewer": "Now Policies Limits Loops Participants Operations", "asker": "Ask Try", "operator": "Now Policies Limits Loops Participants Operations",
             "reader": "Now Policies Limits Loops Participants Operations Messages", "root": "Now Policies Ask Limits Loops Participants Operations Messages Try"}
    tokens = write("tokens", f"root:{hashlib.sha256(b'the token').hexdigest()}\n")
    with World("--users", users, "--tokens", tokens, "--roles", roles) as world:
        root = {**JSON, **basic("root", "pw-root")}
        world.ok("POST", LOOPS + "commission", example("control-loop-edge-cache.yaml"), {**YAML, **basic("root", "pw-root")})
        world.ok("POST", LOOPS + "instantiation", example("control-loop-instance.json"), root)
        world.ok("POST", "/events/POLICY-CL-MGT", {"notification": "x"}, root)
        world.ok("POST", "/events/other", {"notification": "x"}, root)
        for name, views in shown.items():
            page = web.page(headers=basic(name, "pw-" + name))
            page.goto(world.url + "console/")
            page.wait("document.querySelectorAll('#nav a').length")
            suite.equal(page.eval("[...document.querySelectorAll('#nav a')].map(a => a.textContent).join(' ')"), views, f"{name} sees")
            suite.equal(page.text("#who"), name, "who it is")
            if "Loops" in views:
                page.goto(world.url + "console/#/loops/instance?name=edge-loop-0&version=1.0.0")
                page.says("edge-loop-0", "UNINITIALISED")
                suite.equal(page.eval("[...document.querySelectorAll('button')].some(b => b.textContent.startsWith('Order'))"), name in ("operator", "root"), f"{name} and orders")
                page.goto(world.url + "console/#/policies")
                page.says("guard.restart.limit")
                suite.equal(page.eval("[...document.querySelectorAll('.tabs a')].some(a => a.textContent === 'New')"), name == "root", f"{name} and new policies")
            if name == "reader":
                page.goto(world.url + "console/#/messages")
                suite.check(page.says("POLICY-CL-MGT") and "other" not in page.text("tbody"), "topics that it holds messages for")
            suite.equal([one for one in page.errors if "status of" not in one], [], f"{name}: the console of the browser")
            suite.equal([one for one in page.errors if "status of 403" in one], [], f"{name}: nothing is asked that it may not")
            page.close()
        page = web.page()
        page.answer_prompts()
        page.goto(world.url + "console/")
        suite.check(page.says("Sign in", "Bearer token"), "who has not said who it is is asked to")
        page.type("input[name=token]", "the token")
        page.click("button[type=submit]")
        suite.check(page.says("Per second"), "a token opens the views")
        suite.check(page.says("Ready", selector="#health"), "and the events")
        page.close()
        page = web.page()
        page.answer_prompts("root", "pw-root")
        page.goto(world.url + "console/")
        suite.check(page.says("Per second") and page.says("Ready", selector="#health"), "and so does what the browser asks for itself")
        page.close()


def main():
    global web
    if not browser.PROGRAM:
        print("skipped: chromium is not installed")
        sys.exit(77)
    code = 1
    wanted = sys.argv[1:]
    with Browser() as web:
        try:
            Suite().run([value for name, value in globals().items() if name.startswith("test_") and (not wanted or any(one in name for one in wanted))])
        except SystemExit as end:
            code = end.code
    sys.exit(code)


main()
