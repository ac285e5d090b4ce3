// loop - one instance: where it stands, who is waited for, what failed, what a guard said; orders
// SPDX-License-Identifier: Apache-2.0
import {del, get, LOOPS, may, put} from "./api.js";
import {fill, h} from "./dom.js";
import {plural, reason} from "./format.js";
import {graph} from "./graph.js";
import {act, badge, card, clockNow, confirm, countdown, json, refresh, table, time} from "./parts.js";

const ORDERS = {
  RUNNING: "its elements are started, start phase by start phase",
  PASSIVE: "its elements are made, or stopped if they run",
  UNINITIALISED: "its elements are removed from their participants",
};

const settledState = (state) => Object.hasOwn(ORDERS, state);

const name = (loop, id) => loop.elements[id]?.definition?.name ?? id;

function drawGuard(loop, signal) {
  const {guard} = loop;
  if (!guard) return null;
  return card("Held back by a guard",
    h("p", {}, "Ordered ", badge(guard.ordered), " at ", time(guard.timestamp), ": nothing was sent."),
    (guard.denied ?? []).map((one) => h("section", {class: "guard deny"},
      h("p", {class: "lead"}, `${one.actor} may not take ${name(loop, one.elementId)} to ${one.operation}: ${reason(one.reason)}.`),
      h("p", {}, h("b", {}, one.policy ?? ""), " ", h("a", {href: "#/policies/document?" + new URLSearchParams({file: one.file ?? "", line: one.line ?? "", policy: one.policy ?? ""})},
        `${(one.file ?? "").split("/").pop()}:${one.line ?? ""}`)),
      one.explanation?.permit_at && h("p", {}, "Permitted from ", time(one.explanation.permit_at),
        new Date(one.explanation.permit_at).getTime() > clockNow() ? [", in ", countdown(signal, one.explanation.permit_at)] : ": it may be ordered again", "."),
      one.explanation?.change && h("p", {class: "quiet"}, one.explanation.change))));
}

function drawWaiting(loop) {
  const {waiting} = loop;
  if (!waiting) return null;
  return card("Under way",
    h("p", {}, `Start phase ${waiting.startPhase ?? 0}, since `, time(waiting.since), waiting.retries ? `, sent again ${plural(waiting.retries, "time")}` : "", ". Waited for:"),
    h("ul", {class: "findings"}, (waiting.elements ?? []).map((id) => h("li", {}, name(loop, id), " on ", h("b", {}, loop.elements[id]?.participantId?.name ?? "no participant yet")))));
}

function drawFailure(loop) {
  const failure = loop.lastFailure;
  if (!failure) return null;
  return card("What failed last", h("dl", {class: "facts"},
    h("dt", {}, "When"), h("dd", {}, time(failure.time)),
    h("dt", {}, "Element"), h("dd", {}, name(loop, failure.element)),
    h("dt", {}, "Participant"), h("dd", {}, failure.participant?.name ?? failure.participant ?? ""),
    h("dt", {}, "It said"), h("dd", {}, failure.message ?? ""),
    h("dt", {}, "Then"), h("dd", {}, failure.done ?? "")));
}

function kindOf(element, loop) {
  if (element.missing || element.faulty) return "bad";
  if (!settledState(element.state)) return "warn";
  return element.state === "RUNNING" ? "good" : element.state === loop.orderedState ? "calm" : "";
}

function drawElements(loop, definitions) {
  const phase = (element) => definitions.get(element.definition.name)?.properties?.startPhase ?? 0;
  const elements = Object.values(loop.elements);
  const phases = [...new Set(elements.map(phase))].sort((a, b) => a - b);
  const nodes = elements.map((element) => ({id: element.id, title: element.definition.name, kind: kindOf(element, loop), layer: phases.indexOf(phase(element)),
    words: `${element.state} · ${element.participantId?.name ?? "no host"}`}));
  const edges = elements.flatMap((one) => elements.filter((other) => phase(other) === phases[phases.indexOf(phase(one)) + 1]).map((other) => ({from: one.id, to: other.id})));
  return [graph("Elements by start phase", nodes.slice(0, 60), edges.slice(0, 300)), nodes.length > 60 && h("p", {class: "quiet"}, `${nodes.length - 60} more in the list.`)];
}

