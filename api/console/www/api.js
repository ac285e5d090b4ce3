// api - the service's REST interface, as everybody has it
// SPDX-License-Identifier: Apache-2.0

/** Where the service is: one above the page, whatever prefix a proxy has put before it. */
export const base = new URL("..", document.baseURI);

export const OURS = "clguard/v1/";
export const LOOPS = "onap/controlloop/v2/";
export const PAP = "policy/pap/v1/";
export const POLICIES = "policy/api/v1/";

let token = "";

/** A bearer token, as long as the page is open. */
export function setToken(text) {
  token = text;
}

export const headers = (more) => (token ? {...more, Authorization: `Bearer ${token}`} : {...more});

/** What the service refused, with its words. */
export class Refusal extends Error {
  constructor(status, body) {
    super(words(status, body));
    this.status = status;
    this.body = body;
  }
}

function words(status, body) {
  if (body && typeof body === "object") {
    const details = Array.isArray(body.details) ? body.details.join("; ") : typeof body.details === "string" ? body.details : "";
    const said = [body.errorDetails, details].filter(Boolean).join(": ") || body.error || body.message;
    if (said) return String(said);
  }
  return {0: "the service does not answer", 401: "credentials are needed", 403: "your role does not allow this",
    409: "the service is passive, or something stands in the way", 503: "the service is busy: try again"}[status] ?? `the service answered ${status}`;
}

/** The path with a query; absent values are left out. */
export function path(route, query) {
  const url = new URL(route, base);
  for (const [name, value] of Object.entries(query ?? {}))
    if (value !== undefined && value !== null && value !== "") url.searchParams.set(name, value);
  return url;
}

async function call(method, route, {query, body, yaml, accept = "application/json", signal} = {}) {
  const type = yaml ? "application/yaml" : "application/json";
  let response;
  try {
    response = await fetch(path(route, query), {
      method, signal, cache: "no-store",
      headers: headers({Accept: accept, ...(body === undefined ? {} : {"Content-Type": type})}),
      body: body === undefined ? undefined : yaml ? body : JSON.stringify(body),
    });
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new Refusal(0, null);
  }
  const text = await response.text();
  let read = text;
  if ((response.headers.get("Content-Type") ?? "").startsWith("application/json")) {
    try {
      read = JSON.parse(text);
    } catch {
      throw new Refusal(response.status, null);
    }
  }
  if (!response.ok) throw new Refusal(response.status, read);
  return read;
}

export const get = (route, query, more) => call("GET", route, {query, ...more});
export const post = (route, body, query, more) => call("POST", route, {body, query, ...more});
export const put = (route, body, query) => call("PUT", route, {body, query});
export const del = (route, query) => call("DELETE", route, {query});

/** A path of parts that may hold anything. */
export const join = (...parts) => parts.map((part, i) => (i ? encodeURIComponent(part) : part)).join("");

let me = {roles: [], scoped: []};

export async function whoami() {
  me = await get(OURS + "whoami");
  return me;
}

export const who = () => me;

/** Whether who looks may do what needs the role, at least for some topic. */
export const may = (role) => me.roles.includes(role) || me.scoped.includes(role);
