// Lines about people and channels: who comes, goes, changes the nick or is given a rank. Pure.

import { ranks } from "./irc.js";
import { SERVER } from "./buffer.js";
import { renamedTo } from "./registration.js";

/** Without the msgid: one event of the network may be several lines, and history has no events for the chat. */
function event(session, buffer, text, at) {
  buffer.add({ id: "", time: at, kind: "event", from: "", text });
  session.changed("lines", buffer);
}

function everywhere(session, nick, act) {
  const key = session.fold(nick);
  for (const buffer of session.buffers.values()) if (buffer.members.has(key)) act(buffer, key);
}

function joined(session, { nick, params }, at) {
  const buffer = session.open(params[0]);
  if (session.isMine(nick)) {
    buffer.joined = true;
    buffer.members.clear();
    session.wanted.add(session.fold(params[0]));
    session.catchUp(buffer);
    if (session.active === SERVER || session.goTo === session.fold(params[0])) session.switchTo(params[0]);
    session.goTo = "";
    session.changed("all");
  } else {
    event(session, buffer, `${nick} has joined`, at);
  }
  buffer.members.set(session.fold(nick), { nick, signs: "" });
  session.changed("members", buffer);
}

function leaves(session, buffer, nick, text, at) {
  buffer.members.delete(session.fold(nick));
  buffer.typing.delete(nick);
  event(session, buffer, text, at);
  session.changed("members", buffer);
}

/** This person is in the channel no more; its lines stay until the person closes it. */
function left(session, buffer) {
  buffer.joined = false;
  buffer.members.clear();
  session.wanted.delete(session.fold(buffer.name));
  session.changed("all");
}

function because(reason) {
  return reason ? ` (${reason})` : "";
}

function renamed(session, { nick, params }, at) {
  const [now] = params;
  if (session.isMine(nick)) {
    session.nick = now;
    session.past.add(session.fold(nick));
    renamedTo(session, now);
  }
  everywhere(session, nick, (buffer, key) => {
    const member = buffer.members.get(key);
    buffer.members.delete(key);
    buffer.members.set(session.fold(now), { ...member, nick: now });
    event(session, buffer, `${nick} is now ${now}`, at);
  });
  session.changed("all");
}

/** Modes that give a rank change the nick list; all of them are told. */
function moded(session, { nick, params }, at) {
  const buffer = session.buffer(params[0]);
  if (!buffer?.isChannel) return;
  const given = ranks(session.features.PREFIX);
  const [lists = "", always = "", whenSet = ""] = (session.features.CHANMODES ?? "").split(",");
  const words = params.slice(2);
  let adds = true;
  for (const letter of params[1]) {
    if (letter === "+" || letter === "-") adds = letter === "+";
    else if (given[letter]) setRank(session, buffer, words.shift() ?? "", given[letter], adds);
    else if ((lists + always).includes(letter) || (whenSet.includes(letter) && adds)) words.shift();
  }
  event(session, buffer, `${nick} sets mode ${params.slice(1).join(" ")}`, at);
  session.changed("members", buffer);
}

function setRank(session, buffer, nick, sign, adds) {
  const member = buffer.members.get(session.fold(nick));
  if (!member) return;
  const signs = [...session.signs].filter((one) => (one === sign ? adds : member.signs.includes(one)));
  member.signs = signs.join("");
}

function named(session, { params }) {
  const buffer = session.buffer(params[2]);
  if (!buffer) return;
  buffer.names ??= new Map();
  for (const word of params[3].split(" ").filter(Boolean)) {
    const nick = word.replace(/^[~&@%+]+/, "");
    buffer.names.set(session.fold(nick), { nick, signs: word.slice(0, word.length - nick.length) });
  }
}

function namesEnd(session, { params }) {
  const buffer = session.buffer(params[1]);
  if (!buffer?.names) return;
  buffer.members = buffer.names;
  buffer.names = null;
  session.changed("members", buffer);
}

export const PEOPLE = {
  JOIN: joined,
  PART: (session, { nick, params }, at) => {
    const buffer = session.buffer(params[0]);
    if (!buffer) return;
    leaves(session, buffer, nick, `${nick} has left${because(params[1])}`, at);
    if (session.isMine(nick)) left(session, buffer);
  },
  KICK: (session, { nick, params }, at) => {
    const buffer = session.buffer(params[0]);
    if (!buffer) return;
    leaves(session, buffer, params[1], `${params[1]} was kicked by ${nick}${because(params[2])}`, at);
    if (session.isMine(params[1])) left(session, buffer);
  },
  QUIT: (session, { nick, params }, at) =>
    everywhere(session, nick, (buffer) => leaves(session, buffer, nick, `${nick} has quit${because(params[0])}`, at)),
  NICK: renamed,
  MODE: moded,
  TOPIC: (session, { nick, params }, at) => {
    const buffer = session.buffer(params[0]);
    if (!buffer) return;
    [, buffer.topic] = params;
    event(session, buffer, `${nick} sets the topic: ${params[1]}`, at);
    session.changed("topic", buffer);
  },
  331: () => {},
  332: (session, { params }) => {
    const buffer = session.buffer(params[1]);
    if (!buffer) return;
    [, , buffer.topic] = params;
    session.changed("topic", buffer);
  },
  353: named,
  366: namesEnd,
  INVITE: (session, { nick, params }, at, now) =>
    session.note(`${nick} invites you to ${params[1]}: /join ${params[1]}`, now),
};
