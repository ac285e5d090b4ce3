#!/usr/bin/env python3
# operational-demo - an operational policy at work: events come in, an actor is asked, a guard says no at the third restart
# SPDX-License-Identifier: Apache-2.0
"""usage: operational-demo.py BUILD-DIRECTORY"""
import json
import os
import subprocess
import sys
import tempfile
import urllib.request

HERE = os.path.dirname(os.path.abspath(__file__))
EVENTS, TOLD = "unauthenticated.DCAE_CL_OUTPUT", "POLICY-CL-MGT"
ASKED, ANSWERED = "APPC-LCM-READ", "APPC-LCM-WRITE"  # where ONAP's APPC hears and speaks


def fetch(service, topic, wait_ms):
    with urllib.request.urlopen("http://%s/events/%s/demo/0?timeout=%d" % (service, topic, wait_ms)) as answer:
        return [json.loads(message) for message in json.load(answer)]


def post(service, topic, message):
    request = urllib.request.Request("http://%s/events/%s" % (service, topic), json.dumps(message).encode(),
                                     {"Content-Type": "application/json"})
    urllib.request.urlopen(request).close()


def tell(service):
    """Prints what the policy says; the final, once there is one."""
    final = None
    for message in fetch(service, TOLD, 0):
        print("  %-18s %s" % (message["notification"], message.get("message", "").split(",target=")[0]))
        for guard in message.get("explanation", {}).get("guards", []):
            print("  %-18s %s:%d: %s, used %d of %d, next at %s" % (
                "", os.path.basename(guard["file"]), guard["line"], guard["reason"], guard["used"], guard["limit"],
                guard["permit_at"]))
        if message["notification"].startswith("FINAL"):
            final = message["notification"]
    return final


def play(service, target, results):
    """A fault on a target, and what APPC answers to each request."""
    print("\n%s fails" % target)
    post(service, EVENTS, {"closedLoopControlName": "ControlLoop-Firewall", "closedLoopEventStatus": "ONSET",
                           "requestID": "fault-of-" + target, "target": "vserver.vserver-name", "target_type": "VM",
                           "AAI": {"vserver.vserver-name": target}})
    final = tell(service)
    while not final:
        for request in fetch(service, ASKED, 5000):
            print("  %-18s %s of %s, attempt %d: %s" % ("  APPC is asked", request["operation"], request["target"],
                                                        request["attempt"], results[0]))
            post(service, ANSWERED, {"requestID": request["requestID"], "subRequestID": request["subRequestID"],
                                     "result": results.pop(0)})
        final = tell(service)


def main():
    with tempfile.TemporaryDirectory() as folder:
        process = subprocess.Popen(
            [os.path.join(sys.argv[1], "clguardd"), "--listen", "127.0.0.1:0", "--data", os.path.join(folder, "data"),
             "--policies", os.path.join(HERE, "operational", "flat.yaml"), os.path.join(HERE, "operational-guard.yaml")],
            stderr=subprocess.PIPE, text=True)
        try:
            service = next(line.split()[-1] for line in process.stderr if line.startswith("listening on "))
            fetch(service, TOLD, 0)  # a group hears what is said after its first question
            fetch(service, ASKED, 0)
            play(service, "fw-1", ["FAILURE", "FAILURE", "SUCCESS"])
            play(service, "fw-2", [])
        finally:
            process.terminate()
            process.wait()


if len(sys.argv) != 2:
    sys.exit(__doc__)
main()
