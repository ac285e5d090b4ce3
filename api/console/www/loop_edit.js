// loop_edit - an instance's configuration by its type's properties, with the rules for versions; the way back; new instances
// SPDX-License-Identifier: Apache-2.0
import {get, LOOPS, post, put} from "./api.js";
import {fill, h} from "./dom.js";
import {act, badge, card, confirm, field, notice, table} from "./parts.js";

const LEVELS = {UNINITIALISED: "major, minor or patch", PASSIVE: "minor or patch", RUNNING: "patch only"};

const RULES = {
  UNINITIALISED: "While it is UNINITIALISED any change is taken, up or down; elements may come and go.",
  PASSIVE: "While it is PASSIVE the minor or the patch level may change, up or down. Participants get the new values start phase by start phase; if one refuses, the former version comes back.",
  RUNNING: "While it is RUNNING only the patch level may change, up or down. Its elements go on running.",
};

const plain = (value) => (value && typeof value === "object" && "value" in value && "type" in value ? value.value : value);

/** A field for a property, with a way to read its value; undefined: not given. */
function input(property, value, own) {
  const type = property.type, given = plain(value) ?? undefined;
  const otherwise = own ?? property.default;
  const placeholder = otherwise === undefined ? "" : typeof otherwise === "string" ? otherwise : JSON.stringify(otherwise);
  const hint = [type, otherwise === undefined ? property.required !== false && "required" : own === undefined ? "the type's default, unless given" : "the type's value, unless given", property.description].filter(Boolean).join(" · ");
  if (type === "boolean") {
    const select = h("select", {}, [["", "not given"], ["true", "true"], ["false", "false"]].map(([v, label]) => h("option", {value: v, selected: String(given ?? "") === v}, label)));
    return {node: field(property.name, select, hint), read: () => (select.value === "" ? undefined : select.value === "true")};
  }
  if (type === "integer" || type === "float") {
    const number = h("input", {type: "number", step: type === "integer" ? 1 : "any", value: given ?? "", placeholder});
    return {node: field(property.name, number, hint), read: () => (number.value === "" ? undefined : Number(number.value))};
  }
  if (type === "string") {
    const text = h("input", {value: given ?? "", placeholder});
    return {node: field(property.name, text, hint), read: () => (text.value === "" ? undefined : text.value)};
  }
  const area = h("textarea", {rows: 3, value: given === undefined ? "" : JSON.stringify(given), placeholder, spellcheck: "false"});
  return {node: field(property.name, area, `${hint} · JSON`), read: () => (area.value.trim() ? JSON.parse(area.value) : undefined)};
}

/** The fields of an element's properties: {node, read() -> propertiesMap}. What the fields do not know is kept. */
function elementForm(definition, propertiesMap = {}, own = {}) {
  const fields = Object.values(definition?.properties ?? {}).map((property) => [property.name, input(property, propertiesMap[property.name], own[property.name])]);
  return {
    node: fields.length ? h("div", {class: "fields"}, fields.map(([, one]) => one.node)) : h("p", {class: "quiet"}, "Its type has no properties of instances."),
    read: () => {
      const map = {...propertiesMap};
      for (const [name, one] of fields) {
        const value = one.read();
        if (value === undefined) delete map[name];
        else map[name] = value;
      }
      return map;
    },
  };
}

/** Properties of instances by definition. */
const propertiesOf = (definition, signal) => get(LOOPS + "commission/getCommonOrInstanceProperties", {common: false, ...definition}, {signal});

function next(version) {
  const [major, minor, patch] = version.split(".").map(Number);
  return `${major}.${minor}.${(patch || 0) + 1}`;
}

const asGiven = (element) => ({id: element.id, definition: element.definition, version: element.version, participantType: element.participantType,
  ...(element.participantId ? {participantId: element.participantId} : {})});

async function drawHistory(box, loop, signal) {
  const {configurationList} = await get(LOOPS + "instantiation/configurations", {name: loop.name}, {signal});
  fill(box, table("Configurations it had", [
    {head: "Version", cell: (one) => [one.version, one.current && [" ", badge("present", "good")]]},
    {head: "Values", cell: (one) => Object.values(one.configuration.elements).map((element) =>
      Object.entries(element.propertiesMap ?? {}).map(([key, value]) => h("span", {class: "chip"}, h("b", {}, key), " ", JSON.stringify(plain(value)))))},
    {head: "", class: "tight", cell: (one) => !one.current && h("button", {type: "button", class: "small", onclick: (event) => act(event.target, async () => {
      if (!(await confirm({title: `Back to ${one.version}?`, body: h("p", {}, RULES[loop.state] ?? ""), yes: "Roll back"}))) return;
      await put(LOOPS + "instantiation/rollback", undefined, {name: loop.name, version: loop.version, toVersion: one.version});
      notice("Rolled back.");
      location.hash = "#/loops/instance?" + new URLSearchParams({name: loop.name, version: one.version});
    })}, "Roll back")},
  ], [...configurationList].reverse()));
}

