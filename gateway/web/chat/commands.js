// What a person types: words for the buffer, or a command that begins with "/". Pure, as the session is.

import { SERVER } from "./buffer.js";
import { format, split } from "./irc.js";

const MOST_BYTES = 400; // of a text: what a line of 512 bytes has room for beside its source and target

/** By name: [what follows it, what it does, the function]. The function gets (session, words, rest, now). */
export const COMMANDS = {
  join: ["#channel", "go into a channel", (session, [names, key]) => join(session, names, key)],
  part: ["[#channel]", "leave a channel", (session, [name]) => closeNamed(session, name)],
  close: ["", "close a conversation", (session) => closeNamed(session)],
  msg: ["nick text", "say something to one person", (session, [nick, ...words], now) =>
    tell(session, nick, words.join(" "), now)],
  query: ["nick", "open a conversation with one person", (session, [nick]) => tell(session, nick)],
  me: ["text", "say what you are doing", (session, words, now) => say(session, words.join(" "), "action", now)],
  nick: ["name", "change your nick", (session, [nick]) => session.askNick(needs(nick, "a nick"))],
  topic: ["[text]", "show or set the topic", (session, words) => line(session, "TOPIC", here(session), ...trailing(words))],
  names: ["", "who is here", (session) => line(session, "NAMES", here(session))],
  whois: ["nick", "who somebody is", (session, [nick]) => line(session, "WHOIS", needs(nick, "a nick"))],
  away: ["[text]", "be away; without a text, be back", (session, words) => line(session, "AWAY", ...trailing(words))],
  notice: ["target text", "send a notice", (session, [target, ...words]) =>
    line(session, "NOTICE", needs(target, "a nick or channel"), words.join(" "))],
  kick: ["nick [why]", "put somebody out of the channel", (session, [nick, ...words]) =>
    line(session, "KICK", here(session), needs(nick, "a nick"), ...trailing(words))],
  mode: ["[modes]", "show or change modes of the channel", (session, words) =>
    line(session, "MODE", here(session), ...words)],
  invite: ["nick", "invite somebody into the channel", (session, [nick]) =>
    line(session, "INVITE", needs(nick, "a nick"), here(session))],
  list: ["[mask]", "which channels there are", (session, words) => line(session, "LIST", ...words)],
  raw: ["line", "send a line of IRC as it is", (session, words) => session.send(needs(words.join(" "), "a line"))],
  quit: ["[text]", "say goodbye", (session, words) => session.quit(words.join(" "))],
  help: ["", "this list", (session, words, now) => help(session, now)],
};

class Refused extends Error {}

/** Do what the person has typed in the active buffer. */
export function typed(session, text, now) {
  try {
    const command = /^\/([A-Za-z]+)(?: +(.*))?$/s.exec(text);
    if (!command || text.startsWith("//")) say(session, text.replace(/^\/\//, "/"), "message", now);
    else run(session, command[1].toLowerCase(), (command[2] ?? "").split(" ").filter(Boolean), now);
  } catch (problem) {
    if (!(problem instanceof Refused)) throw problem;
    session.note(problem.message, now, { kind: "error" });
  }
}

function run(session, name, words, now) {
  const known = COMMANDS[name === "j" ? "join" : name];
  if (!known) throw new Refused(`There is no command /${name}. /help shows all commands.`);
  if (!session.ready && name !== "help") throw new Refused("There is no connection now: wait a moment and try again.");
  known[2](session, words, now);
}

function needs(word, what) {
  if (!word) throw new Refused(`The command needs ${what}. /help shows how.`);
  return word;
}

function here(session) {
  if (!session.current.isChannel) throw new Refused("This command is for channels: open a channel first.");
  return session.current.name;
}

function trailing(words) {
  return words.length ? [words.join(" ")] : [];
}

function line(session, command, ...params) {
  session.send(format(command, params));
}

function join(session, names, key) {
  const list = needs(names, "a channel, like #erlang").split(",").filter(Boolean);
  const channels = list.map((name) => (session.isChannel(name) ? name : `#${name}`));
  for (const name of channels) session.wanted.add(session.fold(name));
  const first = channels[0];
  if (session.buffer(first)?.joined) session.switchTo(first);
  else session.goTo = session.fold(first);
  line(session, "JOIN", channels.join(","), ...(key ? [key] : []));
}

function closeNamed(session, name) {
  const buffer = name ? session.buffer(name) : session.current;
  if (!buffer || buffer === session.buffers.get(SERVER)) throw new Refused("There is no such channel or conversation here.");
  session.close(buffer);
}

function tell(session, nick, text, now) {
  const buffer = session.open(needs(nick, "a nick"));
  session.switchTo(nick);
  if (text) for (const piece of split(text, MOST_BYTES)) session.say(buffer, piece, "message", now);
}

function say(session, text, kind, now) {
  if (session.active === SERVER) throw new Refused("Nobody hears you here: /join #channel, or /msg nick text.");
  if (!session.ready) throw new Refused("There is no connection now: wait a moment and try again.");
  if (session.current.isChannel && !session.current.joined) {
    throw new Refused(`You are not in ${session.current.name}: /join ${session.current.name}`);
  }
  for (const piece of split(text, MOST_BYTES)) session.say(session.current, piece, kind, now);
}

function help(session, now) {
  for (const [name, [words, does]] of Object.entries(COMMANDS)) {
    session.note(`${["/" + name, words].filter(Boolean).join(" ")}: ${does}`, now);
  }
}

/** Complete the word before the cursor: {text, cursor, found}, found: all that fit. turn: how often Tab was pressed. */
export function complete(session, text, cursor, turn) {
  const start = text.lastIndexOf(" ", cursor - 1) + 1;
  const begun = text.slice(start, cursor).toLowerCase();
  const found = begun ? candidates(session, begun, start) : [];
  if (!found.length) return { text, cursor, found };
  const word = found[turn % found.length];
  const before = text.slice(0, start) + word;
  return { text: before + text.slice(cursor), cursor: before.length, found };
}

function candidates(session, begun, start) {
  const fits = (word) => word.toLowerCase().startsWith(begun);
  if (start === 0 && begun.startsWith("/")) return Object.keys(COMMANDS).map((name) => `/${name} `).filter(fits);
  if (session.isChannel(begun)) return [...session.buffers.values()].map(({ name }) => name).filter(fits);
  const people = session.current.isChannel
    ? [...session.current.members.values()].map(({ nick }) => nick).sort((a, b) => lastSaid(session, b, a))
    : [session.current.name];
  const others = people.filter((nick) => fits(nick) && !session.isMine(nick));
  return others.map((nick) => (start === 0 ? `${nick}: ` : `${nick} `));
}

/** For a sort: who has spoken last comes first. */
function lastSaid(session, nick, other) {
  const at = (one) => session.current.lines.findLastIndex(({ from }) => from === one);
  return at(nick) - at(other);
}
