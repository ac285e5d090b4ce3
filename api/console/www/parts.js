// parts - what views are made of: tables with pages, questions, notices, documents with their lines
// SPDX-License-Identifier: Apache-2.0
import {fill, h, uniqueId} from "./dom.js";
import {on} from "./events.js";
import {count, duration, when} from "./format.js";

/** Calls `run` at each event of a kind, until the view is left. */
export function live(signal, kind, run) {
  const off = on(kind, run);
  signal.addEventListener("abort", off);
}

/** Calls `run` now and after each change of the database, at most once in two seconds; until the view is left. */
export function refresh(signal, run) {
  let due = false, busy = false;
  const go = async () => {
    if (busy || signal.aborted) {
      due = true;
      return;
    }
    busy = true;
    due = false;
    try {
      await run();
    } catch (error) {
      if (!signal.aborted) notice(error.message, "bad");
    }
    setTimeout(() => {
      busy = false;
      if (due) go();
    }, 2000);
  };
  live(signal, "changed", go);
  return go();
}

/** Calls `run` now and each so many milliseconds, until the view is left. */
export function every(signal, ms, run) {
  run();
  const timer = setInterval(run, ms);
  signal.addEventListener("abort", () => clearInterval(timer));
}

const KINDS = {
  Permit: "good", permit: "good", ACTIVE: "good", RUNNING: "good", HEALTHY: "good", SUCCESS: "good", Success: "good", ready: "good", NO_ERROR: "good",
  PASSIVE: "calm", UNINITIALISED: "quiet", not_applicable: "quiet", UNKNOWN: "quiet", Started: "calm", info: "quiet",
  Deny: "bad", deny: "bad", FAILED: "bad", TIMEOUT: "bad", NOT_HEALTHY: "bad", OFF_LINE: "bad", error: "bad", indeterminate: "bad",
  warning: "warn", TERMINATED: "quiet",
};

/** A word with its colour, which never says anything by itself. */
export function badge(word, kind) {
  const known = kind ?? KINDS[word] ?? (/^Failure|_FAILED$|LOST/.test(word) ? "bad" : /2/.test(word) ? "warn" : "quiet");
  return h("span", {class: `badge ${known}`}, word);
}

/** A time, with the exact one for who points at it. */
export const time = (text) => (text ? h("time", {datetime: text, title: text}, when(text)) : "");

/** Time left until an instant, counting down; `done` is called at it. */
export function countdown(signal, until, done) {
  const left = h("span", {class: "count"});
  const target = new Date(until).getTime();
  let told = false;
  every(signal, 500, () => {
    const ms = target - clockNow();
    left.textContent = ms > 0 ? duration(ms) : "now";
    if (ms <= 0 && !told) {
      told = true;
      done?.();
    }
  });
  return left;
}

// The service's clock, as far ahead of ours as it was when it last told.
let ahead = 0;
export const setClock = (now) => (ahead = new Date(now).getTime() - Date.now());
export const clockNow = () => Date.now() + ahead;

/** A notice that goes by itself; one that is bad stays longer. */
export function notice(text, kind = "good") {
  const box = h("div", {class: `toast ${kind}`}, text,
    h("button", {type: "button", class: "plain", "aria-label": "Close this notice", onclick: () => box.remove()}, "✕"));
  document.getElementById("toasts").append(box);
  setTimeout(() => box.remove(), kind === "bad" ? 12000 : 5000);
}

/** Runs what a button starts: the button waits, and a refusal is told. The result, or undefined. */
export async function act(button, run, said) {
  button.disabled = true;
  try {
    const result = await run();
    if (said) notice(said);
    return result ?? true;
  } catch (error) {
    notice(error.message, "bad");
    return undefined;
  } finally {
    button.disabled = false;
  }
}

/** Asks before something is done. Resolves to false, or to the values of the form's fields by name. */
export function confirm({title, body = [], yes = "Yes", danger = false}) {
  return new Promise((resolve) => {
    const id = uniqueId("dialog");
    const form = h("form", {method: "dialog", onsubmit: (event) => {
      event.preventDefault();
      dialog.close(JSON.stringify(Object.fromEntries(new FormData(form))));
    }}, h("h2", {id}, title), h("div", {class: "dialog-body"}, body),
    h("div", {class: "row end"},
      h("button", {type: "button", onclick: () => dialog.close("")}, "Cancel"),
      h("button", {type: "submit", class: danger ? "danger" : "primary"}, yes)));
    const dialog = h("dialog", {"aria-labelledby": id, onclose: () => {
      dialog.remove();
      resolve(dialog.returnValue ? JSON.parse(dialog.returnValue) : false);
    }}, form);
    document.body.append(dialog);
    dialog.showModal();
  });
}

