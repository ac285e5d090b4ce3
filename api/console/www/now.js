// now - decisions a second, why, the last denials; how the service stands, and what a person should look at
// SPDX-License-Identifier: Apache-2.0
import {get, may, OURS, PAP} from "./api.js";
import {plot} from "./chart.js";
import {fill, h} from "./dom.js";
import {count, place, plural, reason, sentence} from "./format.js";
import {badge, card, empty, every, live, table, time} from "./parts.js";

const KEPT = 300;

const asking = (denial) => "#/ask?" + new URLSearchParams(
  Object.fromEntries(["actor", "operation", "target", "clname"].filter((name) => denial[name]).map((name) => [name, denial[name]])));

const tile = (label, value, hint, kind) => h("div", {class: `tile ${kind ?? ""}`}, h("span", {class: "quiet"}, label), h("b", {}, value), hint && h("small", {}, hint));

function tiles(now, rate) {
  return [
    tile("Per second", count(rate.permitted + rate.denied), rate.denied ? `${count(rate.denied)} denied` : "none denied"),
    tile("Permitted", count(now.permitted), "since the start"),
    tile("Denied", count(now.denied), "since the start", now.denied ? "bad" : ""),
    tile("Generation", count(now.generation), h("span", {}, "since ", time(now.since))),
    tile("Policies", count(now.policies), plural(now.guards, "guard")),
    tile("Connections", count(now.connections), `${count(now.waiting)} waiting`),
  ];
}

function warnings({health, findings}) {
  const list = health.warnings.map((one) => h("li", {}, badge("warning"), " ", one.text));
  if (!health.ready) list.unshift(h("li", {}, badge("error"), ` Decisions are not answered as they should be: ${health.why}.`));
  if (health.clock) list.push(h("li", {}, badge("warning"), ` The wall clock differs from the clock of decisions by ${health.clock.difference_ms} ms.`));
  if (health.database) list.push(h("li", {}, badge("error"), ` The database takes no operations (${health.database.refusing}); limiters deny.`));
  if (findings) list.push(h("li", {}, badge("warning"), " ", h("a", {href: "#/policies/findings"}, plural(findings, "finding")), " about the policies in force."));
  return list.length ? h("ul", {class: "list"}, list) : empty("Nothing: everything is as it should be.");
}

function reasons(now) {
  const rows = Object.entries(now.reasons).filter(([, n]) => n).sort(([, a], [, b]) => b - a);
  return table("Decisions by reason", [
    {head: "Reason", cell: ([word]) => [h("code", {}, word), " ", h("span", {class: "quiet"}, reason(word))]},
    {head: "Decisions", class: "number", cell: ([, n]) => count(n)},
  ], rows, "No decision was asked for since the start.");
}

/** Equal ones that follow each other are one row, with how many there were. */
function grouped(list) {
  const rows = [];
  const same = (a, b) => ["actor", "operation", "target", "clname", "reason", "policy", "door"].every((name) => a[name] === b[name]);
  for (const one of list) {
    const row = rows.find((other) => same(other, one));
    if (row) row.times++;
    else rows.push({...one, times: 1});
  }
  return rows.slice(0, 15);
}

function denials(list) {
  return table("The last denials", [
    {head: "When", class: "tight", cell: (one) => time(one.time)},
    {head: "What", cell: (one) => [sentence(one, false), one.times > 1 && [" ", h("span", {class: "badge quiet"}, `${one.times} times`)]]},
    {head: "Policy", cell: (one) => [one.policy ?? "", " ", h("small", {}, place(one))]},
    {head: "Asked by", class: "tight", cell: (one) => one.door},
    {head: "", class: "tight", cell: (one) => may("decide") && one.actor && h("a", {href: asking(one)}, "Why?")},
  ], grouped(list), "Nothing was denied yet.");
}

/** Processes and engines that the service knows of. */
async function nodes(box) {
  const {groups} = await get(PAP + "pdps");
  const rows = groups.flatMap((group) => group.pdpSubgroups.flatMap((sub) =>
    (sub.pdpInstances ?? []).map((pdp) => ({...pdp, group: group.name, type: sub.pdpType}))));
  fill(box, table("Policy decision points", [
    {head: "Name", cell: (pdp) => pdp.instanceId},
    {head: "Group", cell: (pdp) => `${pdp.group} / ${pdp.type}`},
    {head: "State", class: "tight", cell: (pdp) => badge(pdp.pdpState)},
    {head: "Health", class: "tight", cell: (pdp) => badge(pdp.healthy)},
  ], rows, "None has registered."));
}

export async function show(main, {signal}) {
  const boxes = {tiles: h("div", {class: "tiles"}), plot: h("div"), warnings: h("div"), reasons: h("div"), denials: h("div"), nodes: h("div")};
  main.append(h("h1", {}, "Now"), boxes.tiles,
    card("Decisions a second", boxes.plot),
    h("div", {class: "cards"}, card("What to look at", boxes.warnings), card("Decisions by reason", boxes.reasons)),
    card("The last denials", boxes.denials), card("Nodes", boxes.nodes));
  let past = {permitted: [], denied: []};
  live(signal, "past", (event) => (past = event));
  live(signal, "now", (now) => {
    const rate = {permitted: past.permitted.at(-1) ?? 0, denied: past.denied.at(-1) ?? 0};
    fill(boxes.tiles, tiles(now, rate));
    const most = Math.max(60, past.permitted.length);
    fill(boxes.plot, plot("Decisions a second over the last minutes", [
      {name: "permitted", values: past.permitted, kind: "good"}, {name: "denied", values: past.denied, kind: "bad"}],
    {left: past.permitted.length > 1 ? `${Math.round(past.permitted.length)} s ago` : "", most}));
    fill(boxes.warnings, warnings(now));
    fill(boxes.reasons, reasons(now));
  });
  let list = (await get(OURS + "denials", {limit: KEPT})).denials;
  fill(boxes.denials, denials(list));
  live(signal, "denied", (more) => {
    list = [...more, ...list].slice(0, KEPT);
    fill(boxes.denials, denials(list));
  });
  every(signal, 15000, () => nodes(boxes.nodes).catch((error) => fill(boxes.nodes, empty(error.message))));
}
