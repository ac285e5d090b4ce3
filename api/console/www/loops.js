// loops - control loop types and instances: lists, types as graphs, commissioning
// SPDX-License-Identifier: Apache-2.0
import {del, get, LOOPS, may, post} from "./api.js";
import {fill, h} from "./dom.js";
import {graph} from "./graph.js";
import {showInstance} from "./loop.js";
import {showCreate, showEdit} from "./loop_edit.js";
import {act, badge, card, confirm, empty, field, notice, pager, refresh, settled, table, tabs} from "./parts.js";

const LIMIT = 50;
const TABS = [["instances", "Instances"], ["types", "Types"], ["commission", "Commission"]];

const instanceLink = (id) => "#/loops/instance?" + new URLSearchParams({name: id.name, version: id.version});
const typeLink = (id) => "#/loops/type?" + new URLSearchParams({name: id.name, version: id.version});

function troubles(one) {
  const list = [];
  if (one.elementsMissing) list.push(badge(`${one.elementsMissing} missing`, "bad"));
  if (one.elementsFaulty) list.push(badge(`${one.elementsFaulty} faulty`, "bad"));
  if (one.elementsInWrongState) list.push(badge(`${one.elementsInWrongState} in wrong state`, "warn"));
  if (one.stateChangeResult !== "NO_ERROR") list.push(badge(one.stateChangeResult, "bad"));
  return list.length ? list.flatMap((each) => [each, " "]) : badge(one.healthy ? "well" : "not well", one.healthy ? "good" : "bad");
}

async function showInstances(main, signal) {
  let offset = 0;
  const box = h("div");
  const search = h("input", {type: "search", placeholder: "the exact name", oninput: settled(() => {
    offset = 0;
    draw();
  })});
  const draw = async () => {
    const {controlLoopStatusList: list} = await get(LOOPS + "monitoring/status", {offset, limit: LIMIT, name: search.value}, {signal});
    fill(box, table("Control loop instances", [
      {head: "Instance", cell: (one) => [h("a", {href: instanceLink(one.controlLoopId)}, one.controlLoopId.name), " ", h("small", {}, one.controlLoopId.version)]},
      {head: "State", class: "tight", cell: (one) => [badge(one.state), one.orderedState !== one.state && [" → ", badge(one.orderedState)]]},
      {head: "Elements", cell: (one) => Object.entries(one.elements).map(([state, n]) => [badge(`${n} ${state}`, state === one.state ? "good" : "quiet"), " "])},
      {head: "Health", cell: troubles},
    ], list, search.value ? "There is no instance of that name." : "There are no instances yet. Commission a type, then create one of it."),
    pager({offset, limit: LIMIT, shown: list.length}, (to) => {
      offset = to;
      draw();
    }));
  };
  main.append(h("div", {class: "search"}, field("Find", search)), h("div", {class: "gap"}), card(null, box));
  await refresh(signal, draw);
}

async function showTypes(main, signal) {
  const box = h("div");
  main.append(card(null, box));
  await refresh(signal, async () => {
    const types = await get(LOOPS + "commission", {}, {signal});
    fill(box, table("Control loop types", [
      {head: "Type", cell: (type) => [h("a", {href: typeLink(type)}, type.name), " ", h("small", {}, type.version)]},
      {head: "Elements", class: "number", cell: (type) => type.properties.elements?.length ?? 0},
      {head: "Guards", class: "tight", cell: (type) => type.metadata?.guard ?? "enforce"},
      {head: "Description", cell: (type) => type.description ?? ""},
    ], types, "Nothing is commissioned."));
  });
}

/** Elements by start phase, each with an arrow to the participant type that hosts it. */
function drawType(elements) {
  const phases = [...new Set(elements.map((one) => one.properties?.startPhase ?? 0))].sort((a, b) => a - b);
  const hosts = [...new Set(elements.map((one) => one.properties?.participantType?.name).filter(Boolean))];
  const nodes = [
    ...elements.map((one) => ({id: one.name, title: one.name, words: `start phase ${one.properties?.startPhase ?? 0}`, layer: phases.indexOf(one.properties?.startPhase ?? 0)})),
    ...hosts.map((host) => ({id: `host ${host}`, title: host, words: "participant type", kind: "final", below: true}))];
  const edges = elements.flatMap((one) => {
    const next = phases[phases.indexOf(one.properties?.startPhase ?? 0) + 1];
    return [...elements.filter((other) => next !== undefined && (other.properties?.startPhase ?? 0) === next).map((other) => ({from: one.name, to: other.name})),
      ...(one.properties?.participantType ? [{from: one.name, to: `host ${one.properties.participantType.name}`, kind: "good"}] : [])];
  });
  return graph("Elements by start phase, and the participant types that host them", nodes, edges);
}

