// dom - elements made by hand: whatever comes from the service becomes text, never markup
// SPDX-License-Identifier: Apache-2.0
const SVG = "http://www.w3.org/2000/svg";

function set(element, name, value) {
  if (value === undefined || value === null || value === false) return;
  if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
  else if (name === "style") for (const [key, v] of Object.entries(value)) element.style.setProperty(key, v);
  else if (name === "value" || name === "checked" || name === "disabled" || name === "selected") element[name] = value;
  else element.setAttribute(name, value === true ? "" : value);
}

function add(element, children) {
  for (const child of children.flat(9))
    if (child !== undefined && child !== null && child !== false)
      element.append(child instanceof Node ? child : document.createTextNode(String(child)));
}

/** An HTML element: h("a", {href, onclick}, "text", [more]). */
export function h(tag, props, ...children) {
  const element = document.createElement(tag);
  add(element, children); // before the properties: a select's value needs its options
  for (const [name, value] of Object.entries(props ?? {})) set(element, name, value);
  return element;
}

/** The same in a drawing. */
export function s(tag, props, ...children) {
  const element = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(props ?? {})) set(element, name, value);
  add(element, children);
  return element;
}

/** Puts other children in place of an element's. */
export function fill(element, ...children) {
  element.replaceChildren();
  add(element, children);
  return element;
}

let ids = 0;
export const uniqueId = (prefix) => `${prefix}-${++ids}`;
