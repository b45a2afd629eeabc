// How a connection becomes a person on the network: capabilities, login, nick, and being where one was. Pure.

import { format, plain, readFeatures } from "./irc.js";

const RETAKE_MS = 60000; // so long the own nick is asked for again; later it is another person's

const WANTED = [
  "account-tag", "away-notify", "batch", "cap-notify", "draft/chathistory", "draft/message-redaction", "draft/read-marker",
  "echo-message", "labeled-response", "message-tags", "multi-prefix", "sasl", "server-time",
];

function capability(session, { params }) {
  const [, sub] = params;
  const words = params.at(-1).split(" ").filter(Boolean);
  if (sub === "LS") {
    for (const word of words) session.offered.set(...word.split(/=(.*)/s));
    if (params[2] === "*" && params.length > 3) return;
    const wanted = WANTED.filter((name) => session.offered.has(name));
    if (wanted.length) session.send(format("CAP", ["REQ", wanted.join(" ")]));
    else session.send("CAP END");
  } else if (sub === "ACK") {
    for (const word of words) session.caps.add(word);
    if (session.registered) return;
    if (session.identity.password && session.caps.has("sasl")) session.send("AUTHENTICATE PLAIN");
    else if (session.identity.password) stop(session, "This network has no accounts: leave the password empty.");
    else session.send("CAP END");
  } else if (sub === "NAK") {
    session.send("CAP END");
  } else if (sub === "DEL") {
    for (const word of words) session.caps.delete(word);
  }
}

/** The person has to change something before any node lets them in. */
function stop(session, why) {
  session.refused = why;
  session.send("QUIT");
  session.changed("refused");
}

function loginFailed(session, { params }) {
  const why = params.at(-1).replace(/^SASL authentication failed(: )?/, "");
  stop(session, why ? `Login failed: ${why}.` : "Login failed.");
}

/** Without an account somebody of this nick may be a shadow of this person on the node that died: another nick serves. */
function nickTaken(session, { params }, now) {
  if (session.retaking && session.fold(params[1]) === session.fold(session.shadow)) {
    session.retaking = false;
    return;
  }
  if (session.registered) {
    session.note(`${params[1]}: ${params.at(-1)}`, now, { kind: "error" });
    return;
  }
  if (session.nick.length > 25) {
    stop(session, `The nick ${session.identity.nick} is taken: choose another one.`);
    return;
  }
  session.nick += "_";
  session.send(format("NICK", [session.nick]));
}

function welcomed(session, { params }) {
  session.registered = true;
  [session.nick] = params;
  session.changed("all");
}

/** The welcome is over: if a shadow holds the own nick, this person waits for the nick. */
export function awaitNick(session, now) {
  const { nick } = session.identity;
  if (session.isMine(nick) || !session.past.has(session.fold(nick))) return;
  session.shadow = nick;
  session.retakeUntil = now + RETAKE_MS;
  session.send(format("MONITOR", ["+", nick]));
}

/** Now and then: the network gives the nick as soon as the shadow's node is known to be dead, and tells nobody so. */
export function retake(session, now) {
  if (!session.shadow || !session.ready || now > session.retakeUntil) return;
  session.retaking = true;
  session.send(format("NICK", [session.shadow]));
}

/** This person has another nick now: the own one, or one that this person has chosen meanwhile. */
export function renamedTo(session, nick) {
  if (nick === session.asked) session.identity.nick = nick;
  if (session.shadow && session.isMine(session.identity.nick)) noShadow(session);
}

function noShadow(session) {
  session.send(format("MONITOR", ["-", session.shadow]));
  session.shadow = "";
  session.retaking = false;
}

/** The shadow of the own nick is gone: take it back. */
function offline(session, { params }) {
  const { shadow } = session;
  if (!shadow || !params[1].split(",").some((nick) => session.fold(nick) === session.fold(shadow))) return;
  noShadow(session);
  session.send(format("NICK", [shadow]));
}

export const REGISTRATION = {
  CAP: capability,
  AUTHENTICATE: (session, { params }) => {
    const { account, nick, password } = session.identity;
    if (params[0] === "+") for (const line of plain(account || nick, password)) session.send(line);
  },
  900: () => {},
  903: (session) => session.send("CAP END"),
  904: loginFailed,
  905: loginFailed,
  "001": welcomed,
  "005": (session, { params }) => readFeatures(session.features, params.slice(1, -1)),
  376: (session, message, at, now) => session.enter(now),
  422: (session, message, at, now) => session.enter(now),
  432: (session, { params }, at, now) =>
    session.registered
      ? session.note(params.slice(1).join(": "), now, { kind: "error" })
      : stop(session, `The network does not allow the nick ${params[1]}: ${params.at(-1)}.`),
  433: (session, message, at, now) => nickTaken(session, message, now),
  437: (session, message, at, now) => nickTaken(session, message, now),
  464: (session, { params }) => stop(session, params.at(-1)),
  465: (session, { params }) => stop(session, params.at(-1)),
  731: offline,
};
