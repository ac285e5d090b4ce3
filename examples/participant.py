#!/usr/bin/env python3
"""participant - a participant of control loops in one file, over the public topic, with Python's own library alone

    python3 participant.py --service 127.0.0.1:6969 --type org.example.participants.Files --name files-0 --folder /var/tmp/files

Its far side is a folder: an element that is PASSIVE is a file with its properties, one that is RUNNING has a file `.on` beside it. So what
the far side shows is what there is, also after a kill. Write `act` and `look` anew for another far side; the rest is the protocol
of doc/control-loops.md ("The participant protocol").
"""
# SPDX-License-Identifier: Apache-2.0
import argparse
import base64
import http.client
import json
import os
import signal
import sys
import time
import uuid


class Refused(Exception):
    """What act raises when it cannot do what is ordered: the instance shows the text."""


class Files:
    """The far side. What is asked twice does no harm."""

    def __init__(self, folder):
        self.folder = folder
        os.makedirs(folder, exist_ok=True)

    def path(self, element_id):
        return os.path.join(self.folder, str(uuid.UUID(element_id)))  # an id that is not one goes no further

    def act(self, element, state):
        """Makes the element be PASSIVE, RUNNING or UNINITIALISED."""
        path = self.path(element["id"])
        if state != "UNINITIALISED":
            if not element["properties"]:
                raise Refused("the element has no properties to write")
            with open(path + ".new", "w", encoding="utf-8") as file:
                json.dump(element, file)
            os.replace(path + ".new", path)
        if state == "RUNNING":
            with open(path + ".on", "w", encoding="utf-8"):
                pass
        else:
            self.remove(path + ".on")
        if state == "UNINITIALISED":
            self.remove(path)

    @staticmethod
    def remove(path):
        try:
            os.remove(path)
        except FileNotFoundError:
            pass

    def look(self, element_id):
        """The element's settled state."""
        path = self.path(element_id)
        if not os.path.exists(path):
            return "UNINITIALISED"
        return "RUNNING" if os.path.exists(path + ".on") else "PASSIVE"

    def all(self):
        """The elements that are here."""
        for name in sorted(os.listdir(self.folder)):
            if "." not in name:
                with open(os.path.join(self.folder, name), encoding="utf-8") as file:
                    yield json.load(file)