async function showType(main, query, signal) {
  const id = {name: query.get("name"), version: query.get("version")};
  const [elements, [type]] = await Promise.all([get(LOOPS + "commission/elements", id, {signal}), get(LOOPS + "commission", id, {signal})]);
  const remove = h("button", {type: "button", class: "danger", onclick: () => act(remove, async () => {
    if (!(await confirm({title: `Decommission ${id.name} ${id.version}?`, body: h("p", {}, "Its definitions are taken from the participants. Instances must be deleted first."), yes: "Decommission", danger: true}))) return;
    await del(LOOPS + "commission", id);
    notice("Decommissioned.");
    location.hash = "#/loops/types";
  })}, "Decommission");
  main.append(h("p", {}, h("a", {href: "#/loops/types"}, "← Types")), h("h2", {}, id.name, " ", h("small", {class: "quiet"}, id.version)),
    type?.description ? h("p", {}, type.description) : "", card("Elements and participants", drawType(elements)),
    card("Elements", table("Elements of the type", [
      {head: "Element", cell: (one) => [one.name, " ", h("small", {}, one.version)]},
      {head: "Start phase", class: "number", cell: (one) => one.properties?.startPhase ?? 0},
      {head: "Participant type", cell: (one) => one.properties?.participantType?.name ?? ""},
      {head: "Description", cell: (one) => one.description ?? ""},
    ], elements)),
    may("operate") ? h("div", {class: "row"}, h("a", {class: "button", href: "#/loops/create?" + new URLSearchParams(id)}, "Create an instance"), remove) : "");
}

function showCommission(main) {
  const text = h("textarea", {rows: 22, spellcheck: "false", placeholder: "tosca_definitions_version: tosca_simple_yaml_1_3\n…"});
  const file = h("input", {type: "file", accept: ".yaml,.yml,.json", onchange: async () => {
    text.value = await file.files[0].text();
  }});
  const said = h("div", {role: "status"});
  const button = h("button", {type: "button", class: "primary", onclick: () => act(button, async () => {
    fill(said);
    try {
      const got = await post(LOOPS + "commission", text.value, {}, {yaml: true});
      fill(said, h("p", {}, badge("good", "good"), " Commissioned: ", (got.affectedControlLoopDefinitions ?? []).map((one) => one.name).join(", ")),
        got.warnings?.length > 0 && h("ul", {class: "findings"}, got.warnings.map((one) => h("li", {}, badge("warning"), " ", one))));
    } catch (error) {
      fill(said, h("p", {}, badge("error"), " ", error.message));
    }
  })}, "Commission");
  main.append(h("div", {class: "split"}, h("div", {class: "card"}, field("Service template", text, "YAML or JSON"), h("p", {}, field("Or from a file", file)), h("div", {class: "row end"}, button)),
    card("What the service said", said.childNodes.length ? said : [said, empty("A type that is commissioned is told to all participants.")])));
}

export async function show(main, {path, query, signal}) {
  const part = path[0] ?? "instances";
  const within = {instance: "instances", edit: "instances", create: "types", type: "types"}[part] ?? part;
  main.append(h("h1", {}, "Loops"), tabs("loops", TABS.filter(([name]) => name !== "commission" || may("operate")), within));
  const box = h("div");
  main.append(box);
  const id = {name: query.get("name"), version: query.get("version")};
  if (part === "instance") return showInstance(box, id, signal);
  if (part === "edit" && may("operate")) return showEdit(box, id, signal);
  if (part === "create" && may("operate")) return showCreate(box, id, signal);
  if (part === "types") return showTypes(box, signal);
  if (part === "type") return showType(box, query, signal);
  if (part === "commission" && may("operate")) return showCommission(box);
  return showInstances(box, signal);
}
