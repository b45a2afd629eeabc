// The WebSocket to one node, and the way to the next one when that node dies. What is said is the session's.

import { retake } from "./registration.js";

const OPEN_MS = 8000; // a node that does not answer for so long is given up
const ENTER_MS = 30000; // and one that does not let this person in
const SILENT_MS = 40000; // without a line for so long, the node is asked whether it is there
const DEAD_MS = 60000;
const LOOK_MS = 2000;
const NODES_EVERY_MS = 60000;
const PAUSE_MS = [500, 1000, 2000, 5000, 10000, 20000]; // before each further round through all nodes
const PROTOCOL = "text.ircv3.net";

/** Where a node's WebSocket is, by the URL of its pages. */
export function socketUrl(url) {
  const found = new URL("irc", url);
  found.protocol = found.protocol === "https:" ? "wss:" : "ws:";
  return found.href;
}

/** The nodes to try, in order: those that live first, the node that was just lost last. secure: this page is HTTPS. */
export function candidates(nodes, home, lost, secure, random = Math.random) {
  const alive = nodes.filter((node) => node.http && node.alive && !node.leaving);
  const usable = alive.filter((node) => !secure || node.http.startsWith("https:"));
  const others = usable.filter((node) => node.http !== lost).map(({ http, name }) => ({ url: http, name }));
  const found = others.map((node) => [random(), node]).sort(([a], [b]) => a - b).map(([, node]) => node);
  for (const url of [lost, home]) {
    if (url && !found.some((node) => node.url === url)) {
      const name = nodes.find((node) => node.http === url)?.name ?? new URL(url).host;
      if (lost) found.push({ url, name });
      else found.unshift({ url, name });
    }
  }
  return found;
}

export class Connection {
  /** session: a Session. home: URL of this page's node. told: takes (state, text): connecting, open, waiting or ended. */
  constructor(session, home, told) {
    this.session = session;
    this.home = home;
    this.told = told;
    this.nodes = [];
    this.queue = [];
    this.round = 0;
    this.node = null;
    this.socket = null;
    this.heardAt = 0;
    this.timers = [];
    this.watching = setInterval(() => this.watch(), LOOK_MS);
    this.looking = setInterval(() => this.learnNodes(), NODES_EVERY_MS);
    this.hurry = () => this.watch();
    addEventListener("online", this.hurry);
    document.addEventListener("visibilitychange", this.hurry);
  }

  start() {
    this.queue = candidates(this.nodes, this.home, "", location.protocol === "https:");
    this.next();
  }

  /** For good. */
  stop() {
    clearInterval(this.watching);
    clearInterval(this.looking);
    removeEventListener("online", this.hurry);
    document.removeEventListener("visibilitychange", this.hurry);
    this.drop();
  }

  send(line) {
    if (this.socket?.readyState === WebSocket.OPEN) this.socket.send(line);
  }

  next() {
    const node = this.queue.shift();
    if (!node) {
      const pause = PAUSE_MS[Math.min(this.round, PAUSE_MS.length - 1)] * (0.75 + Math.random() / 2);
      this.round += 1;
      this.told("waiting", "No node of the network answers. Trying again in a moment …");
      this.after(pause, () => this.start());
      return;
    }
    this.node = node;
    this.told("connecting", `Connecting to ${node.name} …`);
    const socket = new WebSocket(socketUrl(node.url), [PROTOCOL]);
    this.socket = socket;
    this.heardAt = Date.now();
    this.after(OPEN_MS, () => socket.readyState === WebSocket.CONNECTING && this.lost());
    this.after(ENTER_MS, () => !this.session.ready && this.lost());
    socket.onopen = () => this.session.connected();
    socket.onmessage = ({ data }) => this.heard(data);
    socket.onclose = () => this.lost();
  }

  heard(data) {
    const now = Date.now();
    const wasReady = this.session.ready;
    this.heardAt = now;
    this.session.receive(data, now);
    if (!wasReady && this.session.ready) {
      this.round = 0;
      this.told("open", "");
      this.learnNodes();
    }
  }

  /** The connection is gone, or never was. */
  lost() {
    const lost = this.node.url;
    const { session } = this;
    const wasReady = session.ready;
    this.drop();
    session.interrupted(Date.now());
    if (session.refused || session.leaving) {
      this.told("ended", session.refused);
      return;
    }
    if (wasReady) {
      this.queue = candidates(this.nodes, this.home, lost, location.protocol === "https:");
      this.told("connecting", "The node is gone. Moving to another one …");
    }
    this.next();
  }

  drop() {
    for (const timer of this.timers) clearTimeout(timer);
    this.timers = [];
    if (!this.socket) return;
    this.socket.onopen = this.socket.onmessage = this.socket.onclose = null;
    this.socket.close();
    this.socket = null;
  }

  after(ms, act) {
    this.timers.push(setTimeout(act, ms));
  }

  /** A node that has died without a word, or a machine that has slept, is found out by asking. */
  watch() {
    if (!this.session.ready) return;
    const now = Date.now();
    retake(this.session, now);
    const silent = now - this.heardAt;
    if (silent > DEAD_MS) this.lost();
    else if (silent > SILENT_MS) this.send("PING :are you there");
  }

  /** Which nodes there are, for the day when this one dies. */
  async learnNodes() {
    if (!this.session.ready) return;
    try {
      const answer = await fetch(new URL("nodes.json", this.node.url), { cache: "no-store", credentials: "omit" });
      if (!answer.ok) return;
      this.nodes = (await answer.json()).nodes;
      this.node.name = this.nodes.find(({ http }) => http === this.node.url)?.name ?? this.node.name;
      this.told("open", "");
    } catch {
      // the next look may succeed, and the nodes of the last one are still known
    }
  }
}
