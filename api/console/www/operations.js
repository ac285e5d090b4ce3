// operations - what operational policies are doing: running executions as their graph, notifications, what was recorded
// SPDX-License-Identifier: Apache-2.0
import {del, get, join, may, OURS, who} from "./api.js";
import {fill, h} from "./dom.js";
import {graph} from "./graph.js";
import {plural, when} from "./format.js";
import {act, badge, card, confirm, countdown, empty, field, live, pager, refresh, settled, table, tabs, time} from "./parts.js";

const TABS = [["running", "Running"], ["policies", "Policies"], ["notifications", "Notifications"], ["recorded", "Recorded"]];
const TOPICS = ["POLICY-CL-MGT", "CLGUARD-NOTIFICATION"];
const ROWS = 100;

const routeKind = (name) => (name === "success" ? "good" : "bad");

/** A policy's directives with their routes, and the finals that are reached; lit: the id of the directive that runs. */
function drawPolicy(policy, lit) {
  const finals = new Set();
  const edges = [];
  policy.directives.forEach((directive, i) => {
    const to = new Map();
    for (const [name, where] of Object.entries(directive.routes)) to.set(where, [...(to.get(where) ?? []), name]);
    for (const [where, names] of to) {
      const good = names.includes("success");
      if (typeof where === "string" && !good) finals.add("failure"), edges.push({from: i, to: "failure", kind: "bad", words: ""});
      else if (typeof where === "string") finals.add(where), edges.push({from: i, to: where, kind: "good", words: "success"});
      else edges.push({from: i, to: where, kind: routeKind(names[0]), words: names.length > 1 && !good ? "failure" : names[0]});
    }
  });
  const unique = [...new Map(edges.map((edge) => [`${edge.from} ${edge.to}`, edge])).values()];
  return graph(`The operational policy ${policy.policy}`, [
    ...policy.directives.map((one, i) => ({id: i, title: one.id, words: `${one.actor} ${one.operation}`, kind: one.id === lit ? "lit" : ""})),
    ...[...finals].map((name) => ({id: name, title: name === "failure" ? "final failure" : name.replaceAll("_", " "), kind: "final"}))], unique);
}

async function showRunning(main, signal) {
  const box = h("div");
  let shown = new AbortController();
  signal.addEventListener("abort", () => shown.abort());
  main.append(box);
  const draw = async () => {
    const [list, {policies}] = await Promise.all([get(OURS + "transactions", {}, {signal}), get(OURS + "operational", {limit: 1000}, {signal})]);
    shown.abort();
    shown = new AbortController();
    const cancel = (one) => (event) => act(event.target, async () => {
      if (!(await confirm({title: "End this execution?", body: h("p", {}, `The lock on ${one.target} is taken away. It ends at once, FINAL: FAILURE; no route is taken.`), yes: "End it", danger: true}))) return;
      await del(join(OURS + "transactions/", one.transaction));
      await draw();
    });
    fill(box, list.length ? null : card(null, empty("No operational policy is at work. An ONSET for one of their control loops starts an execution.")), list.slice(0, ROWS).map((one) => {
      const policy = policies.find((each) => each.policy === one.policyName && (each.version ?? "") === (one.policyVersion ?? each.version ?? ""));
      return card(`${one.closedLoopControlName} on ${one.target ?? "no target"}`,
        h("div", {class: "row"}, badge(one.state, "calm"), h("b", {}, `${one.actor ?? ""} ${one.operation ?? ""}`), one.attempt ? h("span", {}, `attempt ${one.attempt}`) : "", one.locked ? badge("target locked") : "",
          h("span", {class: "quiet"}, "since ", time(one.began)), one.due && h("span", {class: "quiet"}, "times out in ", countdown(shown.signal, one.due)),
          h("span", {class: "grow"}), may("operate") && h("button", {type: "button", class: "small danger", onclick: cancel(one)}, "End it …")),
        policy ? drawPolicy(policy, one.directive) : h("p", {class: "quiet"}, "Its policy is not in force any more."),
        h("p", {class: "quiet"}, `${one.policyName} ${one.policyVersion ?? ""} · request ${one.requestID}`));
    }), list.length > ROWS && h("p", {class: "quiet"}, plural(list.length - ROWS, "more execution")));
  };
  await refresh(signal, draw);
}

async function showPolicies(main, signal) {
  let offset = 0;
  const limit = 10;
  const box = h("div");
  main.append(box);
  const draw = async () => {
    const {policies, total} = await get(OURS + "operational", {offset, limit}, {signal});
    fill(box, policies.length ? null : card(null, empty("No operational policy is in force.")), policies.map((policy) => card(`${policy.policy ?? policy.controlLoop} for ${policy.controlLoop}`,
      h("p", {class: "quiet"}, `${policy.version ?? ""} · ${policy.file}${policy.line ? ":" + policy.line : ""} · given up after ${policy.timeout} s`),
      policy.directives.length ? drawPolicy(policy) : empty("It runs nothing: an open loop."))),
    pager({offset, limit, shown: policies.length, total}, (to) => {
      offset = to;
      draw();
    }));
  };
  await refresh(signal, draw);
}

