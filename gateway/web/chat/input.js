// The field in which a person writes: keys, completion, and what was written before.

import { complete, typed } from "./commands.js";

const MOST_KEPT = 100;

export class Input {
  /** session: a Session. go: takes a step up or down in the list of buffers. */
  constructor(session, go) {
    this.session = session;
    this.go = go;
    this.field = document.getElementById("text");
    this.form = document.getElementById("compose");
    this.kept = []; // what was sent, the oldest first
    this.at = 0; // where the person is in that
    this.drafts = new Map(); // buffer -> what was begun there
    this.completion = null; // {text, cursor, turn} of the word that Tab completes
    this.controller = new AbortController();
    const { signal } = this.controller;
    this.form.addEventListener("submit", (event) => this.submit(event), { signal });
    this.field.addEventListener("keydown", (event) => this.key(event), { signal });
    this.field.addEventListener("input", () => this.written(), { signal });
    document.addEventListener("keydown", (event) => this.anywhere(event), { signal });
  }

  stop() {
    this.controller.abort();
  }

  /** Another buffer is shown: what was begun there comes back. */
  show(before, now) {
    if (before) this.drafts.set(before, this.field.value);
    this.set(this.drafts.get(now) ?? "");
    this.field.setAttribute("aria-label", `Message ${now.name}`);
    this.field.placeholder = now.name;
  }

  submit(event) {
    event.preventDefault();
    const text = this.field.value;
    if (!text.trim()) return;
    this.kept.push(text);
    this.kept.splice(0, this.kept.length - MOST_KEPT);
    this.at = this.kept.length;
    this.set("");
    typed(this.session, text, Date.now());
    this.field.focus();
  }

  /** Do what a button stands for. */
  command(text) {
    typed(this.session, text, Date.now());
    this.field.focus();
  }

  written() {
    this.completion = null;
    this.grow();
    const text = this.field.value;
    if (text.startsWith("/") && !text.startsWith("//")) return;
    this.session.typing(this.session.current, text === "", Date.now());
  }

  key(event) {
    if (event.isComposing || event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === "Enter" && !event.shiftKey) this.submit(event);
    else if (event.key === "Tab" && !event.shiftKey && this.field.value) this.complete(event);
    else if (event.key === "ArrowUp" && this.onLine("first")) this.recall(event, -1);
    else if (event.key === "ArrowDown" && this.onLine("last")) this.recall(event, 1);
    else this.completion = null;
  }

  /** Alt and an arrow go to another buffer, wherever the person is; a letter goes into the field. */
  anywhere(event) {
    if (event.altKey && !event.ctrlKey && (event.key === "ArrowUp" || event.key === "ArrowDown")) {
      event.preventDefault();
      this.go(event.key === "ArrowUp" ? -1 : 1, event.shiftKey);
    }
  }

  complete(event) {
    event.preventDefault();
    const from = this.completion ?? { text: this.field.value, cursor: this.field.selectionStart, turn: 0 };
    const { text, cursor, found } = complete(this.session, from.text, from.cursor, from.turn);
    if (!found.length) return;
    this.set(text);
    this.field.setSelectionRange(cursor, cursor);
    this.completion = { ...from, turn: from.turn + 1 };
  }

  recall(event, step) {
    const at = this.at + step;
    if (at < 0 || at > this.kept.length) return;
    event.preventDefault();
    if (this.at === this.kept.length) this.begun = this.field.value;
    this.at = at;
    this.set(at === this.kept.length ? (this.begun ?? "") : this.kept[at]);
  }

  /** Whether the cursor stands in the first or last line of what is written. */
  onLine(which) {
    const { value, selectionStart: start, selectionEnd: end } = this.field;
    return start === end && !(which === "first" ? value.slice(0, start) : value.slice(end)).includes("\n");
  }

  set(text) {
    this.field.value = text;
    this.completion = null;
    this.grow();
  }

  /** As high as the text, and the border is part of the height. */
  grow() {
    const { field } = this;
    field.style.height = "auto";
    field.style.height = `${field.scrollHeight + field.offsetHeight - field.clientHeight}px`;
  }
}
