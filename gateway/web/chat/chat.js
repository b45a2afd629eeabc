// The way in: who this person is, and what runs while the person is here.

import { Connection } from "./connection.js";
import { Input } from "./input.js";
import { channelNames, decoded } from "./irc.js";
import { Session } from "./session.js";
import { View } from "./view.js";

const KEY = "circlet-chat";
const DEVICE = "browser"; // to the account's session this is one device, with its own place in what was said
const DEFAULT_CHANNEL = "#erlang";

const byId = (id) => document.getElementById(id);

/** Of this tab, and gone with it: nick, account and channels. Never the password. */
function remembered() {
  try {
    return JSON.parse(sessionStorage.getItem(KEY) ?? "{}");
  } catch {
    return {};
  }
}

function remember(identity) {
  const { nick, account, channels } = identity;
  sessionStorage.setItem(KEY, JSON.stringify({ nick, account, channels }));
}

/** "#erlang,#go" of the address, or what was there before. */
function channelsAsked(before) {
  const asked = channelNames(decoded(location.hash.replace(/^#/, "")));
  return asked.length ? asked : before ?? [DEFAULT_CHANNEL];
}

function guestNick() {
  return `guest${String(crypto.getRandomValues(new Uint16Array(1))[0] % 10000).padStart(4, "0")}`;
}

function fillForm() {
  const before = remembered();
  byId("nick").value = before.nick ?? guestNick();
  byId("account").value = before.account?.split("@")[0] ?? "";
  byId("login").open = Boolean(before.account);
  byId("channels").value = channelsAsked(before.channels).join(", ");
  if (matchMedia("(min-width: 700px)").matches) byId("nick").select();
}

function identityOf() {
  const nick = byId("nick").value.trim();
  const password = byId("password").value;
  const account = password ? `${byId("account").value.trim() || nick}@${DEVICE}` : "";
  return { nick, account, password, channels: channelNames(byId("channels").value) };
}

let running = null;

function begin(event) {
  event.preventDefault();
  const identity = identityOf();
  remember(identity);
  byId("trouble").textContent = "";
  byId("welcome").hidden = true;
  byId("app").hidden = false;
  const session = new Session(identity, (line) => connection.send(line), () => view.changed());
  const connection = new Connection(session, `${location.origin}/`, (state, text) => told(state, text));
  const input = new Input(session, (step, unread) => view.go(step, unread));
  const view = new View(session, connection, input);
  const told = (state, text) => {
    if (state === "ended") end(text);
    else view.status(state, text);
    if (state === "open") remember({ ...session.identity, channels: [...session.wanted] });
  };
  running = { session, connection, input, view };
  view.render();
  connection.start();
  byId("text").focus();
}

/** why: what the person has to change; "" after a goodbye. */
function end(why) {
  const { session, connection, input, view } = running;
  running = null;
  for (const part of [connection, input, view]) part.stop();
  remember({ ...session.identity, channels: [...session.wanted] });
  byId("app").hidden = true;
  byId("welcome").hidden = false;
  byId("trouble").textContent = why;
  byId("login").open ||= why.startsWith("Login");
  byId(why.startsWith("Login") ? "password" : "nick").focus();
}

addEventListener("beforeunload", () => running && remember({ ...running.session.identity, channels: [...running.session.wanted] }));
byId("enter").addEventListener("submit", begin);
fillForm();
