// The colours and styles of mIRC, and links, as spans of plain text. Pure: nothing of the network becomes markup here
// or later. Source: modern.ircdocs.horse/formatting.

const STYLES = {
  "\x02": "bold", "\x1d": "italic", "\x1f": "underline", "\x1e": "strike", "\x11": "mono", "\x16": "reverse",
};
const COLOUR = /\x03(?:(\d{1,2})(?:,(\d{1,2}))?)?/;
const HEX_COLOUR = /\x04(?:[0-9A-Fa-f]{6}(?:,[0-9A-Fa-f]{6})?)?/;
const STYLE = /[\x02\x0f\x11\x16\x1d-\x1f]/;
const CODES = new RegExp([COLOUR, HEX_COLOUR, STYLE].map(({ source }) => source).join("|"), "g");
const CONTROLS = /[\x00-\x08\x0b-\x1f\x7f]/g;
const LINK = /\bhttps?:\/\/[^\s<>"\u0000-\u001f]+/gi;

/** Spans: [{text, classes: [...], link: "" or a URL}]. */
export function spans(text) {
  const found = [];
  let state = {};
  let from = 0;
  for (const code of text.matchAll(CODES)) {
    add(found, text.slice(from, code.index), state);
    state = after(state, code);
    from = code.index + code[0].length;
  }
  add(found, text.slice(from), state);
  return found;
}

/** The text without codes, as search, notifications and titles want it. */
export function bare(text) {
  return text.replace(CODES, "").replace(CONTROLS, "");
}

function after(state, code) {
  const sign = code[0][0];
  if (sign === "\x0f") return {};
  if (sign in STYLES) return { ...state, [STYLES[sign]]: !state[STYLES[sign]] };
  if (sign !== "\x03") return state; // colours of 24 bits would be unreadable in one of light and dark
  if (code[1] === undefined) return { ...state, fg: undefined, bg: undefined };
  return { ...state, fg: colour(code[1]), bg: code[2] === undefined ? state.bg : colour(code[2]) };
}

/** 0 to 15 have a class each; 16 to 98 stand for one of these, 99 is the default. */
function colour(digits) {
  const number = Number(digits);
  return number === 99 ? undefined : number % 16;
}

function add(found, text, state) {
  const classes = Object.values(STYLES).filter((name) => state[name]);
  if (state.fg !== undefined) classes.push(`fg${state.fg}`);
  if (state.bg !== undefined) classes.push(`bg${state.bg}`);
  const readable = text.replace(CONTROLS, "");
  let from = 0;
  for (const match of readable.matchAll(LINK)) {
    const url = trimmed(match[0]);
    if (!isLink(url)) continue;
    push(found, readable.slice(from, match.index), classes, "");
    push(found, url, classes, url);
    from = match.index + url.length;
  }
  push(found, readable.slice(from), classes, "");
}

function push(found, text, classes, link) {
  if (text) found.push({ text, classes, link });
}

/** Without the full stop or bracket of the sentence around a link. */
function trimmed(url) {
  let end = url.length;
  while (end > 0) {
    const last = url[end - 1];
    const opens = { ")": "(", "]": "[" }[last];
    const closed = opens && count(url.slice(0, end), opens) < count(url.slice(0, end), last);
    if (!closed && !".,;:!?'".includes(last)) break;
    end -= 1;
  }
  return url.slice(0, end);
}

function count(text, letter) {
  return text.split(letter).length - 1;
}

function isLink(url) {
  try {
    return ["http:", "https:"].includes(new URL(url).protocol);
  } catch {
    return false;
  }
}

/** One of 12 colours for a nick, the same everywhere. */
export function nickColour(nick) {
  let mixed = 0x811c9dc5; // FNV-1a
  for (const letter of nick.toLowerCase()) mixed = Math.imul(mixed ^ letter.codePointAt(0), 0x01000193) >>> 0;
  return ((mixed ^ (mixed >>> 15)) >>> 0) % 12;
}
