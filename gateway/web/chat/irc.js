// Lines of IRC: text in, messages out, and back. Pure.

const ESCAPES = { ":": ";", s: " ", r: "\r", n: "\n" };

/** Read one line: {tags, source, nick, command, params}; null if the line says nothing. */
export function parse(line) {
  let rest = line.replace(/^ +/, "");
  const tags = {};
  if (rest.startsWith("@")) {
    const end = rest.indexOf(" ");
    if (end < 0) return null;
    for (const tag of rest.slice(1, end).split(";")) {
      const at = tag.indexOf("=");
      if (at < 0) tags[tag] = "";
      else tags[tag.slice(0, at)] = tag.slice(at + 1).replace(/\\(.?)/g, (_, letter) => ESCAPES[letter] ?? letter);
    }
    rest = rest.slice(end).trimStart();
  }
  let source = "";
  if (rest.startsWith(":")) {
    const end = rest.indexOf(" ");
    if (end < 0) return null;
    source = rest.slice(1, end);
    rest = rest.slice(end).trimStart();
  }
  const params = [];
  while (rest) {
    if (params.length && rest.startsWith(":")) {
      params.push(rest.slice(1));
      break;
    }
    const end = rest.indexOf(" ");
    params.push(end < 0 ? rest : rest.slice(0, end));
    rest = end < 0 ? "" : rest.slice(end).replace(/^ +/, "");
  }
  if (!params.length) return null;
  const command = params.shift().toUpperCase();
  return { tags, source, nick: source.split("!")[0], command, params };
}

/** Write one line. The last parameter may hold spaces; CR, LF and NUL leave in none. tags: {key: value}. */
export function format(command, params = [], tags = {}) {
  const clean = params.map((param) => String(param).replace(/[\r\n\0]+/g, " "));
  const last = clean.pop();
  const words = [command, ...clean];
  if (last !== undefined) words.push(last === "" || last.startsWith(":") || last.includes(" ") ? `:${last}` : last);
  const pairs = Object.entries(tags).map(([key, value]) => (value ? `${key}=${escapeTag(value)}` : key));
  return (pairs.length ? `@${pairs.join(";")} ` : "") + words.join(" ");
}

function escapeTag(value) {
  return value.replace(/[\\; \r\n]/g, (c) => ({ "\\": "\\\\", ";": "\\:", " ": "\\s", "\r": "\\r", "\n": "\\n" })[c]);
}

/** What the network can do, from the tokens of 005. */
export function features() {
  return { NETWORK: "IRC", CASEMAPPING: "rfc1459", CHANTYPES: "#", PREFIX: "(ov)@+", CHATHISTORY: "" };
}

export function readFeatures(known, tokens) {
  for (const token of tokens) {
    const [name, value = ""] = token.split(/=(.*)/s);
    if (name.startsWith("-")) delete known[name.slice(1)];
    else known[name] = value.replace(/\\x([0-9A-Fa-f]{2})/g, (_, code) => String.fromCharCode(parseInt(code, 16)));
  }
}

/** A name in the form in which two spellings of it are equal. */
export function fold(name, mapping = "rfc1459") {
  const lower = name.replace(/[A-Z]/g, (letter) => letter.toLowerCase());
  if (mapping === "ascii") return lower;
  return lower.replace(/[[\]\\~]/g, (c) => ({ "[": "{", "]": "}", "\\": "|", "~": "^" })[c]);
}

/** The channels that a person has written, with commas or spaces between: "erlang, #go". */
export function channelNames(text) {
  return text.split(/[\s,]+/).filter(Boolean).map((name) => (/^[#&]/.test(name) ? name : `#${name}`));
}

/** A part of an address as text; as written where "%" is no code: somebody has typed #100%. */
export function decoded(part) {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

/** The signs of ranks, the highest first, by mode letter: {o: "@", v: "+"}. */
export function ranks(prefix) {
  const match = /^\((\w*)\)(.*)$/.exec(prefix);
  if (!match) return {};
  return Object.fromEntries([...match[1]].map((letter, index) => [letter, match[2][index]]));
}

/** Cut a text into pieces of at most `limit` bytes of UTF-8, at spaces where that is possible. */
export function split(text, limit) {
  const pieces = [];
  for (const line of text.split(/\r\n|\r|\n/)) {
    let piece = "";
    let size = 0;
    for (const letter of line) {
      const bytes = utf8(letter).length;
      if (size + bytes > limit) {
        const space = piece.lastIndexOf(" ");
        const end = space > piece.length / 2 ? space : piece.length;
        pieces.push(piece.slice(0, end));
        piece = piece.slice(end).trimStart();
        size = utf8(piece).length;
      }
      piece += letter;
      size += bytes;
    }
    if (piece) pieces.push(piece);
  }
  return pieces;
}

function utf8(text) {
  return new TextEncoder().encode(text);
}

/** The AUTHENTICATE lines of SASL PLAIN. Source: IRCv3 SASL, "The AUTHENTICATE command": 400 bytes each. */
export function plain(name, password) {
  const bytes = utf8(`\0${name}\0${password}`);
  const coded = btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(""));
  const pieces = coded.match(/.{1,400}/g) ?? [];
  if (coded.length % 400 === 0) pieces.push("+");
  return pieces.map((piece) => format("AUTHENTICATE", [piece]));
}
