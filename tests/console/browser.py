"""browser - a headless chromium, driven over its DevTools protocol with what Python brings along."""
# SPDX-License-Identifier: Apache-2.0
import base64
import json
import os
import shutil
import socket
import struct
import subprocess
import tempfile
import time
from urllib.parse import urlparse

PROGRAM = next((path for path in map(shutil.which, ("chromium", "chromium-browser", "google-chrome")) if path), None)


class Socket:
    """A WebSocket client: text frames, no extensions."""

    def __init__(self, url):
        where = urlparse(url)
        self.sock = socket.create_connection((where.hostname, where.port), timeout=60)
        self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        key = base64.b64encode(os.urandom(16)).decode()
        self.sock.sendall((f"GET {where.path} HTTP/1.1\r\nHost: {where.netloc}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                           f"Sec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\n\r\n").encode())
        self.rest = b""
        while b"\r\n\r\n" not in self.rest:
            self.rest += self.sock.recv(65536)
        head, self.rest = self.rest.split(b"\r\n\r\n", 1)
        if b" 101 " not in head.split(b"\r\n")[0]:
            raise RuntimeError(head.decode())

    def send(self, text):
        data, mask = text.encode(), os.urandom(4)
        size = len(data)
        head = bytes([0x81, 0x80 | size]) if size < 126 else \
            struct.pack(">BBH", 0x81, 0xfe, size) if size < 65536 else struct.pack(">BBQ", 0x81, 0xff, size)
        whole = int.from_bytes(mask * (size // 4 + 1), "big") >> (8 * (4 - size % 4)) if size else 0
        self.sock.sendall(head + mask + (int.from_bytes(data, "big") ^ whole).to_bytes(size, "big"))

    def _take(self, count):
        while len(self.rest) < count:
            more = self.sock.recv(1 << 20)
            if not more:
                raise RuntimeError("the browser has gone")
            self.rest += more
        taken, self.rest = self.rest[:count], self.rest[count:]
        return taken

    def receive(self, timeout):
        """A message, or None when none comes in time."""
        text = b""
        while True:
            if not self.rest:
                self.sock.settimeout(max(timeout, 0.001))
                try:
                    self.rest = self.sock.recv(1 << 20)
                except TimeoutError:
                    return None
                self.sock.settimeout(60)
                if not self.rest:
                    raise RuntimeError("the browser has gone")
            first, second = self._take(2)
            size = second & 0x7f
            if size == 126:
                size = struct.unpack(">H", self._take(2))[0]
            elif size == 127:
                size = struct.unpack(">Q", self._take(8))[0]
            data = self._take(size)
            if first & 0x0f in (0, 1):
                text += data
                if first & 0x80:
                    return text.decode()


class Browser:
    def __init__(self):
        self.folder = tempfile.mkdtemp(prefix="clguard-chromium-")
        self.process = subprocess.Popen(
            [PROGRAM, "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run",
             "--disable-background-networking", "--disable-component-update", "--disable-sync", "--hide-scrollbars",
             "--force-color-profile=srgb", "--lang=en-US", "--remote-debugging-port=0", f"--user-data-dir={self.folder}", "about:blank"],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env={**os.environ, "TZ": "UTC", "LANG": "C.UTF-8"})
        until = time.monotonic() + 60
        active = os.path.join(self.folder, "DevToolsActivePort")
        while not (os.path.exists(active) and open(active, encoding="utf-8").read().count("\n") >= 1):
            if self.process.poll() is not None or time.monotonic() > until:
                raise RuntimeError("chromium does not come up")
            time.sleep(0.05)
        port, path = open(active, encoding="utf-8").read().split("\n")[:2]
        self.socket = Socket(f"ws://127.0.0.1:{port}{path}")
        self.number = 0
        self.pages = {}

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.terminate()
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        shutil.rmtree(self.folder, ignore_errors=True)

    def call(self, method, session=None, **params):
        self.number += 1
        number = self.number
        self.socket.send(json.dumps({"id": number, "method": method, "params": params, **({"sessionId": session} if session else {})}))
        until = time.monotonic() + 60
        while time.monotonic() < until:
            message = self._pump(until - time.monotonic())
            if message and message.get("id") == number:
                if "error" in message:
                    raise RuntimeError(f"{method}: {message['error']}")
                return message["result"]
        raise RuntimeError(f"{method}: no answer")

    def _pump(self, timeout):
        text = self.socket.receive(timeout)
        if text is None:
            return None
        message = json.loads(text)
        page = self.pages.get(message.get("sessionId"))
        if "method" in message and page:
            page.heard(message["method"], message["params"])
        return message

    def page(self, **options):
        return Page(self, **options)


class Page:
    """A page of its own context: what it logs, asks for and is refused is kept."""

    def __init__(self, browser, width=1024, height=800, dark=False, headers=None):
        self.browser = browser
        self.errors, self.requests, self.reports = [], [], []
        self.context = browser.call("Target.createBrowserContext")["browserContextId"]
        target = browser.call("Target.createTarget", url="about:blank", browserContextId=self.context)["targetId"]
        self.session = browser.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        browser.pages[self.session] = self
        for domain in ("Page", "Runtime", "Log", "Network", "Audits"):
            self.call(domain + ".enable")
        if headers:
            self.call("Network.setExtraHTTPHeaders", headers=headers)
        self.look(width, height, dark)

    def close(self):
        del self.browser.pages[self.session]
        self.browser.call("Target.disposeBrowserContext", browserContextId=self.context)

    def call(self, method, **params):
        return self.browser.call(method, self.session, **params)

    def heard(self, method, params):
        if method == "Runtime.exceptionThrown":
            details = params["exceptionDetails"]
            self.errors.append(details.get("exception", {}).get("description") or details["text"])
        elif method == "Runtime.consoleAPICalled" and params["type"] in ("error", "warning", "assert"):
            self.errors.append(" ".join(str(one.get("value", one.get("description"))) for one in params["args"]))
        elif method == "Log.entryAdded" and params["entry"]["level"] == "error":
            self.errors.append(params["entry"]["text"] + " " + params["entry"].get("url", ""))
        elif method == "Network.requestWillBeSent":
            self.requests.append(params["request"]["url"])
        elif method == "Fetch.requestPaused":
            self.post("Fetch.continueRequest", requestId=params["requestId"])
        elif method == "Fetch.authRequired":
            self.post("Fetch.continueWithAuth", requestId=params["requestId"], authChallengeResponse=self.auth)
        elif method == "Audits.issueAdded" and "contentSecurityPolicyIssueDetails" in params["issue"]["details"]:
            self.reports.append(json.dumps(params["issue"]["details"]["contentSecurityPolicyIssueDetails"]))

    def post(self, method, **params):
        """A call whose answer nobody waits for."""
        self.browser.number += 1
        self.browser.socket.send(json.dumps({"id": self.browser.number, "method": method, "params": params, "sessionId": self.session}))

    def answer_prompts(self, user=None, password=None):
        """What the browser asks for a name and a password is answered, or cancelled."""
        self.auth = {"response": "ProvideCredentials", "username": user, "password": password} if user else {"response": "CancelAuth"}
        self.call("Fetch.enable", handleAuthRequests=True, patterns=[{"urlPattern": "*"}])

    def look(self, width, height, dark=False):
        self.call("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=False)
        self.call("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": "dark" if dark else "light"}])

    def goto(self, url):
        self.call("Page.navigate", url=url)

    def eval(self, script):
        """The value of an expression; promises are awaited."""
        result = self.call("Runtime.evaluate", expression=script, awaitPromise=True, returnByValue=True, userGesture=True)
        if "exceptionDetails" in result:
            raise RuntimeError(result["exceptionDetails"].get("exception", {}).get("description", script))
        return result["result"].get("value")

    def wait(self, script, timeout=40):
        """Until the expression is true; its last value, true for an element."""
        until = time.monotonic() + timeout
        while True:
            try:
                value = self.eval(f"(v => v instanceof Node ? true : v)({script})")
            except RuntimeError:
                value = None
            if value or time.monotonic() > until:
                return value
            time.sleep(0.05)

    def text(self, selector="main"):
        return self.eval(f"(document.querySelector({json.dumps(selector)})?.innerText ?? '')")

    def says(self, *words, selector="main", timeout=40):
        """Whether all of the words are shown, at the latest in so many seconds."""
        return self.wait(f"(t => {json.dumps(list(words))}.every(w => t.includes(w)))(document.querySelector({json.dumps(selector)})?.innerText ?? '')",
                         timeout)

    def click(self, selector, words=None):
        """Clicks the first element of the selector, with these words in it; false when there is none."""
        return self.eval(f"(e => e ? (e.click(), true) : false)([...document.querySelectorAll({json.dumps(selector)})]"
                         f".find(e => {json.dumps(words)} === null || e.textContent.trim().includes({json.dumps(words)})))")

    def type(self, selector, text):
        return self.eval(f"(e => {{ if (!e) return false; e.focus(); e.value = {json.dumps(text)};"
                         " e.dispatchEvent(new Event('input', {bubbles: true})); e.dispatchEvent(new Event('change', {bubbles: true}));"
                         f" return true; }})(document.querySelector({json.dumps(selector)}))")

    def key(self, key, code=None, number=0, text=""):
        for kind in ("keyDown", "keyUp"):
            self.call("Input.dispatchKeyEvent", type=kind, key=key, code=code or key, windowsVirtualKeyCode=number, text=text if kind == "keyDown" else "")

    def picture(self, path=None, whole=False):
        if whole:
            size = self.call("Page.getLayoutMetrics")["cssContentSize"]
            clip = {"x": 0, "y": 0, "width": size["width"], "height": min(size["height"], 4000), "scale": 1}
            data = self.call("Page.captureScreenshot", format="png", clip=clip, captureBeyondViewport=True)["data"]
        else:
            data = self.call("Page.captureScreenshot", format="png")["data"]
        if path:
            with open(path, "wb") as file:
                file.write(base64.b64decode(data))
        return base64.b64decode(data)
