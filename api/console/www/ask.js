// ask - a form for a decision, completed from the loaded policies, and its explanation
// SPDX-License-Identifier: Apache-2.0
import {get, may, OURS, post} from "./api.js";
import {fill, h, uniqueId} from "./dom.js";
import {drawAnswer} from "./explain.js";
import {act, card, field, settled} from "./parts.js";

const FIRST = [["actor", "Actor"], ["operation", "Operation"], ["target", "Target"], ["clname", "Control loop"], ["vfCount", "vfCount"]];
const MORE = ["generic-vnf.vnf-name", "generic-vnf.vnf-id", "generic-vnf.vnf-type", "generic-vnf.nf-naming-code", "vserver.vserver-id",
  "cloud-region.cloud-region-id"];

/** A field whose values are those of the guards in force. */
function completed(name, value) {
  const input = h("input", {name, value: value ?? "", autocomplete: "off", spellcheck: "false"});
  if (!may("read") || name === "vfCount" || MORE.includes(name)) return {input};
  const list = h("datalist", {id: uniqueId("values")});
  input.setAttribute("list", list.id);
  const look = async () => {
    const {values} = await get(OURS + "guards/values", {attribute: name, begin: input.value});
    fill(list, values.map((one) => h("option", {value: one})));
  };
  const quietly = () => look().catch(() => {}); // the form does without
  input.addEventListener("focus", quietly);
  input.addEventListener("input", settled(quietly, 150));
  return {input, list};
}

const operations = async (guard, ms) => {
  const {actor, operation, target, clname} = guard.values ?? {};
  if (!may("read")) return [];
  return get(OURS + "operations", {actor, operation, target, closedLoopName: clname, from: new Date(Date.now() - ms * 1.2).toISOString(), limit: 200});
};

export async function show(main, {query, signal}) {
  const answer = h("div");
  const inputs = new Map();
  const make = (name, label) => {
    const {input, list} = completed(name, query.get(name));
    inputs.set(name, input);
    return [field(label, input), list];
  };
  const read = () => Object.fromEntries([...inputs].filter(([, input]) => input.value.trim()).map(([name, input]) => [name, input.value.trim()]));
  let turn = 0;
  const decide = async () => {
    const mine = ++turn, asked = read();
    const guard = {...asked};
    if (/^-?\d+$/.test(guard.vfCount ?? "")) guard.vfCount = Number(guard.vfCount);
    const got = await post("policy/pdpx/v1/decision", {ONAPName: "console", action: "guard", resource: {guard}}, {explain: true});
    if (mine !== turn || signal.aborted) return;
    fill(answer, card("Answer", drawAnswer(got, asked, {signal, operations, again: () => setTimeout(decide, 300),
      link: (one) => "#/policies/document?" + new URLSearchParams({file: one.file, line: one.line, policy: one.policy ?? "", version: one.version ?? ""})})));
  };
  const button = h("button", {type: "submit", class: "primary"}, "Ask");
  const more = h("details", {}, h("summary", {}, "More attributes"), h("div", {class: "fields"}, MORE.map((name) => make(name, name))));
  more.open = MORE.some((name) => query.get(name));
  const form = h("form", {onsubmit: (event) => {
    event.preventDefault();
    history.replaceState(null, "", "#/ask?" + new URLSearchParams(read()));
    act(button, decide);
  }}, h("div", {class: "fields"}, FIRST.map(([name, label]) => make(name, label))), more, h("div", {class: "row end"}, button));
  main.append(h("h1", {}, "Ask"), h("p", {class: "quiet"}, "May this actor perform this operation on this target now? A question counts nothing."),
    card(null, form), answer);
  if (query.get("actor")) act(button, decide);
  else inputs.get("actor").focus();
}
