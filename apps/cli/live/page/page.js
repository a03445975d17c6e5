// Asks for the newest results and statistics a few times a second, and passes on what buttons and keys ask for. All
// that comes from models and files is text, never markup.
"use strict";

const ASK_EVERY = 400;  // milliseconds
const MOST_ROWS = 100;
const KEYS = { " ": "pause", s: "save", o: "overlay" };
const element = (id) => document.getElementById(id);

function made(tag, text) {
  const node = document.createElement(tag);
  if (text !== undefined) node.textContent = text;
  return node;
}

function short(value) {
  if (typeof value === "number") return Number.isInteger(value) ? String(value) : value.toPrecision(3);
  if (Array.isArray(value)) return value.map(short).join(", ");
  if (value !== null && typeof value === "object") {
    return Object.entries(value).map(([name, inner]) => `${name} ${short(inner)}`).join(", ");
  }
  return String(value);
}

const isTable = (value) => Array.isArray(value) && value.some((row) => row !== null && typeof row === "object");

function list(pairs) {
  const node = made("dl");
  for (const [name, value] of pairs) node.append(made("dt", name), made("dd", short(value)));
  return node;
}

function table(name, rows) {
  const columns = [...new Set(rows.flatMap((row) => Object.keys(row ?? {})))];
  const node = made("table");
  node.append(made("caption", name));
  const head = node.insertRow();
  for (const column of columns) head.append(made("th", column));
  for (const row of rows.slice(0, MOST_ROWS)) {
    const line = node.insertRow();
    for (const column of columns) line.append(made("td", column in (row ?? {}) ? short(row[column]) : ""));
  }
  return node;
}

function show(status) {
  element("source").textContent = status.source || "mobilenet live";
  element("model").textContent = [status.model, status.device].filter(Boolean).join(", ");
  document.querySelector("[data-wish=pause]").textContent = status.paused ? "Continue" : "Pause";
  const milliseconds = (value) => `${short(value)} ms`;
  element("statistics").replaceChildren(...list([
    ["frames a second", status.fps],
    ["latency, median", milliseconds(status.latency_p50)],
    ["latency, 99 of 100", milliseconds(status.latency_p99)],
    ["frames", status.frames],
    ["dropped", status.dropped],
  ]).childNodes);
  const results = Object.entries(status.results ?? {});
  element("results").replaceChildren(
    ...results.filter(([, value]) => isTable(value)).map(([name, rows]) => table(name, rows)),
    list(results.filter(([, value]) => !isTable(value) && !(Array.isArray(value) && value.length === 0))));
}

let connected = true;

async function ask() {
  try {
    const answer = await fetch("status.json");
    if (!answer.ok) throw new Error(answer.statusText);
    show(await answer.json());
    if (!connected) {
      element("message").textContent = "";
      element("frame").src = `stream?${Date.now()}`;  // the old one has ended
    }
    connected = true;
  } catch {
    connected = false;
    element("message").textContent = "The program does not answer.";
  }
  setTimeout(ask, ASK_EVERY);
}

async function wish(name) {
  try {
    const answer = await fetch(name, { method: "POST" });
    element("message").textContent = answer.ok ? "" : await answer.text();
  } catch {
    element("message").textContent = "The program does not answer.";
  }
}

for (const button of document.querySelectorAll("[data-wish]")) {
  button.addEventListener("click", () => wish(button.dataset.wish));
}
document.addEventListener("keydown", (event) => {
  if (event.repeat || event.ctrlKey || event.altKey || event.metaKey || event.target.closest("button")) return;
  if (!(event.key in KEYS)) return;
  event.preventDefault();
  wish(KEYS[event.key]);
});
element("frame").addEventListener("error", () => {
  element("message").textContent = "The stream cannot be watched: too many may be watching.";
});
ask();
