// limits - how full each limiter is, the fullest first; and what was done to one of their targets
// SPDX-License-Identifier: Apache-2.0
import {get, may, OURS} from "./api.js";
import {bar, windowLine} from "./chart.js";
import {fill, h} from "./dom.js";
import {count, place, plural, windowMs} from "./format.js";
import {badge, card, clockNow, countdown, field, pager, refresh, settled, table, time} from "./parts.js";

const LIMIT = 50;

const scope = (one) => [one.actor, one.operation, one.target, one.clname && `for ${one.clname}`].filter(Boolean).join(" ");
const historyLink = (one) => "#/limits/history?" + new URLSearchParams(
  Object.fromEntries(["policy", "actor", "operation", "target", "clname", "window", "limit"].filter((name) => one[name] !== undefined).map((name) => [name, one[name]])));

function list(limiters, signal) {
  return table("Limiters, the fullest first", [
    {head: "Counts", cell: (one) => h("a", {href: historyLink(one)}, scope(one) || "everything")},
    {head: "Used", class: "tight", cell: (one) => one.used === undefined ? badge(one.reason ?? "not known", "warn")
      : [bar(one.used, one.limit), " ", h("span", {class: "count"}, `${count(one.used)} of ${count(one.limit)}`)]},
    {head: "Window", class: "tight", cell: (one) => one.window},
    {head: "Next", class: "tight", cell: (one) => one.next ? ["in ", countdown(signal, one.next)] : one.denies ? badge(one.reason, "bad") : h("span", {class: "quiet"}, "now")},
    {head: "Policy", cell: (one) => [one.policy ?? one.kind, " ", h("small", {}, place(one)), one.shadow && [" ", badge("shadow", "warn")]]},
  ], limiters, "No limiter is in force.");
}

async function showList(main, signal) {
  let offset = 0, shown = new AbortController();
  const box = h("div");
  const search = h("input", {type: "search", placeholder: "policy, actor, target …", oninput: settled(() => {
    offset = 0;
    draw();
  })});
  const draw = async () => {
    const {limiters, total, whole} = await get(OURS + "limiters", {offset, limit: LIMIT, text: search.value}, {signal});
    shown.abort();
    shown = new AbortController();
    fill(box, !whole && h("p", {}, badge("warning"), " Only the newest operations were looked at; older ones may fill limiters too."),
      list(limiters, shown.signal),
      pager({offset, limit: LIMIT, shown: limiters.length, total}, (to) => {
        offset = to;
        draw();
      }));
  };
  signal.addEventListener("abort", () => shown.abort());
  main.append(h("div", {class: "row top-row"}, h("h1", {}, "Limits"), h("div", {class: "search"}, field("Find", search))), card(null, box));
  await refresh(signal, draw);
}

async function showHistory(main, query, signal) {
  const asked = Object.fromEntries(["actor", "operation", "target"].map((name) => [name, query.get(name) ?? undefined]));
  const box = h("div"), line = h("div");
  const ms = windowMs(query.get("window"));
  main.append(h("p", {}, h("a", {href: "#/limits"}, "← Limits")), h("h1", {}, scope({...asked, clname: query.get("clname")}) || "History"),
    ms ? card("Window", line) : null, card("Operations", box),
    may("decide") && asked.actor ? h("p", {}, h("a", {class: "button", href: "#/ask?" + new URLSearchParams([...query].filter(([name]) => ["actor", "operation", "target", "clname"].includes(name)))}, "Ask whether it may now")) : null);
  await refresh(signal, async () => {
    const rows = await get(OURS + "operations", {...asked, closedLoopName: query.get("clname"), limit: 200}, {signal});
    if (ms) fill(line, windowLine({now: clockNow(), ms, operations: rows, limit: Number(query.get("limit"))}));
    fill(box, h("p", {class: "quiet"}, `The newest ${plural(rows.length, "operation")}.`), table("Operations", [
      {head: "Ended", class: "tight", cell: (row) => row.endtime ? time(row.endtime) : badge("under way", "calm")},
      {head: "Operation", cell: (row) => `${row.actor} ${row.operation}`},
      {head: "Target", cell: (row) => row.target ?? ""},
      {head: "Control loop", cell: (row) => row.closedLoopName ?? ""},
      {head: "Outcome", class: "tight", cell: (row) => row.outcome ? badge(row.outcome) : ""},
      {head: "Message", cell: (row) => row.message ?? ""},
    ], rows, "Nothing was recorded."));
  });
}

export async function show(main, {path, query, signal}) {
  if (path[0] === "history") return showHistory(main, query, signal);
  return showList(main, signal);
}
