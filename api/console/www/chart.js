// chart - plots over time, and a limiter's window with its operations; drawn as SVG
// SPDX-License-Identifier: Apache-2.0
import {h, s} from "./dom.js";
import {count, duration, plural, when} from "./format.js";

// As wide as the view is, so that letters keep their size.
const space = (most) => Math.max(250, Math.min(most, document.getElementById("main").clientWidth - 60));

/** A round number at or above the largest. */
function top(values) {
  const most = Math.max(1, ...values);
  const step = 10 ** Math.floor(Math.log10(most));
  return [1, 2, 5, 10].map((n) => n * step).find((n) => n >= most);
}

const line = (values, x, y) => values.map((v, i) => `${i ? "L" : "M"}${x(i).toFixed(1)} ${y(v).toFixed(1)}`).join("");

/**
 * Lines over time, filled below. series: [{name, values, kind}], of one length; the last value is now. label: for who
 * cannot see it. left, right: words below its ends.
 */
export function plot(label, series, {left = "", right = "now", height = 160, wide = 1200} = {}) {
  const width = space(wide), pad = {left: 44, right: 8, top: 8, bottom: 22};
  const length = Math.max(2, ...series.map((one) => one.values.length));
  const most = top(series.flatMap((one) => one.values));
  const x = (i) => pad.left + ((width - pad.left - pad.right) * i) / (length - 1);
  const y = (v) => height - pad.bottom - ((height - pad.top - pad.bottom) * v) / most;
  const floor = height - pad.bottom;
  return h("figure", {class: "plot"},
    s("svg", {width, height, viewBox: `0 0 ${width} ${height}`, role: "img", "aria-label": label},
      [0, 0.5, 1].map((part) => [
        s("line", {x1: pad.left, x2: width - pad.right, y1: y(most * part), y2: y(most * part), class: "grid"}),
        s("text", {x: pad.left - 6, y: y(most * part) + 4, class: "tick end"}, most * part < 10 && most % 2 ? (most * part).toFixed(1).replace(".0", "") : count(Math.round(most * part)))]),
      series.map((one) => {
        const from = length - one.values.length, at = (i) => x(i + from);
        if (one.values.length < 2) return null;
        return [s("path", {d: `${line(one.values, at, y)}L${at(one.values.length - 1)} ${floor}L${at(0)} ${floor}Z`, class: `area ${one.kind}`}),
          s("path", {d: line(one.values, at, y), class: `line ${one.kind}`})];
      }),
      s("text", {x: pad.left, y: height - 6, class: "tick"}, left),
      s("text", {x: width - pad.right, y: height - 6, class: "tick end"}, right)),
    series.length > 1 && h("figcaption", {}, series.map((one) => h("span", {class: "key"}, h("i", {class: one.kind}), one.name))));
}

/** A bar that is so full, with its numbers in words beside it. */
export const bar = (used, limit) => {
  const part = limit ? Math.min(1, used / limit) : 1;
  return h("span", {class: "bar", role: "img", "aria-label": `${used} of ${limit} used`},
    h("i", {class: part >= 1 ? "bad" : part >= 0.75 ? "warn" : "good", style: {width: `${part * 100}%`}}));
};

/**
 * A limiter's window on a time line: its operations as points at their ends, from when they no longer count, and the instant
 * from which one more is permitted. now, until: milliseconds; until may be absent. room: its width, if that is
 * known.
 */
export function windowLine({now, ms, operations, until, limit, room}) {
  const width = Math.min(900, room || space(900)), height = 92, left = 12, right = 12, axis = 52;
  const from = now - ms, end = Math.max(until ?? 0, now + ms * 0.15) + ms * 0.05;
  const start = from - ms * 0.08;
  const x = (t) => left + ((width - left - right) * (t - start)) / (end - start);
  const ends = operations.map((row) => ({row, at: new Date(row.endtime ?? row.starttime ?? now).getTime()}));
  const inside = ends.filter(({at}) => at >= from);
  const words = `The last ${duration(ms).replace(" 0 s", "").replace(" 0 min", "")}: ${plural(inside.length, "operation")}, limit ${limit}` +
    (until ? `; one more is permitted from ${when(until)}` : "");
  const near = until && x(until) > width - 150;
  return h("figure", {class: "window"},
    s("svg", {width, height, viewBox: `0 0 ${width} ${height}`, role: "img", "aria-label": words},
      s("rect", {x: x(from), y: axis - 26, width: x(now) - x(from), height: 36, rx: 4, class: "within"}),
      s("line", {x1: left, x2: width - right, y1: axis + 10, y2: axis + 10, class: "axis"}),
      s("text", {x: x(from), y: axis + 28, class: "tick"}, when(from)),
      s("line", {x1: x(now), x2: x(now), y1: axis - 34, y2: axis + 10, class: "nowline"}),
      s("text", {x: x(now), y: axis - 38, class: "tick middle"}, "now"),
      ends.map(({row, at}) => s("circle", {cx: x(Math.max(at, start)), cy: axis - 8, r: 6, class: at >= from ? "counts" : "past"},
        s("title", {}, `${row.target ?? ""} ${row.outcome ?? "under way"} ${when(at)}`))),
      until && [s("line", {x1: x(until), x2: x(until), y1: axis - 26, y2: axis + 10, class: "until"}),
        s("text", {x: x(until), y: axis + 28, class: near ? "tick end" : "tick middle"}, `permitted from ${when(until)}`)]),
    h("figcaption", {}, words));
}
