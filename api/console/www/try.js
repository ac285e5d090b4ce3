// try - a playground: policies, a history and a request of one's own, decided in the service without touching it
// SPDX-License-Identifier: Apache-2.0
import {OURS, post} from "./api.js";
import {fill, h} from "./dom.js";
import {drawAnswer} from "./explain.js";
import {act, badge, card, empty, field, findings, notice, settled, source} from "./parts.js";

const EXAMPLE = {
  policy: `tosca_definitions_version: tosca_simple_yaml_1_1_0
topology_template:
  policies:
    - my.restarts:
        type: onap.policies.controlloop.guard.common.FrequencyLimiter
        type_version: 1.0.0
        version: 1.0.0
        properties:
          actor: APPC
          operation: Restart
          limit: 2
          timeWindow: 10
          timeUnits: minute
`,
  history: `[
  {"actor": "APPC", "operation": "Restart", "target": "vm-1", "outcome": "Success", "endtime": "2026-01-01T11:55:00Z"},
  {"actor": "APPC", "operation": "Restart", "target": "vm-1", "outcome": "Success", "endtime": "2026-01-01T11:58:00Z"}
]
`,
  request: `{"actor": "APPC", "operation": "Restart", "target": "vm-1"}
`,
  now: "2026-01-01T12:00:00Z",
  mode: "strict",
};

/** All of it in a link: base64url of its JSON. */
const pack = (state) => btoa(String.fromCharCode(...new TextEncoder().encode(JSON.stringify(state)))).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");

function unpack(text) {
  try {
    const bytes = Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), (c) => c.charCodeAt(0));
    return {...EXAMPLE, ...JSON.parse(new TextDecoder().decode(bytes))};
  } catch {
    notice("The link carries nothing that can be read; here is an example.", "bad");
    return EXAMPLE;
  }
}

function parsed(input, what, wrong) {
  input.classList.remove("wrong");
  if (!input.value.trim()) return undefined;
  try {
    return JSON.parse(input.value);
  } catch (error) {
    input.classList.add("wrong");
    wrong.push(`${what} is not JSON: ${error.message}`);
    return undefined;
  }
}

/** What of a history a guard counts, for its time line. */
const counted = (rows) => async (guard) => rows.filter((row) => row.actor === guard.values?.actor && row.operation === guard.values?.operation &&
  (!guard.values?.target || row.target === guard.values.target));

export async function show(main, {query, signal}) {
  const state = query.get("s") ? unpack(query.get("s")) : EXAMPLE;
  const box = h("div", {"aria-live": "polite"});
  const area = (rows, value) => h("textarea", {rows, value, spellcheck: "false", oninput: () => soon()});
  const policy = area(17, state.policy), past = area(6, state.history), request = area(4, state.request);
  const now = h("input", {value: state.now, oninput: () => soon()});
  const mode = h("select", {onchange: () => soon()}, ["strict", "onap"].map((one) => h("option", {value: one, selected: one === state.mode}, one)));
  let turn = 0;

  async function run() {
    const mine = ++turn, wrong = [];
    const rows = parsed(past, "The history", wrong) ?? [], guard = parsed(request, "The request", wrong);
    if (wrong.length) return fill(box, empty(wrong.join(". ")));
    const body = {policies: [{name: "policy.yaml", text: policy.value}], history: rows, mode: mode.value};
    if (now.value.trim()) body.now = now.value.trim();
    if (guard) body.request = guard.action ? guard : {action: "guard", resource: {guard}};
    let got;
    try {
      got = await post(OURS + "try", body);
    } catch (error) {
      if (mine === turn) fill(box, empty(error.message));
      return;
    }
    if (mine !== turn || signal.aborted) return;
    const asked = body.request?.resource?.guard ?? {};
    fill(box,
      !got.good && h("p", {class: "lead"}, badge("error"), " The policy is not good."),
      got.findings.length > 0 && [findings(got.findings), source(policy.value, got.findings)],
      got.error && h("p", {class: "lead"}, badge("error"), ` The request or the history is not good: ${got.error}.`),
      got.answer && drawAnswer(got.answer, asked, {signal, now: got.answer.explanation?.now ?? body.now, operations: counted(rows)}),
      got.good && !got.answer && !got.error && h("p", {}, badge("good"), ` ${got.guards} guards; give a request to decide.`));
  }
  const soon = settled(run, 350);
  const share = h("button", {type: "button", onclick: () => act(share, async () => {
    const link = "#/try?s=" + pack({policy: policy.value, history: past.value, request: request.value, now: now.value, mode: mode.value});
    history.replaceState(null, "", link);
    await navigator.clipboard?.writeText(location.href).catch(() => {}); // it stands in the address too
    notice("The address of this page now carries all of it.");
  })}, "Make a link");
  main.append(h("div", {class: "row top-row"}, h("div", {}, h("h1", {}, "Try"),
    h("p", {class: "quiet"}, "Decided in the service, apart from everything that is in force.")), share),
  h("div", {class: "split"},
    h("div", {class: "card"}, field("Policy", policy), h("div", {class: "fields"}, field("Decided at", now, "a time, or empty for now"), field("Mode", mode)),
      field("Operations done so far", past, "a JSON list"), field("Request", request, "attributes of the guard question, as JSON")),
    card("Answer", box)));
  await run();
}
