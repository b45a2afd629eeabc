// One channel or query: its lines in order, each once; its people; how far it is read. Pure.

export const MOST_LINES = 2000;
export const SERVER = ""; // key of the buffer of the network itself

/** A line: {id, time (ms), kind, from, text, self, mention, label, state}. kind: message, action, notice, event, error. */
export class Buffer {
  constructor(name, { isChannel = false } = {}) {
    this.name = name;
    this.isChannel = isChannel;
    this.joined = false;
    this.lines = [];
    this.ids = new Set();
    this.members = new Map(); // folded nick -> {nick, signs}
    this.names = null; // members of a NAMES answer that is not complete yet
    this.topic = "";
    this.typing = new Map(); // nick -> until when (ms)
    this.readAt = 0; // ms
    this.unread = 0;
    this.mentions = 0;
    this.moreAbove = false; // older lines can be asked for
    this.asking = false; // a question for older lines is under way
    this.gap = null; // while missed lines are fetched: the index where they belong
    this.fetched = 0; // missed lines so far
  }

  /** Add a line that has just been said. False if it is here already. */
  add(line) {
    if (line.id && this.ids.has(line.id)) return false;
    if (line.id) this.ids.add(line.id);
    this.lines.push(line);
    this.trim();
    return true;
  }

  /** Add lines of the past, the oldest first: above all others, or in the gap. Returns the lines that are new here. */
  addPast(lines, { inGap = false } = {}) {
    const fresh = lines.filter((line) => line.id && !this.ids.has(line.id));
    for (const line of fresh) this.ids.add(line.id);
    const at = inGap ? (this.gap ?? this.lines.length) : 0;
    this.lines.splice(at, 0, ...fresh);
    if (this.gap !== null) this.gap += fresh.length;
    return fresh;
  }

  /** From here on lines may be missed: what is fetched later belongs between these lines and those to come. */
  openGap() {
    this.gap ??= this.lines.length;
    this.fetched = 0;
  }

  closeGap() {
    this.gap = null;
    this.trim();
  }

  /** Forget all lines: more were missed than anybody reads, and the last of them come instead. */
  clear() {
    this.lines = this.lines.filter((line) => line.state === "sending" || line.state === "unsure");
    this.ids.clear();
    this.gap = 0;
  }

  trim() {
    const surplus = this.lines.length - MOST_LINES;
    if (surplus <= 0 || this.gap !== null) return;
    for (const line of this.lines.splice(0, surplus)) this.ids.delete(line.id);
    this.moreAbove = true;
  }

  /** The id of the newest line that history knows, before the gap if there is one; "" if there is none. */
  lastId() {
    const end = this.gap ?? this.lines.length;
    for (let index = end - 1; index >= 0; index -= 1) if (this.lines[index].inHistory) return this.lines[index].id;
    return "";
  }

  firstId() {
    return this.lines.find((line) => line.inHistory)?.id ?? "";
  }

  /** The newest line of a person, for the read marker: its time, 0 if there is none. */
  lastTime() {
    return this.lines.findLast((line) => line.inHistory)?.time ?? 0;
  }

  /** Somebody has read up to `time`, here or on another device. */
  markRead(time) {
    this.readAt = Math.max(this.readAt, time);
    const unread = this.lines.filter((line) => line.inHistory && !line.self && line.time > this.readAt);
    this.unread = Math.min(this.unread, unread.length);
    this.mentions = Math.min(this.mentions, unread.filter((line) => line.mention).length);
  }

  /** A line of this person's own that is not confirmed, by label or else by text; undefined if there is none. */
  pending({ label = "", text = "" }) {
    const waits = this.lines.filter((line) => line.state === "sending" || line.state === "unsure");
    return label ? waits.find((line) => line.label === label) : waits.find((line) => line.text === text);
  }

  remove(line) {
    const at = this.lines.indexOf(line);
    if (at < 0) return;
    this.lines.splice(at, 1);
    if (this.gap !== null && at < this.gap) this.gap -= 1;
  }

  /** Lines never change: another one takes the place of a line. */
  change(line, changes) {
    const at = this.lines.indexOf(line);
    if (at >= 0) this.lines[at] = { ...line, ...changes };
  }

  /** The connection is gone: what was not confirmed may have been said or not. */
  interrupt() {
    for (const line of this.lines.filter(({ state }) => state === "sending")) this.change(line, { state: "unsure" });
    this.joined = false;
    this.asking = false;
    this.names = null;
    this.typing.clear();
    this.openGap();
  }

  /** People in the order of a nick list. signs: of the ranks, the highest first. */
  sorted(signs) {
    const rank = (member) => (member.signs ? signs.indexOf(member.signs[0]) : signs.length);
    return [...this.members.values()].sort((a, b) => rank(a) - rank(b) || a.nick.localeCompare(b.nick));
  }

  /** Who is typing at `now`. */
  typists(now) {
    for (const [nick, until] of this.typing) if (until <= now) this.typing.delete(nick);
    return [...this.typing.keys()];
  }
}
