// policies - what is in force and what is kept; documents with findings at their lines
// SPDX-License-Identifier: Apache-2.0
import {get, join, may, OURS, PAP, POLICIES, post} from "./api.js";
import {deploy, undeploy, remove} from "./deploy.js";
import {fill, h} from "./dom.js";
import {showGenerations} from "./generations.js";
import {place} from "./format.js";
import {act, badge, card, empty, field, findings, pager, refresh, settled, source, table, tabs} from "./parts.js";

const LIMIT = 50;
const TABS = [["guards", "In force"], ["documents", "Kept"], ["generations", "Generations"], ["findings", "Findings"], ["new", "New"]];

export const documentLink = (one) => "#/policies/document?" + new URLSearchParams({file: one.file ?? "", line: one.line ?? "", policy: one.policy ?? "", version: one.version ?? ""});

const term = (value) => (value && value.pattern ? `/${value.pattern}/` : Array.isArray(value) ? value.join(", ") : value);
const scopeOf = (guard) => Object.entries(guard.scope).map(([name, value]) => h("span", {class: "chip"}, h("b", {}, name), " ", term(value)));

async function showGuards(main, signal) {
  let offset = 0;
  const box = h("div");
  const search = h("input", {type: "search", placeholder: "policy, file, actor …", oninput: settled(() => {
    offset = 0;
    draw();
  })});
  const draw = async () => {
    const {guards, total} = await get(OURS + "guards", {offset, limit: LIMIT, text: search.value}, {signal});
    fill(box, table("Guards in force", [
      {head: "Policy", cell: (guard) => [h("a", {href: documentLink(guard)}, guard.policy ?? place(guard)), " ", h("small", {}, guard.version ?? "")]},
      {head: "Kind", class: "tight", cell: (guard) => [guard.kind, guard.shadow && [" ", badge("shadow", "warn")]]},
      {head: "For", cell: (guard) => h("div", {class: "chips"}, scopeOf(guard).length ? scopeOf(guard) : "everything")},
      {head: "From", cell: (guard) => h("small", {}, place(guard))},
    ], guards, "No guard is in force: every question is permitted, unless the settings say otherwise."),
    pager({offset, limit: LIMIT, shown: guards.length, total}, (to) => {
      offset = to;
      draw();
    }));
  };
  main.append(h("div", {class: "search"}, field("Find", search)), h("div", {class: "gap"}), card(null, box));
  await refresh(signal, draw);
}

/** The policies of a service template, as a list. */
const policiesOf = (template) => (template.topology_template?.policies ?? []).flatMap((one) =>
  Object.entries(one).map(([name, policy]) => ({name, version: policy.version, type: policy.type})));

async function showDocuments(main, signal) {
  const box = h("div");
  main.append(card("Policies in the database", box));
  const draw = async () => {
    const [template, deployed] = await Promise.all([
      get(POLICIES + "policies", {}, {signal}).catch((error) => (error.status === 404 ? {} : Promise.reject(error))),
      get(PAP + "policies/deployed", {}, {signal})]);
    const inForce = new Set(deployed.map((one) => `${one["policy-id"]} ${one["policy-version"]}`));
    const is = (one) => inForce.has(`${one.name} ${one.version}`);
    fill(box, table("Policies in the database", [
      {head: "Policy", cell: (one) => [h("a", {href: documentLink({file: `policy ${one.name} ${one.version}`, policy: one.name, version: one.version})}, one.name), " ", h("small", {}, one.version)]},
      {head: "Type", cell: (one) => h("small", {}, one.type)},
      {head: "State", class: "tight", cell: (one) => is(one) ? badge("deployed", "good") : badge("kept")},
      {head: "", class: "tight", cell: (one) => may("administer") && h("span", {class: "row"},
        is(one) ? h("button", {type: "button", class: "small", onclick: (event) => undeploy(event.target, one, draw)}, "Undeploy")
          : [h("button", {type: "button", class: "small", onclick: (event) => deploy(event.target, one, draw)}, "Deploy"),
            h("button", {type: "button", class: "small danger", onclick: (event) => remove(event.target, one, draw)}, "Remove")])},
    ], policiesOf(template), "None is kept. Policies of files are in force all the same."));
  };
  await refresh(signal, draw);
}

