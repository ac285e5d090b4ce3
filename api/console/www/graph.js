// graph - nodes in layers with arrows between, drawn as SVG
// SPDX-License-Identifier: Apache-2.0
import {h, s} from "./dom.js";

const WIDTH = 200, HEIGHT = 50, GAP = 64, ROW = 20, PAD = 12;

/** A text that fits a node: its last part, for names like org.example.edge.Cache. */
export const short = (text, most = 26) => {
  const last = String(text ?? "").split(/[./]/).pop() || String(text ?? "");
  return last.length > most ? `${last.slice(0, most - 1)}…` : last;
};

/** The layer of each node: behind all that lead to it, loops aside. */
function layers(nodes, edges) {
  const layer = new Map(nodes.map((node) => [node.id, node.layer ?? 0]));
  for (let round = 0; round < nodes.length; round++) {
    let moved = false;
    for (const {from, to, back} of edges)
      if (!back && layer.has(from) && layer.has(to) && layer.get(to) <= layer.get(from) && nodes.find((node) => node.id === to).layer === undefined) {
        layer.set(to, layer.get(from) + 1);
        moved = true;
      }
    if (!moved) break;
  }
  return layer;
}

function place(all, edges) {
  const nodes = all.filter((node) => !node.below);
  const layer = layers(nodes, edges);
  const columns = new Map();
  for (const node of nodes) columns.set(layer.get(node.id), [...(columns.get(layer.get(node.id)) ?? []), node]);
  const tallest = Math.max(...[...columns.values()].map((list) => list.length));
  const height = tallest * (HEIGHT + ROW) - ROW + 2 * PAD;
  const at = new Map();
  [...columns.keys()].sort((a, b) => a - b).forEach((key, column) => {
    const list = columns.get(key), own = list.length * (HEIGHT + ROW) - ROW;
    list.forEach((node, row) => at.set(node.id, {x: PAD + column * (WIDTH + GAP), y: (height - own) / 2 + row * (HEIGHT + ROW)}));
  });
  return below(all.filter((node) => node.below), edges, {at, columns: columns.size, height});
}

/** Nodes that stand below the others: each under the first that leads to it, or in the next free column. */
function below(nodes, edges, {at, columns, height}) {
  const taken = new Set();
  for (const node of nodes) {
    const above = at.get(edges.find((edge) => edge.to === node.id)?.from);
    let column = above ? Math.round((above.x - PAD) / (WIDTH + GAP)) : 0;
    while (taken.has(column)) column++;
    taken.add(column);
    columns = Math.max(columns, column + 1);
    at.set(node.id, {x: PAD + column * (WIDTH + GAP), y: height + ROW, below: true});
  }
  return {at, width: columns * (WIDTH + GAP) - GAP + 2 * PAD, height: nodes.length ? height + HEIGHT + ROW + PAD : height};
}

/** A curve from the right of one node to the left of another, or round below to one that stands before it. */
function curve(a, b) {
  const x1 = a.x + WIDTH, y1 = a.y + HEIGHT / 2, x2 = b.x, y2 = b.y + HEIGHT / 2;
  if (b.below) {
    const x = a.x + WIDTH / 2, to = b.x + WIDTH / 2;
    return `M${x} ${a.y + HEIGHT}C${x} ${b.y - 10} ${to} ${a.y + HEIGHT + 10} ${to} ${b.y - 7}`;
  }
  if (b.x > a.x) return `M${x1} ${y1}C${x1 + GAP / 2} ${y1} ${x2 - GAP / 2} ${y2} ${x2 - 7} ${y2}`;
  const below = Math.max(a.y, b.y) + HEIGHT + 14;
  return `M${a.x + WIDTH / 2} ${a.y + HEIGHT}C${a.x + WIDTH / 2} ${below} ${b.x + WIDTH / 2} ${below} ${b.x + WIDTH / 2} ${b.y + HEIGHT + 6}`;
}

/**
 * nodes: [{id, title, words?, kind?, layer?, below?}]; edges: [{from, to, words?, kind?, back?}]. label: for who cannot see it;
 * the same as a list stands below for them.
 */
export function graph(label, nodes, edges) {
  if (!nodes.length) return h("p", {class: "empty"}, "Nothing to draw.");
  const {at, width, height} = place(nodes, edges);
  const known = edges.filter(({from, to}) => at.has(from) && at.has(to));
  const name = new Map(nodes.map((node) => [node.id, node.title]));
  return h("figure", {class: "graph", tabindex: 0, role: "group", "aria-label": label},
    s("svg", {width, height: height + 16, viewBox: `0 0 ${width} ${height + 16}`, "aria-hidden": "true"},
      known.map((edge) => {
        const a = at.get(edge.from), b = at.get(edge.to), forward = b.x > a.x && !b.below;
        const x = forward ? b.x : b.x + WIDTH / 2, y = forward ? b.y + HEIGHT / 2 : b.below ? b.y : b.y + HEIGHT;
        return [s("path", {d: curve(a, b), class: `edge ${edge.kind ?? ""}`}),
          s("path", {class: "arrow", d: forward ? `M${x} ${y}l-8 -4v8z` : b.below ? `M${x} ${y}l-4 -8h8z` : `M${x} ${y}l-4 8h8z`}),
          edge.words && s("text", {class: "edge-words middle", x: (a.x + WIDTH + b.x) / 2, y: (a.y + b.y + HEIGHT) / 2 - 5}, edge.words)];
      }),
      nodes.map((node) => {
        const {x, y} = at.get(node.id);
        return s("g", {class: `node ${node.kind ?? ""}`, transform: `translate(${x} ${y})`},
          s("title", {}, [node.title, node.words].filter(Boolean).join(" · ")),
          s("rect", {width: WIDTH, height: HEIGHT, rx: 8}),
          s("text", {x: 12, y: node.words ? 21 : 30}, short(node.title)),
          node.words && s("text", {x: 12, y: 38, class: "small"}, node.words.length > 32 ? `${node.words.slice(0, 31)}…` : node.words));
      })),
    h("ul", {class: "hidden"}, nodes.map((node) => h("li", {}, [node.title, node.words].filter(Boolean).join(", "),
      ": ", known.filter((edge) => edge.from === node.id).map((edge) => `${edge.words ?? "then"} ${name.get(edge.to)}`).join("; ")))));
}
