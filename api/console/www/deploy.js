// deploy - bringing policies into force and out of it: first what would happen, then a question, then the deed
// SPDX-License-Identifier: Apache-2.0
import {del, get, join, OURS, PAP, POLICIES, post} from "./api.js";
import {h} from "./dom.js";
import {plural, reason} from "./format.js";
import {act, badge, confirm, findings} from "./parts.js";

const ROWS = 500, TUPLES = 200;

const tuple = (row) => ({actor: row.actor, operation: row.operation, target: row.target, clname: row.closedLoopName ?? row.clname});
const words = (one) => [one.actor, one.operation, one.target, one.clname && `for ${one.clname}`].filter(Boolean).join(" ");

/** The operations done lately that the policy's guards would deny by themselves, the same operations counted. */
async function wouldDeny({name, version}) {
  const [text, rows] = await Promise.all([
    get(join(OURS + "policies/", name) + join("/", version), {}, {accept: "application/yaml"}), get(OURS + "operations", {limit: ROWS})]);
  const asked = [...new Map(rows.map((row) => [JSON.stringify(tuple(row)), tuple(row)])).values()].slice(0, TUPLES);
  if (!asked.length) return {asked, denied: []};
  const requests = asked.map((one) => ({action: "guard", resource: {guard: Object.fromEntries(Object.entries(one).filter(([, v]) => v))}}));
  const got = await post(OURS + "try", {policies: [{name, text}], history: rows, requests});
  const answers = got.answers ?? [];
  return {asked, denied: asked.map((one, i) => ({...one, ...answers[i]})).filter((one) => one.status === "Deny")};
}

const listed = (list) => h("ul", {class: "findings"}, list.slice(0, 12).map((one) => h("li", {}, badge("Deny"), ` ${words(one)}: ${reason(one.reason)}`)),
  list.length > 12 && h("li", {class: "quiet"}, `and ${list.length - 12} more`));

/** What a deployment would do to what happens here, in words. */
async function effectOfDeploy(policy) {
  try {
    const {asked, denied} = await wouldDeny(policy);
    return [h("h3", {}, "By what was done lately"),
      h("p", {}, asked.length ? `Of ${plural(asked.length, "different operation")} that were recorded lately, it would now deny ${denied.length}.` : "Nothing was recorded lately to compare with."),
      denied.length > 0 && listed(denied)];
  } catch {
    return null; // it is no guard, or not good: then the dry run says so
  }
}

async function effectOfUndeploy({name}) {
  const {denials} = await get(OURS + "denials", {limit: 1000});
  const its = denials.filter((one) => one.policy === name);
  return [h("h3", {}, "By the last denials"),
    h("p", {}, `Of the last ${plural(denials.length, "denial")} it gave ${its.length}; other guards may deny these all the same.`), its.length > 0 && listed(its)];
}

/** What a dry run told. */
export const dryRun = (got) => [
  h("p", {}, badge(got.good ? "good" : "error"), got.good ? ` It would be done: ${plural(got.guards.length, "guard")} would be in force.` : " It would be refused."),
  got.deploy?.length > 0 && h("p", {}, "Into force: ", got.deploy.map((one) => `${one.policy.name} ${one.policy.version}`).join(", ")),
  got.undeploy?.length > 0 && h("p", {}, "Out of force: ", got.undeploy.map((one) => `${one.policy.name} ${one.policy.version}`).join(", ")),
  got.findings?.length > 0 && findings(got.findings)];

const asPolicy = ({name, version}) => ({policies: [{"policy-id": name, "policy-version": version}]});

export const deploy = (button, policy, after) => act(button, async () => {
  const got = await post(PAP + "pdps/policies", asPolicy(policy), {"dry-run": true});
  const body = [dryRun(got), got.good && await effectOfDeploy(policy)];
  if (!(await confirm({title: `Deploy ${policy.name} ${policy.version}?`, body, yes: got.good ? "Deploy" : "Try all the same"}))) return;
  await post(PAP + "pdps/policies", asPolicy(policy));
  await after();
});

export const undeploy = (button, policy, after) => act(button, async () => {
  const route = join(PAP + "pdps/policies/", policy.name) + join("/versions/", policy.version);
  const got = await del(route, {"dry-run": true});
  if (!(await confirm({title: `Undeploy ${policy.name} ${policy.version}?`, body: [dryRun(got), await effectOfUndeploy(policy)], yes: "Undeploy", danger: true}))) return;
  await del(route);
  await after();
});

export const remove = (button, policy, after) => act(button, async () => {
  if (!(await confirm({title: `Remove ${policy.name} ${policy.version}?`, body: h("p", {}, "The document is deleted from the database."), yes: "Remove", danger: true}))) return;
  await del(join(POLICIES + "policies/", policy.name) + join("/versions/", policy.version));
  await after();
});