/** A label with its field. */
export function field(label, input, hint) {
  const id = input.id || uniqueId("field");
  input.id = id;
  return h("div", {class: "field"}, h("label", {for: id}, label), input, hint && h("small", {class: "quiet"}, hint));
}

/** A section with a heading. */
export const card = (title, ...children) => h("section", {class: "card"}, title && h("h2", {}, title), children);

export const empty = (...words) => h("p", {class: "empty"}, words);

/**
 * A table. columns: [{head, cell(row), class?}]; rows; on small screens each row becomes a block. caption is for who hears it.
 */
export function table(caption, columns, rows, none = "Nothing here yet.") {
  if (!rows.length) return empty(none);
  return h("div", {class: "scroll", tabindex: 0, role: "region", "aria-label": caption},
    h("table", {},
      h("caption", {class: "hidden"}, caption),
      h("thead", {}, h("tr", {}, columns.map((column) => h("th", {scope: "col", class: column.class}, column.head)))),
      h("tbody", {}, rows.map((row) =>
        h("tr", {}, columns.map((column) => h("td", {class: column.class, "data-head": column.head}, h("span", {class: "cell"}, column.cell(row)))))))));
}

/** Buttons for the pages of a list; total may be unknown (undefined): then there is a next page while pages are full. */
export function pager({offset, limit, shown, total}, go) {
  const more = total === undefined ? shown === limit : offset + shown < total;
  if (!offset && !more) return null;
  return h("div", {class: "row pager", role: "group", "aria-label": "Pages"},
    h("button", {type: "button", disabled: !offset, onclick: () => go(Math.max(0, offset - limit))}, "Previous"),
    h("span", {class: "quiet"}, `${count(offset + 1)} – ${count(offset + shown)}${total === undefined ? "" : ` of ${count(total)}`}`),
    h("button", {type: "button", disabled: !more, onclick: () => go(offset + limit)}, "Next"));
}

/** A document with numbered lines; findings [{line, severity, text}] stand below theirs. */
export function source(text, findings = [], mark) {
  const at = new Map();
  for (const finding of findings) at.set(finding.line, [...(at.get(finding.line) ?? []), finding]);
  const lines = String(text).replace(/\n$/, "").split("\n");
  return h("div", {class: "source", tabindex: 0, role: "region", "aria-label": "Document"},
    h("ol", {}, lines.slice(0, 5000).map((line, i) =>
      h("li", {class: at.has(i + 1) ? "found" : mark === i + 1 ? "marked" : null, id: mark === i + 1 ? "marked-line" : null},
        h("code", {}, line || " "),
        (at.get(i + 1) ?? []).map((finding) => h("div", {class: `finding ${finding.severity}`},
          `${finding.severity}: ${finding.text}${finding.id ? ` (${finding.id})` : ""}`))))),
    lines.length > 5000 && h("p", {class: "quiet"}, `${count(lines.length - 5000)} lines more`));
}

/** Findings as a list, for those that have no document here. */
export const findings = (list) => h("ul", {class: "findings"}, list.map((finding) =>
  h("li", {}, badge(finding.severity), " ", h("code", {}, `${(finding.file ?? "").split("/").pop()}${finding.line ? `:${finding.line}` : ""}`), " ", finding.text)));

/** Tabs that are links: [[name, label]]. */
export const tabs = (view, list, current) => h("div", {class: "tabs", role: "navigation", "aria-label": "Parts of this view"},
  list.map(([name, label]) => h("a", {href: `#/${view}/${name}`, "aria-current": name === current ? "page" : null}, label)));

/** Any value as indented JSON. */
export const json = (value) => h("pre", {class: "json", tabindex: 0}, JSON.stringify(value, null, 2));

/** Calls `run` when typing pauses. */
export function settled(run, ms = 300) {
  let timer;
  return (...values) => {
    clearTimeout(timer);
    timer = setTimeout(() => run(...values), ms);
  };
}
