// What one person sees of the network: lines in, state and lines out. Pure: no socket, no page, no clock.
// `receive` and `interrupted` are told what happens; `send` and `changed` are given by whoever runs the session.

import { Buffer, SERVER } from "./buffer.js";
import { receive } from "./handlers.js";
import { features, fold, format, ranks } from "./irc.js";
import { awaitNick } from "./registration.js";

const PAGE = 100;
const FEW_LINES = 50;
const MOST_MISSED = 1000;
const TYPING_MS = 6000;
const TYPING_EVERY_MS = 3000;
const RECENT_MS = 3 * 86_400_000;

export class Session {
  /** identity: {nick, account, password, channels}. send: takes a line. changed: takes what is to be shown anew. */
  constructor(identity, send, changed = () => {}) {
    this.identity = identity;
    this.send = send;
    this.changed = changed;
    this.buffers = new Map([[SERVER, new Buffer("Network")]]);
    this.active = SERVER;
    this.wanted = new Set(identity.channels); // channels to be in, whichever node this is
    this.past = new Set(); // folded nicks of this person's own, on nodes before
    this.labels = 0;
    this.asked = ""; // the nick that this person has asked for
    this.goTo = ""; // folded channel to be shown once this person is in it
    this.leaving = false; // this person has said goodbye
    this.farewell = ""; // what the node said when it ended the connection
    this.since = 0; // when the connection before was lost (Unix ms)
    this.begin();
  }

  /** State of one connection. */
  begin() {
    this.nick = this.identity.nick;
    this.features = features();
    this.caps = new Set();
    this.offered = new Map();
    this.registered = false;
    this.ready = false;
    this.refused = ""; // why the network does not let this person in: no other node will either
    this.shadow = ""; // the own nick while a shadow of this person on the node that died still holds it
    this.retakeUntil = 0; // until when it is asked for again and again (Unix ms)
    this.retaking = false; // it has just been asked for: a refusal is no news
    this.batches = new Map();
    this.questions = new Map(); // label -> what was asked
    this.typedAt = new Map();
  }

  fold(name) {
    return fold(name, this.features.CASEMAPPING);
  }

  isChannel(name) {
    return name !== "" && this.features.CHANTYPES.includes(name[0]);
  }

  isMine(nick) {
    return this.fold(nick) === this.fold(this.nick);
  }

  get signs() {
    return Object.values(ranks(this.features.PREFIX)).join("");
  }

  get current() {
    return this.buffers.get(this.active);
  }

  buffer(name) {
    return this.buffers.get(name === SERVER ? SERVER : this.fold(name));
  }

  /** The buffer of a channel or person, made if there is none. */
  open(name) {
    const key = this.fold(name);
    let found = this.buffers.get(key);
    if (!found) {
      found = new Buffer(name, { isChannel: this.isChannel(name) });
      this.buffers.set(key, found);
      if (!found.isChannel && this.ready) this.begun(found);
      this.changed("buffers");
    }
    return found;
  }

  /** A conversation is shown: what was said in it lately, and how far this person has read. */
  begun(buffer) {
    this.askLatest(buffer);
    if (this.caps.has("draft/read-marker")) this.send(format("MARKREAD", [buffer.name]));
  }

  /** A connection to a node is open. */
  connected() {
    this.begin();
    this.send("CAP LS 302");
    this.send(format("NICK", [this.nick]));
    this.send(format("USER", ["web", "0", "*", this.identity.nick]));
  }

  /** The connection is gone: whatever is said from now on is missed until there is another. */
  interrupted(now) {
    if (this.registered) this.past.add(this.fold(this.nick));
    if (this.ready) this.since = now;
    for (const [key, buffer] of this.buffers) if (key !== SERVER) buffer.interrupt();
    this.registered = this.ready = false;
    this.changed("all");
  }

  /** One line from the node. now: Unix ms. */
  receive(text, now) {
    receive(this, text, now);
  }

  /** The welcome is over: be where this person was, or wants to be. */
  enter(now) {
    if (this.ready) return;
    this.ready = true;
    const missing = [...this.wanted].filter((name) => !this.buffer(name)?.joined);
    if (missing.length) this.send(format("JOIN", [missing.join(",")]));
    for (const [key, buffer] of this.buffers) if (!buffer.isChannel && key !== SERVER) this.catchUp(buffer);
    if (this.identity.password && this.caps.has("draft/chathistory")) this.askTargets(this.since || now - RECENT_MS, now);
    awaitNick(this, now);
    this.changed("all");
  }

  /** Change the nick: what the person wishes is remembered once the network has granted it. */
  askNick(nick) {
    this.asked = nick;
    this.send(format("NICK", [nick]));
  }

  /** Show a note of the client or the network where the person looks. */
  note(text, now, { buffer = this.current, kind = "event" } = {}) {
    buffer.add({ id: "", time: now, kind, from: "", text });
    this.changed("lines", buffer);
  }

  // History -------------------------------------------------------------------------------------------------------

  get page() {
    const most = Number(this.features.CHATHISTORY);
    return most > 0 ? Math.min(PAGE, most) : PAGE;
  }

  ask(kind, buffer, words, limit = this.page) {
    const label = this.label();
    this.questions.set(label, { kind, buffer, limit });
    this.send(format("CHATHISTORY", [...words, String(limit)], { label }));
  }

  /** Who has written to this person between two moments (Unix ms). */
  askTargets(from, to) {
    const times = [from, to].map((time) => `timestamp=${new Date(time).toISOString()}`);
    this.ask("targets", null, ["TARGETS", ...times], 20);
  }

  label() {
    this.labels += 1;
    return `q${this.labels}`;
  }

