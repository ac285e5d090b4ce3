// format - times, durations, counts and reasons in words
// SPDX-License-Identifier: Apache-2.0
const two = (n) => String(n).padStart(2, "0");

/** "14:03:07", or with its day when that is not today; local time. */
export function when(time) {
  const at = new Date(time), today = new Date();
  if (Number.isNaN(at.getTime())) return "";
  const clock = `${two(at.getHours())}:${two(at.getMinutes())}:${two(at.getSeconds())}`;
  const day = `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())}`;
  return at.toDateString() === today.toDateString() ? clock : `${day} ${clock}`;
}

/** "4 min 12 s" of milliseconds. */
export function duration(ms) {
  const seconds = Math.max(0, Math.ceil(ms / 1000));
  if (seconds < 60) return `${seconds} s`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
  if (seconds < 86400) return `${Math.floor(seconds / 3600)} h ${Math.floor((seconds % 3600) / 60)} min`;
  return `${Math.floor(seconds / 86400)} d ${Math.floor((seconds % 86400) / 3600)} h`;
}

/** 1234567 as "1 234 567". */
export const count = (n) => String(n ?? 0).replace(/\B(?=(\d{3})+$)/g, " ");

export function bytes(n) {
  for (const unit of ["B", "KiB", "MiB", "GiB"]) {
    if (n < 1024 || unit === "GiB") return `${n < 10 && unit !== "B" ? n.toFixed(1) : Math.round(n)} ${unit}`;
    n /= 1024;
  }
}

/** One thing or many. */
export const plural = (n, one, many = one + "s") => `${count(n)} ${n === 1 ? one : many}`;

const REASONS = {
  permit: "a guard permits it",
  no_applicable_guard: "no guard applies to it",
  limit_reached: "its limit is reached",
  blacklisted: "it is on a blacklist",
  below_min: "fewer would be left than the minimum",
  above_max: "there would be more than the maximum",
  filtered: "a filter excludes it",
  blocked_by_loop: "another control loop is at work",
  missing_attribute: "the question lacks an attribute that a guard needs",
  error: "a guard could not be evaluated",
  shadow: "a guard in shadow mode would deny it",
  not_allowed: "the element may not call this service",
  quarantine: "the counters are in quarantine",
  no_policies: "there are no policies",
  verifying: "the database is still being verified",
};

export const reason = (word) => REASONS[word] ?? word;

/** "APPC may not Restart vm-7: its limit is reached" of a denial or a request. */
export function sentence(asked, permit) {
  const loop = asked.clname ? ` for ${asked.clname}` : "";
  const where = asked.target ? ` ${asked.target}` : "";
  return `${asked.actor ?? "Nobody"} ${permit ? "may" : "may not"} ${asked.operation ?? "do that"}${where}${loop}: ${reason(asked.reason)}`;
}

/** Milliseconds of a window as explanations write it: "15 m", "1 h", "2 mo". */
export function windowMs(text) {
  const units = {ms: 1, s: 1000, m: 60000, min: 60000, h: 3600000, d: 86400000, w: 604800000, mo: 2678400000, y: 31622400000};
  let sum = 0;
  for (const [, number, unit] of String(text ?? "").matchAll(/(\d+)\s*([a-z]+)/g)) sum += Number(number) * (units[unit] ?? 0);
  return sum;
}

/** "file.yaml:5" of whatever has a file and a line; of a control loop's policy the loop. */
export function place(o) {
  if (!o.file) return "";
  const loop = /^control loop (\S+)/.exec(o.file);
  return loop ? loop[0] : `${o.file.split("/").pop()}${o.line ? ":" + o.line : ""}`;
}