export async function showEdit(main, id, signal) {
  const {controlLoopList: [loop]} = await get(LOOPS + "instantiation", {name: id.name, version: id.version}, {signal});
  if (!loop) throw new Error("there is no such instance");
  const [properties, definitions] = await Promise.all([propertiesOf(loop.definition, signal), get(LOOPS + "commission/elements", loop.definition, {signal})]);
  const own = new Map(definitions.map((one) => [one.name, one.properties]));
  const version = h("input", {value: next(loop.version), required: true, pattern: "\\d+\\.\\d+\\.\\d+"});
  const forms = Object.values(loop.elements).map((element) => [element, elementForm(properties[element.definition.name], element.propertiesMap, own.get(element.definition.name))]);
  const button = h("button", {type: "submit", class: "primary"}, "Bring this version");
  const before = h("div");
  const form = h("form", {onsubmit: (event) => {
    event.preventDefault();
    act(button, async () => {
      const elements = Object.fromEntries(forms.map(([element, one]) => {
        const propertiesMap = one.read();
        const changed = JSON.stringify(propertiesMap) !== JSON.stringify(element.propertiesMap ?? {});
        return [element.id, {...asGiven(element), version: changed ? version.value : element.version, propertiesMap}];
      }));
      await put(LOOPS + "instantiation", {controlLoopList: [{name: loop.name, version: version.value, definition: loop.definition, description: loop.description, elements}]}, {fromVersion: loop.version});
      notice(`${loop.name} has version ${version.value} now.`);
      location.hash = "#/loops/instance?" + new URLSearchParams({name: loop.name, version: version.value});
    });
  }}, card("Version", h("p", {}, badge(loop.state), ` ${RULES[loop.state] ?? "While it is under way no change is taken."} An element's change is never above its loop's.`),
    h("div", {class: "fields"}, field("New version", version, `now ${loop.version}; ${LEVELS[loop.state] ?? ""}`))),
  forms.map(([element, one]) => card(element.definition.name, h("p", {class: "quiet"}, `${element.id} · ${element.version}`), one.node)),
  h("div", {class: "row end"}, h("a", {class: "button", href: "#/loops/instance?" + new URLSearchParams(id)}, "Cancel"), button));
  main.append(h("h2", {}, `Configuration of ${loop.name}`), form, card("Configurations it had", before));
  await drawHistory(before, loop, signal);
}

export async function showCreate(main, id, signal) {
  const [elements, properties] = await Promise.all([get(LOOPS + "commission/elements", id, {signal}), propertiesOf(id, signal)]);
  const name = h("input", {required: true}), version = h("input", {value: "1.0.0", required: true, pattern: "\\d+\\.\\d+\\.\\d+"}), description = h("input");
  const forms = elements.map((element) => [element, elementForm(properties[element.name], {}, element.properties)]);
  const button = h("button", {type: "submit", class: "primary"}, "Create");
  main.append(h("h2", {}, `A new instance of ${id.name}`), h("form", {onsubmit: (event) => {
    event.preventDefault();
    act(button, async () => {
      const made = Object.fromEntries(forms.map(([element, one]) => [crypto.randomUUID?.() ?? uuid(), {definition: {name: element.name, version: element.version}, propertiesMap: one.read()}]));
      await post(LOOPS + "instantiation", {controlLoopList: [{name: name.value, version: version.value, definition: id, description: description.value || undefined, elements: made}]});
      notice("Created. Order it PASSIVE to bring it to its participants.");
      location.hash = "#/loops/instance?" + new URLSearchParams({name: name.value, version: version.value});
    });
  }}, card("Instance", h("div", {class: "fields"}, field("Name", name), field("Version", version), field("Description", description))),
  forms.map(([element, one]) => card(element.name, h("p", {class: "quiet"}, element.description ?? ""), one.node)), h("div", {class: "row end"}, button)));
  name.focus();
}

// Where the page is not a secure context there is no randomUUID.
function uuid() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = (bytes[6] & 15) | 64;
  bytes[8] = (bytes[8] & 63) | 128;
  const hex = [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join("-");
}
