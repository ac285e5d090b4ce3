// generations - the changes of what is deployed, what lies between two of them, and the way back
// SPDX-License-Identifier: Apache-2.0
import {get, may, OURS, post} from "./api.js";
import {DRY, dryRun} from "./deploy.js";
import {fill, h} from "./dom.js";
import {act, badge, card, confirm, empty, field, refresh, table, time} from "./parts.js";

const named = (one) => `${one.policy.name} ${one.policy.version} (${one.pdpGroup} / ${one.pdpType})`;

const change = (one) => h("li", {}, badge(one.deploy ? "deploy" : "undeploy", one.deploy ? "good" : "bad"), " ", named(one));

const rollBack = (button, generation, after) => act(button, async () => {
  const got = await post(OURS + "policies/rollback", {generation}, DRY);
  if (!(await confirm({title: `Go back to generation ${generation}?`, body: [dryRun(got), h("p", {class: "quiet"}, "It becomes a new generation; the ones between stay in the list.")], yes: "Roll back", danger: true}))) return;
  await post(OURS + "policies/rollback", {generation});
  await after();
});

export async function showGenerations(main, signal) {
  const box = h("div"), diff = h("div");
  const from = h("input", {inputmode: "numeric", pattern: "[0-9]+", required: true}), to = h("input", {inputmode: "numeric", pattern: "[0-9]*", placeholder: "present"});
  const button = h("button", {type: "submit"}, "Compare");
  const form = h("form", {class: "row", onsubmit: (event) => {
    event.preventDefault();
    act(button, async () => {
      const got = await get(OURS + "policies/diff", {from: from.value, to: to.value});
      const list = [...got.deploy.map((one) => ({...one, deploy: true})), ...got.undeploy.map((one) => ({...one, deploy: false}))];
      fill(diff, h("p", {}, `From generation ${got.from} to ${got.to}:`), list.length ? h("ul", {class: "findings"}, list.map(change)) : empty("No difference."));
    });
  }}, field("From", from), field("To", to), button);
  main.append(card("Generations", box), card("What lies between two", form, diff));
  const draw = async () => {
    const {generations, generation} = await get(OURS + "policies/generations", {limit: 100}, {signal});
    fill(box, table("Generations, the newest first", [
      {head: "Number", class: "tight", cell: (one) => [one.generation, one.generation === generation && [" ", badge("present", "good")]]},
      {head: "When", class: "tight", cell: (one) => time(one.timestamp)},
      {head: "Who", class: "tight", cell: (one) => one.user},
      {head: "What", class: "tight", cell: (one) => one.action},
      {head: "Changes", cell: (one) => h("ul", {class: "findings"}, one.changes.map(change))},
      {head: "", class: "tight", cell: (one) => may("administer") && one.generation !== generation &&
        h("button", {type: "button", class: "small", onclick: (event) => rollBack(event.target, one.generation, draw)}, "Roll back")},
    ], generations, "Nothing was deployed yet. Changes of files and of control loops' guards are not listed here."));
  };
  await refresh(signal, draw);
}