function parsed(text) {
  try {
    const message = JSON.parse(text);
    return typeof message === "object" && message ? message : {message: text};
  } catch {
    return {message: text};
  }
}

const about = (one) => one.closedLoopControlName ?? one.controlLoopId?.name ?? one.participantId?.name ?? one.policy?.name ?? "";
const at = (one) => one.timestamp ?? (one.notificationTime ?? "").replace(" ", "T");

function words(one) {
  const said = one.message ?? [one.state && `state ${one.state}`, one.orderedState && one.orderedState !== one.state && `ordered ${one.orderedState}`].filter(Boolean).join(", ");
  return typeof said === "string" ? said.replace(/,target=OperationalTarget\(.*?\)/, "") : JSON.stringify(said);
}

async function showNotifications(main, signal) {
  const box = h("div");
  let list = [];
  main.append(card(null, box));
  const draw = () => fill(box, table("Notifications, the newest first", [
    {head: "When", class: "tight", cell: (one) => h("time", {title: at(one)}, when(at(one)))},
    {head: "About", cell: about},
    {head: "What", class: "tight", cell: (one) => badge(one.notification ?? "message", /FAIL|TIMEOUT|DENIED|MISSING|FAULTY|REFUSED|SILENT|OFF_LINE/.test(one.notification ?? "") ? "bad" : /SUCCESS/.test(one.notification ?? "") ? "good" : "calm")},
    {head: "Said", cell: words},
  ], list.slice(0, 200), "Nothing was told yet."));
  const read = async (topic) => (await get(join(OURS + "topics/", topic), {limit: ROWS}, {signal}).catch(() => ({messages: []}))).messages.map((one) => parsed(one.message));
  list = (await Promise.all(TOPICS.map(read))).flat().sort((a, b) => (at(a) < at(b) ? 1 : -1));
  draw();
  live(signal, "notification", ({messages, missed}) => {
    list = [...messages.map((one) => parsed(one.message)).reverse(), ...(missed ? [{message: `${missed} notifications were left out`}] : []), ...list];
    draw();
  });
}

async function undo(button, row, after) {
  const values = await confirm({title: "Take this operation out of the counts?", yes: "Take it out", danger: true, body: [
    h("p", {}, `${row.actor} ${row.operation} ${row.target ?? ""}: it stays in the log, for the audit, and limiters count it no more. That may turn a Deny into a Permit.`),
    field("Who", h("input", {name: "by", required: true, value: who().name ?? "", readonly: Boolean(who().name)})), field("Why", h("input", {name: "why", required: true}))]});
  if (!values) return;
  await act(button, () => del(join(OURS + "operations/", row.id), values), "Taken out of the counts.");
  await after();
}

async function showRecorded(main, signal) {
  const box = h("div");
  const names = ["actor", "operation", "target", "closedLoopName"];
  const inputs = names.map((name) => h("input", {name, oninput: settled(() => draw())}));
  const undone = h("input", {type: "checkbox", onchange: () => draw()});
  main.append(card(null, h("div", {class: "fields"}, inputs.map((input) => field(input.name === "closedLoopName" ? "control loop" : input.name, input)), h("label", {class: "check"}, undone, "taken out of the counts"))), card(null, box));
  const draw = async () => {
    const rows = await get(OURS + "operations", {...Object.fromEntries(inputs.map((input) => [input.name, input.value.trim()])), limit: ROWS, ids: true, undone: undone.checked || undefined}, {signal});
    fill(box, table("Recorded operations, the newest first", [
      {head: "Ended", class: "tight", cell: (row) => row.endtime ? time(row.endtime) : row.starttime ? ["began ", time(row.starttime)] : ""},
      {head: "Operation", cell: (row) => `${row.actor} ${row.operation}`},
      {head: "Target", cell: (row) => row.target ?? ""},
      {head: "Control loop", cell: (row) => row.closedLoopName ?? ""},
      {head: "Outcome", class: "tight", cell: (row) => row.outcome ? badge(row.outcome) : ""},
      {head: "Said", cell: (row) => row.undone_by ? `taken out by ${row.undone_by}: ${row.undone_why}` : row.message ?? ""},
      {head: "", class: "tight", cell: (row) => may("administer") && !row.undone_by && row.outcome !== "Started" && h("button", {type: "button", class: "small", onclick: (event) => undo(event.target, row, draw)}, "Undo …")},
    ], rows, "Nothing like that was recorded."), rows.length === ROWS && h("p", {class: "quiet"}, `The newest ${ROWS}.`));
  };
  await refresh(signal, draw);
}

export async function show(main, {path, signal}) {
  const part = path[0] ?? "running";
  main.append(h("h1", {}, "Operations"), tabs("operations", TABS.filter(([name]) => name !== "notifications" || may("messages")), part));
  const box = h("div");
  main.append(box);
  if (part === "policies") return showPolicies(box, signal);
  if (part === "notifications" && may("messages")) return showNotifications(box, signal);
  if (part === "recorded") return showRecorded(box, signal);
  return showRunning(box, signal);
}
