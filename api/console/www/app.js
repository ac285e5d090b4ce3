// app - the frame: who looks, which views there are for them, which one is shown
// SPDX-License-Identifier: Apache-2.0
import {may, Refusal, setToken, who, whoami} from "./api.js";
import {fill, h} from "./dom.js";
import {on, start} from "./events.js";
import {when} from "./format.js";
import {badge, card, field, notice, setClock} from "./parts.js";

// Each with the role without which it would be empty.
const VIEWS = [
  ["now", "Now", "read"],
  ["policies", "Policies", "read"],
  ["ask", "Ask", "decide"],
  ["limits", "Limits", "read"],
  ["loops", "Loops", "read"],
  ["participants", "Participants", "read"],
  ["operations", "Operations", "read"],
  ["messages", "Messages", "messages"],
  ["try", "Try", "decide"],
];

const main = document.getElementById("main");
let leave = new AbortController();

function parts() {
  const [route, query] = location.hash.replace(/^#\/?/, "").split("?");
  return {path: route.split("/").filter(Boolean).map(decodeURIComponent), query: new URLSearchParams(query ?? "")};
}

function drawNav(current) {
  fill(document.getElementById("nav"), VIEWS.filter(([, , role]) => may(role)).map(([name, label]) =>
    h("a", {href: `#/${name}`, "aria-current": name === current ? "page" : null}, label)));
  document.querySelector("#nav [aria-current]")?.scrollIntoView({block: "nearest", inline: "nearest"});
}

function failed(error) {
  if (error instanceof Refusal && error.status === 401) return signIn();
  fill(main, card("This view cannot be shown", h("p", {}, error.message),
    h("button", {type: "button", onclick: route}, "Try again")));
}

async function route() {
  const {path, query} = parts();
  const allowed = VIEWS.filter(([, , role]) => may(role));
  const [name, label] = allowed.find(([known]) => known === path[0]) ?? allowed[0] ?? [];
  leave.abort();
  leave = new AbortController();
  const {signal} = leave;
  if (!name) return fill(main, card("Nothing to show", h("p", {}, "Your role opens none of the console's views: they need read, decide or messages.")));
  document.title = `${label} · clguard`;
  drawNav(name);
  main.setAttribute("aria-busy", "true");
  try {
    const view = await import(`./${name}.js`);
    if (signal.aborted) return;
    main.replaceChildren();
    await view.show(main, {path: path.slice(1), query, signal});
  } catch (error) {
    if (!signal.aborted) failed(error);
  } finally {
    if (!signal.aborted) main.removeAttribute("aria-busy");
  }
}

/** The browser asks for a user's name itself; a token is entered here. */
function signIn() {
  const input = h("input", {type: "password", name: "token", autocomplete: "off", required: true});
  fill(document.getElementById("nav"));
  fill(main, card("Sign in",
    h("p", {}, "This service wants to know who asks. Reload the page to enter a user name and password, or use a token; it is kept until the page is closed."),
    h("form", {class: "row", onsubmit: (event) => {
      event.preventDefault();
      setToken(input.value);
      begin();
    }}, field("Bearer token", input), h("button", {type: "submit", class: "primary"}, "Sign in"))));
}

function drawHealth(now) {
  const {ready, why, warnings} = now.health;
  setClock(now.now);
  document.getElementById("clock").textContent = when(now.now);
  fill(document.getElementById("health"), badge(ready ? "Ready" : `Not ready: ${why}`, ready ? "good" : "bad"),
    warnings.length ? h("a", {href: "#/now", class: "badge warn"}, `${warnings.length} warning${warnings.length > 1 ? "s" : ""}`) : null);
}

function theme() {
  const root = document.documentElement;
  const saved = localStorage.getItem("theme");
  if (saved) root.dataset.theme = saved;
  document.getElementById("theme").addEventListener("click", () => {
    const dark = root.dataset.theme ? root.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
    root.dataset.theme = dark ? "light" : "dark";
    localStorage.setItem("theme", root.dataset.theme);
  });
}

async function begin() {
  try {
    await whoami();
  } catch (error) {
    return failed(error);
  }
  fill(document.getElementById("who"), who().name ?? "");
  if (may("read")) start();
  await route();
}

theme();
on("now", drawHealth);
on("lost", (lost) => lost && fill(document.getElementById("health"), badge("Connection lost", "bad")));
addEventListener("hashchange", () => {
  route();
  main.focus({preventScroll: true});
  scrollTo(0, 0);
});
addEventListener("unhandledrejection", (event) => {
  if (event.reason?.name === "AbortError") return event.preventDefault();
  if (event.reason instanceof Refusal) {
    event.preventDefault();
    notice(event.reason.message, "bad");
  }
});
begin();