  /** Fetch what was said while there was no connection; where nothing is known yet, the latest lines. */
  catchUp(buffer) {
    if (!this.caps.has("draft/chathistory")) {
      buffer.closeGap();
      return;
    }
    const last = buffer.lastId();
    if (!last) this.askLatest(buffer);
    else this.ask("after", buffer, ["AFTER", buffer.name, `msgid=${last}`]);
  }

  askLatest(buffer) {
    if (!this.caps.has("draft/chathistory")) return;
    buffer.openGap();
    this.ask("latest", buffer, ["LATEST", buffer.name, "*"], Math.min(FEW_LINES, this.page));
  }

  /** Older lines than those that are here: the person scrolls up. */
  askOlder(buffer) {
    const first = buffer.firstId();
    if (!buffer.moreAbove || buffer.asking || !first || !this.ready) return;
    buffer.asking = true;
    this.ask("before", buffer, ["BEFORE", buffer.name, `msgid=${first}`]);
  }

  /** lines: the answer, the oldest first. newest: id of its last message. full: there may be more. */
  answered(question, lines, newest, full) {
    const { buffer, kind } = question;
    if (kind === "before") {
      buffer.asking = false;
      buffer.moreAbove = full;
      buffer.addPast(lines);
      this.changed("older", buffer);
      return;
    }
    const fresh = buffer.addPast(lines, { inGap: true });
    if (kind === "latest") buffer.moreAbove = full;
    if (kind === "after" || buffer.fetched || buffer.readAt) this.count(buffer, fresh);
    buffer.fetched += lines.length;
    if (kind === "after" && full && buffer.fetched >= MOST_MISSED) {
      buffer.clear();
      this.ask("latest", buffer, ["LATEST", buffer.name, "*"]);
    } else if (kind === "after" && full) {
      this.ask("after", buffer, ["AFTER", buffer.name, `msgid=${newest}`]);
    } else {
      buffer.closeGap();
    }
    this.changed("filled", buffer);
  }

  /** The question was refused: the place is not known any more. */
  unanswered(question) {
    const { buffer, kind } = question;
    if (kind === "after") this.askLatest(buffer);
    else if (kind === "before") buffer.moreAbove = buffer.asking = false;
    else buffer?.closeGap();
  }

  /** Count the lines that this person has not read. */
  count(buffer, lines) {
    const unread = lines.filter((line) => line.inHistory && !line.self && line.time > buffer.readAt);
    buffer.unread += unread.length;
    buffer.mentions += unread.filter((line) => line.mention || !buffer.isChannel).length;
    this.changed("buffers");
  }

  // What the person does ------------------------------------------------------------------------------------------

  /** Say a text in a buffer: shown at once, and confirmed by its echo. kind: message or action. */
  say(buffer, text, kind, now) {
    const label = this.label();
    const content = kind === "action" ? `\x01ACTION ${text}\x01` : text;
    this.send(format("PRIVMSG", [buffer.name, content], this.caps.has("labeled-response") ? { label } : {}));
    if (this.caps.has("echo-message")) {
      buffer.add({ id: "", time: now, kind, from: this.nick, text, self: true, label, state: "sending" });
    } else {
      buffer.add({ id: "", time: now, kind, from: this.nick, text, self: true });
    }
    this.typedAt.delete(buffer);
    this.changed("lines", buffer);
  }

  /** Say again what was perhaps not said. */
  repeat(buffer, line, now) {
    buffer.remove(line);
    this.say(buffer, line.text, line.kind, now);
    this.changed("all");
  }

  /** The person is writing, or has emptied the field. */
  typing(buffer, empty, now) {
    if (buffer === this.buffers.get(SERVER) || !this.ready || !this.caps.has("message-tags")) return;
    const last = this.typedAt.get(buffer) ?? 0;
    if (empty ? !last : now - last < TYPING_EVERY_MS) return;
    if (empty) this.typedAt.delete(buffer);
    else this.typedAt.set(buffer, now);
    this.send(format("TAGMSG", [buffer.name], { "+typing": empty ? "done" : "active" }));
  }

  heardTyping(buffer, nick, state, now) {
    if (state === "active") buffer.typing.set(nick, now + TYPING_MS);
    else if (state === "paused") buffer.typing.set(nick, now + 5 * TYPING_MS);
    else buffer.typing.delete(nick);
    this.changed("typing", buffer);
  }

  /** The person looks at the end of a buffer: everything there is read, here and on the account's other devices. */
  read(buffer) {
    const last = buffer.lastTime();
    buffer.unread = buffer.mentions = 0;
    this.changed("buffers");
    if (last <= buffer.readAt) return;
    buffer.readAt = last;
    if (this.ready && this.caps.has("draft/read-marker")) {
      this.send(format("MARKREAD", [buffer.name, `timestamp=${new Date(last).toISOString()}`]));
    }
  }

  switchTo(name) {
    const key = name === SERVER ? SERVER : this.fold(name);
    if (!this.buffers.has(key)) return;
    this.active = key;
    this.changed("all");
  }

  /** Say goodbye: the connection is not made again. */
  quit(text) {
    this.leaving = true;
    this.send(format("QUIT", text ? [text] : []));
  }

  /** Leave a buffer for good. */
  close(buffer) {
    if (buffer.isChannel) {
      this.wanted.delete(this.fold(buffer.name));
      if (buffer.joined) this.send(format("PART", [buffer.name]));
    }
    this.buffers.delete(this.fold(buffer.name));
    if (this.current === undefined) this.active = [...this.buffers.keys()].at(-1);
    this.changed("all");
  }
}
