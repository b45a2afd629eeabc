// What each line of a node means for a session. Pure, as the session is.

import { SERVER } from "./buffer.js";
import { fold, format, parse } from "./irc.js";
import { PEOPLE } from "./people.js";
import { REGISTRATION } from "./registration.js";

/** Numerics that say nothing a person has to read: they are the welcome, or lists that are shown elsewhere. */
const SILENT = new Set(["002", "003", "004", "221", "333", "329", "366", "367", "368", "730", "760", "762"]);

/** A stopping node's words (gateway/edge/client/draining.py) name addresses for other clients: the chat moves by itself. */
const STOPPING = /^This node is stopping\b/;
const MOVES = "The node stops. The chat moves to another node.";

/** How many parameters a line needs to say something; one, where the command is not listed. */
const LEAST = {
  CAP: 3, PRIVMSG: 2, NOTICE: 2, KICK: 2, MODE: 2, TOPIC: 2, REDACT: 2, INVITE: 2,
  "005": 2, 332: 3, 353: 4, 366: 2, 432: 2, 433: 2, 437: 2, 731: 2,
};

export function receive(session, text, now) {
  const message = parse(text);
  if (!message || message.params.length < (LEAST[message.command] ?? 1)) return;
  const outer = session.batches.get(message.tags.batch);
  if (message.command === "BATCH") batched(session, message, outer, now);
  else if (outer) outer.lines.push(message);
  else dispatch(session, message, now);
}

function dispatch(session, message, now) {
  const time = Date.parse(message.tags.time ?? "");
  const at = Number.isNaN(time) ? now : time;
  const handler = HANDLERS[message.command];
  if (handler) handler(session, message, at, now);
  else if (/^\d{3}$/.test(message.command) && !SILENT.has(message.command)) numeric(session, message, now);
}

/** Answers and refusals are shown where the person looks; the welcome and what nobody asked for, with the network. */
function numeric(session, { command, params, tags }, now) {
  const failed = /^[45]/.test(command);
  const text = params.slice(1).join(" ");
  if (failed && tags.label) refuse(session, tags.label, params.at(-1));
  const target = session.registered && session.ready ? session.current : session.buffer(SERVER);
  session.note(text, now, { buffer: target, kind: failed ? "error" : "event" });
}

/** What the label belongs to was refused: a question about history, or a line that was said. */
function refuse(session, label, why) {
  const question = session.questions.get(label);
  session.questions.delete(label);
  if (question) session.unanswered(question);
  for (const buffer of session.buffers.values()) {
    const line = buffer.pending({ label });
    if (line) buffer.change(line, { state: "failed", why });
  }
  session.changed("all");
  return question !== undefined;
}

/** A batch begins or ends. An answer stands in a batch of its own within that of its label. */
function batched(session, { params, tags }, outer, now) {
  const reference = params[0].slice(1);
  const batch = session.batches.get(reference);
  if (params[0].startsWith("+")) {
    session.batches.set(reference, { type: params[1], label: tags.label ?? outer?.label ?? "", lines: [] });
  } else if (batch) {
    session.batches.delete(reference);
    ended(session, batch, now);
  }
}

function ended(session, batch, now) {
  if (batch.type === "draft/chathistory-targets") {
    for (const { params } of batch.lines) if (!session.isChannel(params[1])) session.open(params[1]);
    return;
  }
  if (batch.type !== "chathistory") {
    for (const message of batch.lines) dispatch(session, message, now);
    return;
  }
  const question = session.questions.get(batch.label);
  session.questions.delete(batch.label);
  if (!question?.buffer) return;
  const said = batch.lines.filter(({ command }) => command === "PRIVMSG" || command === "NOTICE");
  const lines = said.map((message) => lineOf(session, message, now)).filter(Boolean);
  for (const line of lines) if (line.self) confirm(question.buffer, { text: line.text }, line);
  const newest = said.at(-1)?.tags.msgid ?? "";
  session.answered(question, lines, newest, batch.lines.length >= question.limit);
}

