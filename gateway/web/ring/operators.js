// The operators' part of the page: lists of the API (/api/v1), a page at a time, for who has a token.
// The token stays in this tab (sessionStorage), and goes nowhere but into the header of requests to this node.

const API = "/api/v1";
const ROWS = 50;
const KEY = "circlet-token";

const time = (text) => (text ? new Date(text).toLocaleString() : "");
const yes = (value) => (value === null ? "as the network" : value ? "yes" : "no");

/** What the token has to be good for, one of these, and the columns: head and value of a row. */
const LISTS = {
  accounts: {
    can: ["accounts", "accounts.read"],
    columns: [
      ["account", (row) => row.name],
      ["created", (row) => time(row.created)],
      ["last login", (row) => time(row.last_login)],
      ["other nicks", (row) => row.nicks.join(", ")],
      ["certificates", (row) => row.certificates],
      ["always on", (row) => yes(row.always_on)],
    ],
  },
  channels: {
    can: ["channels"],
    columns: [
      ["channel", (row) => row.name],
      ["members", (row) => row.members],
      ["modes", (row) => row.modes],
      ["topic", (row) => row.topic],
      ["topic by", (row) => row.topic_by],
      ["created", (row) => time(row.created)],
    ],
  },
  sessions: {
    can: ["sessions", "sessions.read"],
    columns: [
      ["nick", (row) => row.nick],
      ["account", (row) => row.account],
      ["user and host", (row) => `${row.user}@${row.host}`],
      ["node", (row) => row.node],
      ["clients", (row) => row.clients.map((one) => one.device || one.address).join(", ")],
      ["channels", (row) => row.channels],
      ["since", (row) => time(row.since)],
      ["away", (row) => row.away],
      ["operator", (row) => row.operator],
    ],
  },
  actions: {
    can: ["actions"],
    columns: [
      ["time", (row) => time(row.at)],
      ["operator", (row) => row.operator],
      ["did", (row) => row.what],
      ["on", (row) => row.on],
      ["result", (row) => row.result],
      ["node", (row) => row.node],
    ],
  },
};

const part = document.getElementById("operators");
const form = part.querySelector("form");
const says = document.getElementById("token-says");
const lists = document.getElementById("lists");
const shown = document.getElementById("list");
const forget = document.getElementById("forget");

function element(kind, properties = {}, ...children) {
  const made = Object.assign(document.createElement(kind), properties);
  made.append(...children);
  return made;
}

/** The answer to a question. Throws an error with the node's words. */
async function ask(path) {
  const token = sessionStorage.getItem(KEY);
  const answer = await fetch(API + path, { headers: { Authorization: `Bearer ${token}` } });
  const found = await answer.json();
  if (!answer.ok) throw new Error(found.error);
  return found;
}

/** A table as the page has others: a phone shows each row as a card. */
function table(label, columns, rows) {
  const head = element("tr", { role: "row" });
  for (const [name] of columns) head.append(element("th", { role: "columnheader", scope: "col" }, name));
  const body = element("tbody", { role: "rowgroup" });
  for (const row of rows) {
    const line = element("tr", { role: "row" });
    columns.forEach(([name, value], index) => {
      const text = String(value(row) ?? "") || "–";
      const cell = index === 0
        ? element("th", { role: "rowheader", scope: "row" }, text)
        : element("td", { role: "cell" }, text);
      if (index > 0) cell.dataset.head = name;
      line.append(cell);
    });
    body.append(line);
  }
  return element("table", { role: "table", ariaLabel: label }, element("thead", { role: "rowgroup" }, head), body);
}

/** Show a page of a list. next: where it begins; "" for the first page. */
async function show(name, next = "") {
  for (const button of lists.children) button.ariaPressed = String(button.textContent === name);
  const { columns } = LISTS[name];
  let found;
  try {
    found = await ask(`/${name}?${new URLSearchParams(next ? { limit: ROWS, next } : { limit: ROWS })}`);
  } catch (problem) {
    shown.replaceChildren(element("p", { className: "bad" }, problem.message));
    return;
  }
  const more = element("p", { className: "row" });
  if (next) more.append(element("button", { type: "button", onclick: () => show(name) }, "First page"));
  if (found.next) more.append(element("button", { type: "button", onclick: () => show(name, found.next) }, "Next page"));
  shown.replaceChildren(found.items.length ? table(name, columns, found.items) : element("p", {}, `There are no ${name}.`), more);
  if (found.silent.length) {
    shown.prepend(element("p", { className: "bad" }, `These nodes did not answer in time: ${found.silent.join(", ")}.`));
  }
}

/** See what the token is good for. */
async function enter() {
  lists.replaceChildren();
  shown.replaceChildren();
  forget.hidden = true;
  says.className = "";
  try {
    const { name, capabilities } = await ask("/token");
    const names = Object.keys(LISTS).filter((list) => LISTS[list].can.some((can) => capabilities.includes(can)));
    says.textContent = names.length
      ? `This is the token ${name}.`
      : `This is the token ${name}, which may not read any of the lists (capabilities: ${capabilities.join(", ")}).`;
    for (const list of names) lists.append(element("button", { type: "button", onclick: () => show(list) }, list));
    forget.hidden = false;
    if (names.length) await show(names[0]);
  } catch (problem) {
    sessionStorage.removeItem(KEY);
    says.className = "bad";
    says.textContent = problem.message;
  }
}

form.addEventListener("submit", (event) => {
  event.preventDefault();
  const { token } = form.elements;
  if (/^[\x21-\x7e]+$/.test(token.value)) {
    sessionStorage.setItem(KEY, token.value);
    enter();
  } else {
    says.className = "bad";
    says.textContent = "A token has letters, digits and signs without spaces: copy it from circlet token new.";
  }
  token.value = "";
});

forget.addEventListener("click", () => {
  sessionStorage.removeItem(KEY);
  lists.replaceChildren();
  shown.replaceChildren();
  forget.hidden = true;
  says.textContent = "The token is forgotten.";
});

part.hidden = false;
if (sessionStorage.getItem(KEY)) enter();