const elementTable = (loop) => table("Elements", [
  {head: "Element", cell: (one) => [one.definition.name, h("div", {}, h("small", {}, one.id))]},
  {head: "State", class: "tight", cell: (one) => [badge(one.state), one.orderedState !== one.state && [" → ", badge(one.orderedState)], one.missing && [" ", badge("missing", "bad")], one.faulty && [" ", badge("faulty", "bad")]]},
  {head: "Participant", cell: (one) => one.participantId ? h("a", {href: "#/participants/one?" + new URLSearchParams(one.participantId)}, one.participantId.name) : h("span", {class: "quiet"}, "none yet")},
  {head: "Said", cell: (one) => one.message ?? ""},
  {head: "Values", cell: (one) => Object.keys(one.propertiesMap ?? {}).length ? h("details", {}, h("summary", {}, plural(Object.keys(one.propertiesMap).length, "value")), json(one.propertiesMap)) : ""},
], Object.values(loop.elements).slice(0, 200));

async function order(button, loop, state, after) {
  const force = h("input", {type: "checkbox", name: "force", value: "true"});
  const id = {name: loop.name, version: loop.version};
  const values = await confirm({title: `Order ${loop.name} ${state}?`, yes: `Order ${state}`, danger: state === "UNINITIALISED", body: [
    h("p", {}, `It is ${loop.state}. When it is ordered ${state}, ${ORDERS[state]}. Each action is asked of the guards first; if one denies, nothing is sent.`),
    h("label", {class: "check"}, force, "Do not wait for elements of participants that are lost (force)")]});
  if (!values) return;
  await act(button, () => put(LOOPS + "instantiation/command", {orderedState: state, controlLoopIdentifierList: [id]}, {force: values.force}), `Ordered ${state}.`);
  await after();
}

async function remove(button, loop) {
  const force = h("input", {type: "checkbox", name: "force", value: "true"});
  const values = await confirm({title: `Delete ${loop.name}?`, yes: "Delete", danger: true, body: [h("p", {}, "The instance and its configurations are removed."),
    h("label", {class: "check"}, force, "Also when only lost participants still have something of it (force)")]});
  if (!values) return;
  const id = {name: loop.name, version: loop.version};
  if (await act(button, () => del(LOOPS + "instantiation", {...id, force: values.force}), "Deleted.")) location.hash = "#/loops";
}

function buttons(loop, after) {
  if (!may("operate")) return null;
  const button = (label, run, kind) => {
    const made = h("button", {type: "button", class: kind, onclick: () => run(made)}, label);
    return made;
  };
  return h("div", {class: "row"},
    Object.keys(ORDERS).map((state) => button(`Order ${state}`, (made) => order(made, loop, state, after), state === loop.state && loop.orderedState === state ? "" : state === "RUNNING" ? "primary" : "")),
    h("a", {class: "button", href: "#/loops/edit?" + new URLSearchParams({name: loop.name, version: loop.version})}, "Configuration"),
    loop.state === "UNINITIALISED" || loop.stateChangeResult !== "NO_ERROR" ? button("Delete", (made) => remove(made, loop), "danger") : null);
}

export async function showInstance(main, id, signal) {
  const box = h("div");
  let shown = new AbortController();
  let definitions;
  signal.addEventListener("abort", () => shown.abort());
  main.append(h("p", {}, h("a", {href: "#/loops"}, "← Instances")), box);
  const draw = async () => {
    const {controlLoopList: [loop]} = await get(LOOPS + "instantiation", {name: id.name, version: id.version}, {signal});
    if (!loop) {
      fill(box, card("There is no such instance", h("p", {}, `${id.name} ${id.version ?? ""} may have been deleted, or brought to another version: `, h("a", {href: "#/loops"}, "see all"), ".")));
      return;
    }
    if (!definitions) {
      const list = await get(LOOPS + "commission/elements", loop.definition, {signal}).catch(() => []);
      definitions = new Map(list.map((one) => [one.name, one]));
    }
    shown.abort();
    shown = new AbortController();
    fill(box, h("h2", {class: "lead"}, loop.name, " ", h("small", {class: "quiet"}, loop.version)),
      h("p", {}, badge(loop.state), loop.orderedState !== loop.state && [" ordered ", badge(loop.orderedState)], " ", loop.stateChangeResult !== "NO_ERROR" && badge(loop.stateChangeResult, "bad"),
        " of type ", h("a", {href: "#/loops/type?" + new URLSearchParams(loop.definition)}, loop.definition.name), loop.description ? ` · ${loop.description}` : ""),
      buttons(loop, draw), h("div", {class: "gap"}),
      drawGuard(loop, shown.signal), drawWaiting(loop), drawFailure(loop),
      card("Elements by start phase", drawElements(loop, definitions)), card("Elements", elementTable(loop)));
  };
  await refresh(signal, draw);
}