/** A line for a buffer, made of a PRIVMSG or NOTICE; null for CTCP requests, which nobody reads. */
function lineOf(session, { command, nick, params, tags }, now) {
  let text = params[1] ?? "";
  let kind = command === "NOTICE" ? "notice" : "message";
  if (text.startsWith("\x01")) {
    const action = /^\x01ACTION (.*?)\x01?$/s.exec(text);
    if (!action) return null;
    [, text] = action;
    kind = "action";
  }
  const self = session.isMine(nick) || session.past.has(session.fold(nick));
  const time = Date.parse(tags.time ?? "");
  const known = tags.msgid ?? "";
  const mention = !self && mentions(session, text);
  const at = Number.isNaN(time) ? now : time;
  return { id: known, time: at, kind, from: nick, text, self, mention, inHistory: known !== "" };
}

function mentions(session, text) {
  const nick = session.fold(session.nick).replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
  return new RegExp(`(^|[^\\w-])${nick}($|[^\\w-])`).test(fold(text, session.features.CASEMAPPING));
}

/** The line was said: the copy that waited for that makes room. True if there was one. */
function confirm(buffer, which, line) {
  const pending = buffer.pending(which);
  if (!pending) return false;
  buffer.remove(pending);
  line.self = true;
  return true;
}

function said(session, message, at, now) {
  const { command, nick, params, tags } = message;
  const line = lineOf(session, message, at);
  if (!line) return;
  const statusless = params[0].replace(/^[~&@%+]+(?=[#&])/, "");
  const mine = session.isMine(nick);
  const fromServer = !message.source.includes("!");
  if (fromServer || !session.registered) {
    const text = STOPPING.test(line.text) ? MOVES : line.text;
    session.note(text, now, { buffer: session.registered ? session.current : session.buffer(SERVER) });
    return;
  }
  const channel = session.isChannel(statusless);
  const service = command === "NOTICE" && !channel && !session.buffer(nick);
  if (service && !mine) {
    session.note(`-${nick}- ${line.text}`, now);
    return;
  }
  const buffer = session.open(channel || mine ? statusless : nick);
  if (mine) confirm(buffer, tags.label ? { label: tags.label } : { text: line.text }, line);
  buffer.typing.delete(nick);
  if (!buffer.add(line)) return;
  session.count(buffer, [line]);
  session.changed("lines", buffer);
}

function markedRead(session, { params }) {
  const buffer = session.buffer(params[0]);
  const time = Date.parse((params[1] ?? "").replace("timestamp=", ""));
  if (!buffer || Number.isNaN(time)) return;
  buffer.markRead(time);
  session.changed("buffers");
}

function redacted(session, { nick, params }) {
  for (const buffer of session.buffers.values()) {
    const line = buffer.lines.find(({ id }) => id === params[1]);
    if (line) buffer.change(line, { text: `(erased by ${nick})`, kind: "event", from: "", mention: false });
  }
  session.changed("all");
}

function standardReply(session, { params, tags, command }, now) {
  const asked = command === "FAIL" && tags.label && refuse(session, tags.label, params.at(-1));
  if (!asked) session.note(params.at(-1), now, { kind: command === "FAIL" ? "error" : "event" });
}

const HANDLERS = {
  ...REGISTRATION,
  ...PEOPLE,
  PING: (session, { params }) => session.send(format("PONG", params)),
  PONG: () => {},
  PRIVMSG: said,
  NOTICE: said,
  TAGMSG: (session, { nick, params, tags }, at, now) => {
    const buffer = session.buffer(session.isChannel(params[0]) ? params[0] : nick);
    if (buffer && tags["+typing"] && !session.isMine(nick)) session.heardTyping(buffer, nick, tags["+typing"], now);
  },
  MARKREAD: markedRead,
  REDACT: redacted,
  FAIL: standardReply,
  WARN: standardReply,
  NOTE: standardReply,
  ERROR: (session, { params }, at, now) => {
    session.farewell = params[0] ?? "";
    if (!session.registered) session.note(session.farewell, now, { buffer: session.buffer(SERVER), kind: "error" });
  },
};