async function showDocument(main, query, signal) {
  const file = query.get("file"), line = Number(query.get("line")) || undefined;
  const kept = /^policy (\S+) (\S+)$/.exec(file);
  main.append(h("h2", {}, query.get("policy") || file, " ", h("small", {}, query.get("version"))), h("p", {class: "quiet"}, file));
  const set = await get(OURS + "generation", {}, {signal});
  let text;
  try {
    text = kept ? await get(join(OURS + "policies/", kept[1]) + join("/", kept[2]), {}, {accept: "application/yaml", signal})
      : (await get(OURS + "source", {file}, {signal})).text;
  } catch (error) {
    main.append(empty(`The document cannot be shown: ${error.message}.`));
    return;
  }
  main.append(source(text, set.findings.filter((one) => one.file === file), line));
  document.getElementById("marked-line")?.scrollIntoView({block: "nearest"});
}

async function showFindings(main, signal) {
  const box = h("div");
  main.append(card("Findings about what is in force", box));
  await refresh(signal, async () => {
    const set = await get(OURS + "generation", {}, {signal});
    fill(box, set.last_error && h("p", {}, badge("error"), " The last load was refused: ", set.last_error),
      set.findings.length ? h("ul", {class: "findings"}, set.findings.map((one) =>
        h("li", {}, badge(one.severity), " ", h("a", {href: documentLink(one)}, place(one)), " ", one.text, one.id ? ` (${one.id})` : "")))
        : empty("None."),
      set.finding_count > set.findings.length && h("p", {class: "quiet"}, `${set.finding_count - set.findings.length} more; clguard check shows all.`));
  });
}

const TEMPLATE = `tosca_definitions_version: tosca_simple_yaml_1_1_0
topology_template:
  policies:
    - my.policy:
        type: onap.policies.controlloop.guard.common.Blacklist
        type_version: 1.0.0
        version: 1.0.0
        properties:
          actor: APPC
          operation: Restart
          blacklist: [vm-1]
`;

function showNew(main) {
  const text = h("textarea", {rows: 20, value: TEMPLATE, spellcheck: "false"});
  const file = h("input", {type: "file", accept: ".yaml,.yml,.json", onchange: async () => {
    text.value = await file.files[0].text();
  }});
  const said = h("div", {role: "status"});
  const send = async (dry) => {
    try {
      const got = await post(POLICIES + "policies", text.value, {"dry-run": dry || undefined}, {yaml: true});
      fill(said, dry ? [h("p", {}, badge(got.good === false ? "error" : "good"), got.good === false ? " It would be refused." : " It would be taken."), got.findings?.length > 0 && [findings(got.findings), source(text.value, got.findings)]]
        : h("p", {}, badge("good"), " It is kept. ", h("a", {href: "#/policies/documents"}, "Deploy it"), " to bring it into force."));
    } catch (error) {
      const list = error.body?.findings ?? [];
      fill(said, h("p", {}, badge("error"), ` ${error.message}`), list.length > 0 && [findings(list), source(text.value, list)]);
    }
  };
  const check = h("button", {type: "button", onclick: () => act(check, () => send(true))}, "Check");
  const save = h("button", {type: "button", class: "primary", onclick: () => act(save, () => send(false))}, "Keep");
  main.append(h("div", {class: "split"}, h("div", {class: "card"}, field("Policy", text, "a service template, YAML or JSON"), h("p", {}, field("Or from a file", file)),
    h("div", {class: "row end"}, check, save)), card("Findings", said)));
}

export async function show(main, {path, query, signal}) {
  const part = path[0] ?? "guards";
  main.append(h("h1", {}, "Policies"), tabs("policies", TABS.filter(([name]) => name !== "new" || may("administer")), part));
  const box = h("div");
  main.append(box);
  if (part === "document") return showDocument(box, query, signal);
  if (part === "documents") return showDocuments(box, signal);
  if (part === "generations") return showGenerations(box, signal);
  if (part === "findings") return showFindings(box, signal);
  if (part === "new" && may("administer")) return showNew(box);
  return showGuards(box, signal);
}

