// The page around the lines: buffers, people, topic, who types, and how the connection is.

import { SERVER } from "./buffer.js";
import { bare, nickColour } from "./formatting.js";
import { element, Log, rich } from "./log.js";

const byId = (id) => document.getElementById(id);

export class View {
  constructor(session, connection, input) {
    this.session = session;
    this.connection = connection;
    this.input = input;
    this.shown = null;
    this.due = false;
    this.log = new Log({
      older: () => session.askOlder(session.current),
      read: () => this.read(),
      repeat: (line) => session.repeat(session.current, line, Date.now()),
      answer: (nick) => this.mention(nick),
    });
    this.controller = new AbortController();
    this.listen(this.controller.signal);
    this.ticking = setInterval(() => this.showTyping(), 1000);
  }

  stop() {
    this.controller.abort();
    clearInterval(this.ticking);
  }

  listen(signal) {
    byId("show-buffers").addEventListener("click", () => this.drawer("buffers"), { signal });
    byId("show-people").addEventListener("click", () => this.drawer("people"), { signal });
    byId("close").addEventListener("click", () => this.session.close(this.session.current), { signal });
    byId("go").addEventListener("submit", (event) => this.open(event), { signal });
    byId("talk").addEventListener("click", (event) => !event.target.closest(".small") && this.drawer(""), { signal });
    document.addEventListener("keydown", (event) => event.key === "Escape" && this.drawer(""), { signal });
    for (const name of ["focus", "visibilitychange"]) addEventListener(name, () => this.log.mark(), { signal });
  }

  /** Something is to be shown anew: once, for all that happens in this moment. */
  changed() {
    if (this.due) return;
    this.due = true;
    setTimeout(() => {
      this.due = false;
      this.render();
    }, 0);
  }

  render() {
    const { session } = this;
    const buffer = session.current;
    if (buffer !== this.shown) {
      this.input.show(this.shown, buffer);
      this.shown = buffer;
      this.drawer("");
    }
    byId("network").textContent = session.features.NETWORK;
    const { node } = this.connection;
    byId("me").textContent = session.ready ? `You are ${session.nick} on ${node.name}` : "";
    byId("name").textContent = nameOf(session, buffer);
    byId("topic").replaceChildren(...rich(buffer.topic));
    byId("topic").title = bare(buffer.topic);
    const isServer = session.active === SERVER;
    byId("close").hidden = isServer;
    byId("talk").classList.toggle("away", !session.ready);
    this.showBuffers();
    this.showPeople(buffer);
    this.showTyping();
    this.log.show(buffer);
    const unread = [...session.buffers.values()].reduce((sum, one) => sum + one.mentions, 0);
    document.title = `${unread ? `(${unread}) ` : ""}${nameOf(session, buffer)} - ${session.features.NETWORK}`;
  }

  showBuffers() {
    const focused = document.activeElement?.dataset?.buffer;
    const rows = [...this.order()].map(([key, buffer]) => {
      const button = element("button", "", element("span", "label", nameOf(this.session, buffer)));
      button.dataset.buffer = key;
      if (key === this.session.active) button.setAttribute("aria-current", "true");
      if (buffer.isChannel && !buffer.joined) button.classList.add("outside");
      if (buffer.unread) button.append(badge(buffer));
      button.addEventListener("click", () => this.session.switchTo(key));
      return element("li", "", button);
    });
    byId("buffers").replaceChildren(...rows);
    if (focused !== undefined) rows.find((row) => row.firstChild.dataset.buffer === focused)?.firstChild.focus();
  }

  /** The network first, then channels, then people. */
  order() {
    const rank = ([key, buffer]) => (key === SERVER ? 0 : buffer.isChannel ? 1 : 2);
    return [...this.session.buffers].sort((a, b) => rank(a) - rank(b) || a[0].localeCompare(b[0]));
  }

  /** One step in the list; unread: to the next one with unread lines. */
  go(step, unread) {
    const keys = this.order().map(([key]) => key);
    const start = keys.indexOf(this.session.active);
    for (let turn = 1; turn <= keys.length; turn += 1) {
      const key = keys[(start + step * turn + keys.length * turn) % keys.length];
      if (unread && !this.session.buffers.get(key).unread) continue;
      this.session.switchTo(key);
      return;
    }
  }

  showPeople(buffer) {
    const people = buffer.isChannel ? buffer.sorted(this.session.signs) : [];
    byId("people").hidden = byId("show-people").hidden = !buffer.isChannel;
    byId("count").textContent = people.length === 1 ? "1 person" : `${people.length} people`;
    const key = people.map(({ nick, signs }) => signs + nick).join(" ");
    if (key === this.peopleShown) return;
    this.peopleShown = key;
    byId("members").replaceChildren(...people.map((member) => this.person(member)));
  }

  person({ nick, signs }) {
    const button = element("button", `n${nickColour(nick)}`, element("span", "sign", signs[0] ?? ""), nick);
    button.title = `Talk with ${nick}`;
    button.addEventListener("click", () => {
      this.session.open(nick);
      this.session.switchTo(nick);
    });
    return element("li", "", button);
  }

  showTyping() {
    const who = this.session.current?.typists(Date.now()) ?? [];
    const verb = who.length === 1 ? "is" : "are";
    const names = who.length > 3 ? `${who.length} people` : who.join(", ");
    byId("typing").textContent = who.length ? `${names} ${verb} typing …` : "";
  }

  /** How the connection is: a word is needed only while there is none. */
  status(state, text) {
    byId("status").textContent = state === "open" ? "" : text;
    this.changed();
  }

  read() {
    const { session } = this;
    if (this.shown !== session.current || session.current.gap !== null) return;
    if (document.visibilityState === "visible" && document.hasFocus() && (session.current.unread || this.isBehind())) {
      session.read(session.current);
    }
  }

  isBehind() {
    return this.session.current.lastTime() > this.session.current.readAt;
  }

  mention(nick) {
    const { field } = this.input;
    field.setRangeText(field.value ? `${nick} ` : `${nick}: `, field.selectionStart, field.selectionEnd, "end");
    field.focus();
  }

  open(event) {
    event.preventDefault();
    const name = byId("where").value.trim();
    byId("where").value = "";
    if (!name) return;
    this.input.command(this.session.isChannel(name) ? `/join ${name}` : `/query ${name}`);
  }

  /** On a narrow page the lists lie over the conversation, one at a time. which: buffers, people or "". */
  drawer(which) {
    const open = which && !document.body.classList.contains(`show-${which}`) ? which : "";
    for (const name of ["buffers", "people"]) {
      document.body.classList.toggle(`show-${name}`, name === open);
      byId(`show-${name}`).setAttribute("aria-expanded", String(name === open));
    }
  }
}

function nameOf(session, buffer) {
  return buffer === session.buffers.get(SERVER) ? session.features.NETWORK : buffer.name;
}

function badge({ unread, mentions }) {
  const made = element("span", mentions ? "badge mentions" : "badge", String(unread));
  made.append(element("span", "unseen", mentions ? " unread, some for you" : " unread"));
  return made;
}
