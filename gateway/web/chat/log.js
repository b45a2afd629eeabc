// The lines of one buffer on the page. Texts of the network become text nodes, never markup.

import { nickColour, spans } from "./formatting.js";

const NEAR_END = 40; // pixels
const NEAR_TOP = 200;

export function element(name, className = "", ...children) {
  const made = document.createElement(name);
  if (className) made.className = className;
  made.append(...children);
  return made;
}

/** A text with its colours, styles and links. */
export function rich(text) {
  return spans(text).map(({ text: words, classes, link }) => {
    if (!link && !classes.length) return document.createTextNode(words);
    if (!link) return element("span", classes.join(" "), words);
    const anchor = element("a", classes.join(" "), words);
    anchor.href = link;
    anchor.target = "_blank";
    anchor.rel = "noopener noreferrer nofollow";
    return anchor;
  });
}

export class Log {
  /** older: asks for what was said before. read: the end of the lines is in sight. repeat: takes a line to say again. */
  constructor({ older, read, repeat, answer }) {
    this.scroll = document.getElementById("scroll");
    this.list = document.getElementById("log");
    this.down = document.getElementById("down");
    this.acts = { older, read, repeat, answer };
    this.buffer = null;
    this.rows = new Map(); // line, "day ..." or "new" -> its row
    this.divider = 0; // lines later than this (ms) are new; 0: none are
    this.stuck = true; // the person was at the end when the page was last shown or scrolled
    new ResizeObserver(() => this.resized()).observe(this.scroll);
    this.scroll.addEventListener("scroll", () => this.scrolled(), { passive: true });
    this.down.addEventListener("click", () => this.toEnd());
  }

  get atEnd() {
    return this.scroll.scrollHeight - this.scroll.scrollTop - this.scroll.clientHeight < NEAR_END;
  }

  toEnd() {
    this.scroll.scrollTop = this.scroll.scrollHeight;
  }

  /** Show a buffer, or what has become of it since. */
  show(buffer) {
    const another = buffer !== this.buffer;
    if (another) {
      this.buffer = buffer;
      this.rows.clear();
      this.list.replaceChildren();
      this.divider = buffer.unread ? buffer.readAt : 0;
    }
    const stay = another || this.stuck;
    const anchor = stay ? null : this.firstVisible();
    const before = anchor?.getBoundingClientRect().top ?? 0;
    this.list.setAttribute("aria-live", another || buffer.gap !== null ? "off" : "polite");
    this.reconcile();
    this.stuck = stay;
    if (stay) this.toEnd();
    else if (anchor?.isConnected) this.scroll.scrollTop += anchor.getBoundingClientRect().top - before;
    this.mark();
  }

  /** The rows that should be there, in order; those that are there already stay. */
  reconcile() {
    const wanted = new Map();
    let day = "";
    let divided = !this.divider;
    for (const line of this.buffer.lines) {
      const date = new Date(line.time).toDateString();
      if (date !== day) wanted.set(`day ${date}`, () => element("li", "day", dayOf(line.time)));
      day = date;
      if (!divided && line.inHistory && !line.self && line.time > this.divider) {
        wanted.set("new", () => element("li", "new", "new"));
        divided = true;
      }
      wanted.set(line, () => this.row(line));
    }
    for (const [key, row] of this.rows) {
      if (wanted.has(key)) continue;
      row.remove();
      this.rows.delete(key);
    }
    let place = this.list.firstChild;
    for (const [key, make] of wanted) {
      let row = this.rows.get(key);
      if (!row) {
        row = make();
        this.rows.set(key, row);
      }
      if (row === place) place = place.nextSibling;
      else this.list.insertBefore(row, place);
    }
  }

  row(line) {
    const time = element("time", "", clock(line.time));
    time.dateTime = new Date(line.time).toISOString();
    time.title = new Date(line.time).toLocaleString();
    const words = element("span", "words", ...rich(line.text));
    const row = element("li", `line ${line.kind}`, time);
    if (line.self) row.classList.add("self");
    if (line.mention) row.classList.add("mention");
    if (line.state) row.classList.add(line.state);
    if (line.from) row.append(" ", this.nick(line), " ");
    row.append(words);
    if (line.state === "unsure" || line.state === "failed") row.append(" ", this.again(line));
    return row;
  }

  nick({ from, kind }) {
    const made = element("button", `nick n${nickColour(from)}`, kind === "action" ? `* ${from}` : from);
    made.type = "button";
    made.tabIndex = -1;
    made.addEventListener("click", () => this.acts.answer(from));
    return made;
  }

  again(line) {
    const why = line.state === "failed" ? `Not said: ${line.why}.` : "Perhaps not said: the node went away.";
    const button = element("button", "again", "Say it again");
    button.addEventListener("click", () => this.acts.repeat(line));
    return element("span", "trouble", `${why} `, button);
  }

  firstVisible() {
    const top = this.scroll.getBoundingClientRect().top;
    return [...this.list.querySelectorAll(".line")].find((row) => row.getBoundingClientRect().bottom > top);
  }

  /** The keyboard of a phone comes or goes: the last line stays in sight. */
  resized() {
    if (this.stuck) this.toEnd();
    this.mark();
  }

  scrolled() {
    this.stuck = this.atEnd;
    if (this.scroll.scrollTop < NEAR_TOP) this.acts.older();
    this.mark();
  }

  mark() {
    const end = this.atEnd;
    this.down.hidden = end;
    if (end) this.acts.read();
  }
}

export function clock(time) {
  return new Date(time).toLocaleTimeString([], { hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
}

function dayOf(time) {
  return new Date(time).toLocaleDateString([], { weekday: "long", year: "numeric", month: "long", day: "numeric" });
}
