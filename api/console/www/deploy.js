// deploy - bringing policies into force and out of it: first what would happen, then a question, then the deed
// SPDX-License-Identifier: Apache-2.0
import {del, join, PAP, POLICIES, post} from "./api.js";
import {h} from "./dom.js";
import {plural} from "./format.js";
import {act, badge, confirm, findings, time} from "./parts.js";

const words = (one) => [one.actor, one.operation, one.target, one.clname && `for ${one.clname}`].filter(Boolean).join(" ");

const place = (now) => now.file ? ` (${now.file}:${now.line})` : "";

const example = (one) => h("li", {}, badge(one.now.status), " ", time(one.time), ` ${words(one.request)}: was ${one.was.status}`,
  one.now.policy ? `, now by ${one.now.policy}${place(one.now)}` : one.was.policy ? `, then by ${one.was.policy}` : "");

/** The effect of a change by the decision log, in words. */
function effect(impact) {
  if (!impact) return null;
  if (impact.error) return [h("h3", {}, "By the decision log"), h("p", {class: "quiet"}, `Not known: ${impact.error}.`)];
  const {open, closed} = impact, examples = impact.examples.filter((one) => one.loop === "open");
  return [h("h3", {}, "By the decision log"),
    h("p", {}, `Of ${plural(open.asked, "decision")} ${open.to_deny} would become a Deny and ${open.to_permit} a Permit.`),
    (closed.to_deny !== open.to_deny || closed.to_permit !== open.to_permit) &&
      h("p", {}, `With counters that follow the new answers, ${closed.to_deny} and ${closed.to_permit}.`),
    open.uncertain > 0 && h("p", {class: "quiet"}, `${open.uncertain} of them depend on operations before the log begins.`),
    examples.length > 0 && h("ul", {class: "findings"}, examples.map(example))];
}

/** What a dry run told. */
export const dryRun = (got) => [
  h("p", {}, badge(got.good ? "good" : "error"), got.good ? ` It would be done: ${plural(got.guards.length, "guard")} would be in force.` : " It would be refused."),
  got.deploy?.length > 0 && h("p", {}, "Into force: ", got.deploy.map((one) => `${one.policy.name} ${one.policy.version}`).join(", ")),
  got.undeploy?.length > 0 && h("p", {}, "Out of force: ", got.undeploy.map((one) => `${one.policy.name} ${one.policy.version}`).join(", ")),
  got.findings?.length > 0 && findings(got.findings),
  effect(got.impact)];

/** The query of a dry run that tells what would turn, too. */
export const DRY = {"dry-run": true, impact: true};

const asPolicy = ({name, version}) => ({policies: [{"policy-id": name, "policy-version": version}]});

export const deploy = (button, policy, after) => act(button, async () => {
  const got = await post(PAP + "pdps/policies", asPolicy(policy), DRY);
  if (!(await confirm({title: `Deploy ${policy.name} ${policy.version}?`, body: dryRun(got), yes: got.good ? "Deploy" : "Try all the same"}))) return;
  await post(PAP + "pdps/policies", asPolicy(policy));
  await after();
});

export const undeploy = (button, policy, after) => act(button, async () => {
  const route = join(PAP + "pdps/policies/", policy.name) + join("/versions/", policy.version);
  const got = await del(route, DRY);
  if (!(await confirm({title: `Undeploy ${policy.name} ${policy.version}?`, body: dryRun(got), yes: "Undeploy", danger: true}))) return;
  await del(route);
  await after();
});

export const remove = (button, policy, after) => act(button, async () => {
  if (!(await confirm({title: `Remove ${policy.name} ${policy.version}?`, body: h("p", {}, "The document is deleted from the database."), yes: "Remove", danger: true}))) return;
  await del(join(POLICIES + "policies/", policy.name) + join("/versions/", policy.version));
  await after();
});
