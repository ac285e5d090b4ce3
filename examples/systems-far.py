#!/usr/bin/env python3
# systems-far - what stands for CPS and for an existing system in systems-demo.sh: prints each request, and answers as they would
# SPDX-License-Identifier: Apache-2.0
import http.server
import json

KEPT = set()


class Far(http.server.BaseHTTPRequestHandler):
    def handle_any(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", 0))).decode()
        print("  %s %s %s" % (self.command, self.path, body), flush=True)
        status = 200
        if self.path.startswith("/cps/"):
            status = {"POST": 409 if self.path in KEPT else 201, "GET": 200 if KEPT else 404, "DELETE": 204}.get(self.command, 200)
            if self.command == "POST":
                KEPT.add(self.path)
            elif self.command == "DELETE":
                KEPT.clear()
        text = b"" if status == 204 else json.dumps({}).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    do_GET = do_PUT = do_POST = do_DELETE = handle_any

    def log_message(self, *_):
        pass


server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Far)
print("at http://127.0.0.1:%d" % server.server_port, flush=True)
server.serve_forever()
