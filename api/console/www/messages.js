// messages - topics with their groups and how far those are behind; messages, without taking any for read
// SPDX-License-Identifier: Apache-2.0
import {get, join, OURS, post} from "./api.js";
import {fill, h} from "./dom.js";
import {bytes, count, plural} from "./format.js";
import {act, badge, card, confirm, field, json, pager, refresh, table, time} from "./parts.js";

const LIMIT = 50, MESSAGES = 25;

async function showTopics(main, signal) {
  let offset = 0;
  const box = h("div");
  main.append(h("div", {class: "row top-row"}, h("h1", {}, "Messages"), publisher("")), card(null, box));
  const draw = async () => {
    const {topics} = await get(OURS + "topics", {offset, limit: LIMIT}, {signal});
    fill(box, table("Topics", [
      {head: "Topic", cell: (one) => h("a", {href: join("#/messages/", one.topic)}, one.topic)},
      {head: "Kept", class: "number", cell: (one) => count(one.next - one.first)},
      {head: "Ever", class: "number", cell: (one) => count(one.next)},
      {head: "Size", class: "number", cell: (one) => bytes(one.bytes)},
      {head: "Groups", cell: (one) => one.groups.length ? one.groups.slice(0, 6).map((group) => h("div", {}, group.group, " ",
        group.lag ? badge(`${count(group.lag)} behind`, group.lag > 100 ? "bad" : "warn") : badge("read all", "good"))) : h("span", {class: "quiet"}, "nobody")},
    ], topics, "No topic has messages yet."),
    pager({offset, limit: LIMIT, shown: topics.length}, (to) => {
      offset = to;
      draw();
    }));
  };
  await refresh(signal, draw);
}

function shown(text) {
  try {
    return json(JSON.parse(text));
  } catch {
    return h("pre", {class: "json"}, text);
  }
}

/** The kind of a message in a few words, if it has one. */
function title(text) {
  try {
    const message = JSON.parse(text);
    return [message.messageType, message.notification, message.closedLoopEventStatus, message.message].filter((one) => typeof one === "string").join(" · ");
  } catch {
    return "";
  }
}

async function showTopic(main, topic, signal) {
  let before;
  const box = h("div"), groups = h("div");
  main.append(h("p", {}, h("a", {href: "#/messages"}, "← Messages")), h("div", {class: "row top-row"}, h("h1", {}, topic), publisher(topic)),
    card("Groups", groups), card("Messages, the newest first", box));
  const open = new Set();
  const draw = async () => {
    const {messages, next} = await get(join(OURS + "topics/", topic), {before, limit: MESSAGES}, {signal});
    const list = [...messages].reverse();
    fill(box, h("p", {class: "quiet"}, `${plural(next, "message")} ever.`), list.map((one) => h("details", {open: open.has(one.number), ontoggle: (event) => event.target.open ? open.add(one.number) : open.delete(one.number)},
      h("summary", {}, h("code", {}, `#${one.number}`), " ", title(one.message) || one.message.slice(0, 100)), shown(one.message))),
    h("div", {class: "row pager"},
      h("button", {type: "button", disabled: before === undefined, onclick: () => {
        before = undefined;
        draw();
      }}, "Newest"),
      h("button", {type: "button", disabled: !list.length || list.at(-1).number === 0, onclick: () => {
        before = list.at(-1).number;
        draw();
      }}, "Older")));
    const own = (await get(OURS + "topics", {limit: 1000}, {signal})).topics.find((one) => one.topic === topic);
    fill(groups, table("Groups", [
      {head: "Group", cell: (group) => group.group},
      {head: "Next", class: "number", cell: (group) => count(group.next)},
      {head: "Behind", class: "number", cell: (group) => group.lag ? badge(count(group.lag), "warn") : "0"},
      {head: "Asked last", class: "tight", cell: (group) => time(group.seen)},
    ], own?.groups ?? [], "Nobody reads this topic."));
  };
  await refresh(signal, draw);
}

function publisher(topic) {
  const button = h("button", {type: "button", onclick: () => act(button, async () => {
    const name = h("input", {name: "topic", value: topic, required: true, pattern: "[A-Za-z0-9._\\-]+"});
    const text = h("textarea", {name: "text", rows: 8, value: "{}", spellcheck: "false"});
    const values = await confirm({title: "Publish a message", yes: "Publish", body: [field("Topic", name), field("Message", text, "JSON")]});
    if (values) await post(join("events/", values.topic), JSON.parse(values.text));
  })}, "Publish …");
  return button;
}

export async function show(main, {path, signal}) {
  return path[0] ? showTopic(main, path[0], signal) : showTopics(main, signal);
}
