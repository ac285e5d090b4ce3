// participants - who hosts elements, how they are, and what they report about themselves
// SPDX-License-Identifier: Apache-2.0
import {get, LOOPS} from "./api.js";
import {plot} from "./chart.js";
import {fill, h} from "./dom.js";
import {count, plural} from "./format.js";
import {badge, card, pager, refresh, settled, field, table, time} from "./parts.js";

const LIMIT = 50;

const link = (one) => "#/participants/one?" + new URLSearchParams({name: one.participantId.name, version: one.participantId.version});

async function showList(main, signal) {
  let offset = 0;
  const box = h("div");
  const search = h("input", {type: "search", placeholder: "name, type …", oninput: settled(() => {
    offset = 0;
    draw();
  })});
  let all = [];
  const draw = () => {
    const text = search.value.toLowerCase();
    const list = all.filter((one) => `${one.participantId.name} ${one.participantType.name} ${one.healthStatus}`.toLowerCase().includes(text));
    fill(box, table("Participants", [
      {head: "Participant", cell: (one) => [h("a", {href: link(one)}, one.participantId.name), " ", h("small", {}, one.participantId.version)]},
      {head: "Type", cell: (one) => one.participantType.name},
      {head: "Health", class: "tight", cell: (one) => badge(one.healthStatus)},
      {head: "State", class: "tight", cell: (one) => [badge(one.participantState), !one.primed && [" ", badge("not primed", "warn")]]},
      {head: "Elements", class: "number", cell: (one) => count(one.elements?.length)},
      {head: "Heard", class: "tight", cell: (one) => time(one.lastMessageTime)},
    ], list.slice(offset, offset + LIMIT), text ? "None is like that." : "None has registered."),
    pager({offset, limit: LIMIT, shown: Math.min(LIMIT, list.length - offset), total: list.length}, (to) => {
      offset = to;
      draw();
    }));
  };
  main.append(h("div", {class: "row top-row"}, h("h1", {}, "Participants"), h("div", {class: "search"}, field("Find", search))), card(null, box));
  await refresh(signal, async () => {
    all = (await get(LOOPS + "participants", {}, {signal})).participantList;
    draw();
  });
}

/** Every number that the records have, as a line of its own. */
function numbers(records) {
  const names = new Set();
  for (const record of records)
    for (const [name, value] of Object.entries(record)) if (typeof value === "number") names.add(name);
  return [...names].slice(0, 8).map((name) => ({name, values: records.map((record) => record[name] ?? 0)}));
}

/** Health over time as steps: 1 healthy, 0 not. */
const health = (records) => records.map((record) => (record.healthStatus === "HEALTHY" ? 1 : 0));

async function showOne(main, query, signal) {
  const id = {name: query.get("name"), version: query.get("version")};
  const facts = h("div"), plots = h("div"), elements = h("div");
  main.append(h("p", {}, h("a", {href: "#/participants"}, "← Participants")), h("h1", {}, id.name, " ", h("small", {class: "quiet"}, id.version)),
    h("div", {class: "cards"}, card(null, facts), card("What it reports", plots)), card("Elements that it hosts", elements));
  await refresh(signal, async () => {
    const [{participantList: [one]}, {statisticsList}] = await Promise.all([
      get(LOOPS + "participants", id, {signal}), get(LOOPS + "monitoring/participant", {...id, recordCount: 200}, {signal})]);
    if (!one) return fill(facts, "There is no such participant.");
    const records = [...statisticsList].sort((a, b) => (a.timeStamp < b.timeStamp ? -1 : 1));
    fill(facts, h("dl", {class: "facts"},
      h("dt", {}, "Type"), h("dd", {}, `${one.participantType.name} ${one.participantType.version}`),
      h("dt", {}, "Health"), h("dd", {}, badge(one.healthStatus)),
      h("dt", {}, "State"), h("dd", {}, badge(one.participantState)),
      h("dt", {}, "Definitions"), h("dd", {}, one.primed ? "primed" : badge("not primed", "warn")),
      h("dt", {}, "Heard"), h("dd", {}, time(one.lastMessageTime)),
      h("dt", {}, "Elements"), h("dd", {}, count(one.elements?.length))));
    const left = records.length ? new Date(records[0].timeStamp).toISOString().slice(11, 19) + "Z" : "";
    fill(plots, records.length < 2 ? h("p", {class: "quiet"}, `${plural(records.length, "report")} so far; two make a plot.`) : [
      h("h3", {}, "Healthy"), plot("Healthy, over its reports", [{name: "healthy", values: health(records), kind: "good"}], {left, height: 100, wide: 380}),
      numbers(records).map(({name, values}) => [h("h3", {}, name), plot(`${name} over its reports`, [{name, values, kind: "calm"}], {left, height: 110, wide: 380})])]);
    fill(elements, table("Elements", [
      {head: "Element", cell: (element) => h("code", {}, element.id)},
      {head: "Definition", cell: (element) => element.definition.name},
      {head: "Control loop", cell: (element) => h("a", {href: "#/loops/instance?" + new URLSearchParams(element.controlLoopId)}, element.controlLoopId.name)},
      {head: "State", class: "tight", cell: (element) => badge(element.state)},
    ], (one.elements ?? []).slice(0, 200), "It hosts nothing."),
    (one.elements ?? []).length > 200 && h("p", {class: "quiet"}, `${one.elements.length - 200} more.`));
  });
}

export async function show(main, {path, query, signal}) {
  return path[0] === "one" ? showOne(main, query, signal) : showList(main, signal);
}
