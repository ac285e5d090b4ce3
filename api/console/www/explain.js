// explain - an answer with its explanation, drawn: for the views Ask and Try
// SPDX-License-Identifier: Apache-2.0
import {windowLine} from "./chart.js";
import {fill, h} from "./dom.js";
import {place, reason, sentence, windowMs} from "./format.js";
import {badge, clockNow, countdown, time} from "./parts.js";

const values = (guard) => h("div", {class: "chips"},
  Object.entries(guard.values ?? {}).map(([name, value]) => h("span", {class: "chip"}, h("b", {}, name), " ", value)),
  guard.used !== undefined && h("span", {class: "chip"}, h("b", {}, "used"), ` ${guard.used} of ${guard.limit}`),
  guard.window && h("span", {class: "chip"}, h("b", {}, "window"), ` ${guard.window}`));

function drawGuard(guard, options) {
  const line = h("div");
  const ms = windowMs(guard.window);
  if (ms && options.operations)
    options.operations(guard, ms).then((operations) => fill(line, windowLine({
      now: new Date(options.now ?? clockNow()).getTime(), ms, operations, limit: guard.limit, room: line.clientWidth,
      until: guard.permit_at ? new Date(guard.permit_at).getTime() : undefined}))).catch(() => {});
  return h("section", {class: `guard ${guard.verdict}`},
    h("div", {class: "row"}, badge(guard.verdict), h("b", {}, guard.policy ?? guard.kind), h("span", {class: "quiet"}, guard.version ?? ""),
      h("span", {class: "quiet"}, guard.kind), options.link && guard.file ? h("a", {href: options.link(guard)}, place(guard)) : h("code", {}, place(guard)),
      guard.shadow && badge("shadow", "warn"), guard.in_force === false && badge("out of its time range", "quiet")),
    guard.verdict === "deny" && h("p", {}, `${reason(guard.shadow_reason ?? guard.reason)}${guard.missing ? `: ${guard.missing}` : ""}.`),
    guard.note && h("p", {class: "quiet"}, guard.note),
    values(guard), line);
}

/** The answer to a request. options: {signal, now?, operations(guard, ms)?, link(guard)?, again()?}. */
export function drawAnswer(answer, asked, options) {
  const permit = answer.status === "Permit";
  const why = answer.explanation ?? {guards: []};
  return [
    h("div", {class: "verdict", role: "status"},
      h("span", {class: `big ${permit ? "good" : "bad"}`}, answer.status),
      h("span", {class: "lead"}, answer.reason ? sentence({...asked, reason: answer.reason}, permit) : "", answer.missing ? ` (${answer.missing})` : "", ".")),
    why.permit_at && h("p", {class: "lead"}, "Permitted from ", time(why.permit_at),
      options.now === undefined && [", in ", countdown(options.signal, why.permit_at, options.again)], "."),
    why.change && h("p", {}, h("b", {}, "What would turn it: "), why.change, "."),
    h("h3", {}, "What each guard said"),
    why.guards.length ? why.guards.map((guard) => drawGuard(guard, options)) : h("p", {class: "quiet"}, "No guard has this in its scope."),
  ];
}