class Participant:
    def __init__(self, options, far_side):
        self.options, self.far_side = options, far_side
        self.phases = {}        # (definition name, version): its start phase and properties
        self.registered = False
        self.told = 0.0         # when the last report went out

    # --- the topic ---

    def ask(self, method, path, body=None):
        connection = http.client.HTTPConnection(self.options.service, timeout=30)
        headers = {"Content-Type": "application/json"}
        if self.options.user:
            headers["Authorization"] = "Basic " + base64.b64encode(self.options.user.encode()).decode()
        try:
            connection.request(method, path, body and json.dumps(body), headers)
            answer = connection.getresponse()
            text = answer.read()
            if answer.status >= 300:
                raise OSError("%s %s answers %d %s" % (method, path, answer.status, text[:200].decode(errors="replace")))
            return json.loads(text)
        finally:
            connection.close()

    def say(self, message_type, **members):
        now = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
        self.ask("POST", "/events/" + self.options.topic, {
            "messageType": message_type, "messageId": str(uuid.uuid4()), "timestamp": now,
            "participantType": {"name": self.options.type, "version": self.options.version},
            "participantId": {"name": self.options.name, "version": "1.0.0"}, **members})

    def poll(self, seconds):
        """The group is the participant's name: so the runtime knows how far it has read."""
        path = "/events/%s/%s/0?timeout=%d" % (self.options.topic, self.options.name, seconds * 1000)
        return [json.loads(text) for text in self.ask("GET", path)]

    # --- what is heard ---

    def is_meant(self, message):
        """For everybody, for its type, or for itself."""
        kind, name = message.get("participantType"), message.get("participantId")
        return not kind or (kind["name"] == self.options.type and (not name or name["name"] == self.options.name))

    def hear(self, message):
        hearer = {"PARTICIPANT_UPDATE": self.prime, "PARTICIPANT_REGISTER_ACK": self.acknowledged, "CONTROL_LOOP_UPDATE": self.update,
                  "CONTROL_LOOP_STATE_CHANGE": self.change, "PARTICIPANT_STATUS_REQ": lambda _: self.report()}.get(message.get("messageType"))
        if hearer and self.is_meant(message):
            hearer(message)

    def acknowledged(self, message):
        if message.get("result") is False:
            sys.exit("%s is refused: %s" % (self.options.name, message.get("message")))
        self.registered = True
        self.report()

    def prime(self, message):
        """Definitions; a message without any takes all away."""
        groups = message.get("participantDefinitionUpdates") or []
        if not groups:
            self.phases = {}
        for group in groups:
            for entry in group["controlLoopElementDefinitionList"]:
                properties = entry["controlLoopElementToscaNodeTemplate"].get("properties") or {}
                definition = entry["clElementDefinitionId"]
                self.phases[definition["name"], definition["version"]] = properties.get("startPhase", 0)
        self.say("PARTICIPANT_UPDATE_ACK", responseTo=message["messageId"], result=True, message="primed", state="PASSIVE")

    def acts(self, message, element):
        """elementIds names the elements that are to act; without it those of the start phase are."""
        if "elementIds" in message:
            return element["id"] in message["elementIds"]
        return self.phases.get((element["definition"]["name"], element["definition"]["version"]), 0) == message.get("startPhase", 0)

    def update(self, message):
        """New elements, or other properties of known ones."""
        for part in message.get("participantUpdatesList", []):
            for given in part["controlLoopElementList"]:
                if not self.acts(message, given):
                    continue
                candidates = [c["name"] for c in given.get("participantIdCandidates", [])]
                if self.options.name in candidates and not given.get("participantId"):
                    self.answer("CONTROLLOOP_UPDATE_ACK", message, given["id"], "UNINITIALISED2PASSIVE", True, "claimed")
                if (given.get("participantId") or {}).get("name") != self.options.name:
                    continue
                element = {"id": given["id"], "loop": message["controlLoopId"], "definition": given["definition"],
                           "properties": given.get("propertiesMap") or {}}
                stays = given.get("orderedState") == "RUNNING" and self.far_side.look(given["id"]) == "RUNNING"
                self.carry_out("CONTROLLOOP_UPDATE_ACK", message, element, "RUNNING" if stays else "PASSIVE")

    def change(self, message):
        """An order for elements that are here; what is addressed to this one alone and is not here is answered, too."""
        here, state = {e["id"]: e for e in self.far_side.all()}, message["orderedState"]
        for element in here.values():
            if element["loop"] == message["controlLoopId"] and self.acts(message, element):
                self.carry_out("CONTROLLOOP_STATECHANGE_ACK", message, element, state)
        for missing in set(message.get("elementIds", [])) - set(here) if message.get("participantId") else ():
            self.answer("CONTROLLOOP_STATECHANGE_ACK", message, missing, "UNINITIALISED", state == "UNINITIALISED", "it is not here")

    def carry_out(self, answer, message, element, state):
        try:
            self.far_side.act(element, state)
        except (Refused, OSError, ValueError) as problem:
            self.answer(answer, message, element["id"], state, False, str(problem))
        else:
            self.answer(answer, message, element["id"], state, True, "done")

    def answer(self, message_type, message, element_id, state, good, text):
        self.say(message_type, responseTo=message["messageId"], result=good, message=text, controlLoopId=message["controlLoopId"],
                 controlLoopResultMap={element_id: {"state": state, "result": good, "message": text}})

    # --- what is told ---

    def report(self):
        now = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
        infos = []
        for element in self.far_side.all():
            state = self.far_side.look(element["id"])
            record = {"id": element["id"], "timeStamp": now, "controlLoopState": state, "clElementUptime": 0}
            infos.append({"controlLoopId": element["loop"], "state": state, "controlLoopStatistics": {
                "clElementStatisticsList": {"clElementStatistics": [record]}}})
        for first in range(0, len(infos) or 1, 200):  # a report may come in parts
            self.say("PARTICIPANT_STATUS", state="PASSIVE", healthStatus="HEALTHY", controlLoopInfoList=infos[first:first + 200],
                     participantStatistics={"participantId": {"name": self.options.name, "version": "1.0.0"}, "timeStamp": now,
                                            "state": "PASSIVE", "healthStatus": "HEALTHY", "eventCount": 0})
        self.told = time.monotonic()

    def run(self):
        """Reads first, so that the group exists, registers, and then hears and reports until the program is told to end."""
        first = True
        while True:
            try:
                if first:
                    self.poll(0)
                for message in self.poll(0 if first else min(1, self.options.report)):
                    self.hear(message)
                if first or time.monotonic() - self.told >= self.options.report:
                    if self.registered:
                        self.report()
                    else:
                        self.say("PARTICIPANT_REGISTER")
                        self.told = time.monotonic()
                first = False
            except (OSError, http.client.HTTPException) as problem:
                print("%s: %s" % (self.options.name, problem), file=sys.stderr)
                time.sleep(1)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--service", default="127.0.0.1:6969")
    parser.add_argument("--user", help="NAME:PASSWORD; it needs the role messages")
    parser.add_argument("--topic", default="POLICY-CLRUNTIME-PARTICIPANT")
    parser.add_argument("--type", required=True)
    parser.add_argument("--version", default="1.0.0")
    parser.add_argument("--name", required=True)
    parser.add_argument("--folder", required=True)
    parser.add_argument("--report", type=float, default=20, help="seconds between two reports")
    options = parser.parse_args()
    participant = Participant(options, Files(options.folder))

    def end(*_):
        raise SystemExit(0)
    signal.signal(signal.SIGTERM, end)
    try:
        participant.run()
    except (SystemExit, KeyboardInterrupt) as reason:
        if participant.registered:
            participant.say("PARTICIPANT_DEREGISTER")
        raise reason


if __name__ == "__main__":
    main()
