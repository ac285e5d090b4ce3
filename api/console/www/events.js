// events - what the service tells as it happens: server-sent events, over fetch so that a token can go along
// SPDX-License-Identifier: Apache-2.0
import {headers, OURS, path} from "./api.js";

const listeners = new Map();
let running = false;

/** Calls `listener` with each event of a kind; what it returns ends that. Kinds: past, now, denied, notification, changed, lost. */
export function on(kind, listener) {
  if (!listeners.has(kind)) listeners.set(kind, new Set());
  listeners.get(kind).add(listener);
  if (last.has(kind)) listener(last.get(kind));
  return () => listeners.get(kind).delete(listener);
}

const last = new Map(); // of past, now and lost: for who comes later

function tell(kind, data) {
  if (kind === "now" || kind === "past" || kind === "lost") last.set(kind, data);
  if (kind === "now") extendPast(data);
  for (const listener of listeners.get(kind) ?? []) listener(data);
}

// The figures that came since `past` are appended to it, so that a view that is opened later has them too.
let before = null;
function extendPast(now) {
  const past = last.get("past");
  if (past && before) {
    past.permitted.push(Math.max(0, now.permitted - before.permitted));
    past.denied.push(Math.max(0, now.denied - before.denied));
    while (past.permitted.length > 300) {
      past.permitted.shift();
      past.denied.shift();
    }
  }
  before = now;
}

function parse(block) {
  let kind = "message", data = "";
  for (const line of block.split("\n")) {
    if (line.startsWith("event:")) kind = line.slice(6).trim();
    else if (line.startsWith("data:")) data += line.slice(5).trim();
  }
  if (data) tell(kind, JSON.parse(data));
}

async function read(signal) {
  const response = await fetch(path(OURS + "events"), {headers: headers({Accept: "text/event-stream"}), cache: "no-store", signal});
  if (!response.ok) throw new Error(String(response.status));
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  before = null;
  tell("lost", false);
  for (;;) {
    const {value, done} = await reader.read();
    if (done) return;
    rest += value;
    const blocks = rest.split("\n\n");
    rest = blocks.pop();
    blocks.forEach(parse);
  }
}

// A browser opens few connections to one service: pages that nobody looks at leave theirs to others.
function seen() {
  if (!document.hidden) return Promise.resolve();
  return new Promise((resolve) => document.addEventListener("visibilitychange", resolve, {once: true})).then(seen);
}

/** Listens from now on, and again when the connection is lost. */
export async function start() {
  if (running) return;
  running = true;
  for (let wait = 500; ; wait = Math.min(wait * 2, 15000)) {
    await seen();
    const stop = new AbortController();
    const hidden = () => document.hidden && stop.abort();
    document.addEventListener("visibilitychange", hidden);
    try {
      await read(stop.signal);
      wait = 500;
    } catch {
      // told below; tried again
    }
    document.removeEventListener("visibilitychange", hidden);
    if (stop.signal.aborted) continue;
    tell("lost", true);
    await new Promise((resolve) => setTimeout(resolve, wait));
  }
}
