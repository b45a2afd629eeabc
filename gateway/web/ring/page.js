// Keeps the page of the ring up to date: newer parts of the page take the place of older ones, and what happens is told.
// Without this script the page is complete as of the time at which it was made.

const KEPT = 40; // so many happenings are shown
const POLL_MS = 5000; // a directory sends no events: its page is asked for so often
const PARTS = ["health", "elsewhere", "wrong", "totals", "circle", "nodes", "addresses", "links", "located", "mark"];

const live = document.getElementById("live");
const parser = new DOMParser();

/** Make `old` like `now`, and leave alone what is alike: what is selected or focused stays so. */
function morph(old, now) {
  if (old.nodeType !== now.nodeType || old.nodeName !== now.nodeName) {
    old.replaceWith(now);
    return;
  }
  if (old.nodeType !== Node.ELEMENT_NODE) {
    if (old.data !== now.data) old.data = now.data;
    return;
  }
  for (const { name } of [...old.attributes]) if (!now.hasAttribute(name)) old.removeAttribute(name);
  for (const { name, value } of now.attributes) if (old.getAttribute(name) !== value) old.setAttribute(name, value);
  const [before, after] = [[...old.childNodes], [...now.childNodes]];
  before.slice(after.length).forEach((node) => node.remove());
  after.forEach((node, index) => (index < before.length ? morph(before[index], node) : old.append(node)));
}

/** Put HTML of our own server into the element. */
function put(id, html) {
  const place = document.getElementById(id);
  if (place === null) return;
  const fresh = place.cloneNode(false);
  fresh.append(...parser.parseFromString(html, "text/html").body.childNodes);
  morph(place, fresh);
}

function say(text, isLost) {
  if (live.textContent !== text) live.textContent = text;
  live.classList.toggle("lost", isLost);
  document.getElementById("elsewhere").hidden = !isLost;
}

/** Nobody tells the page how the network is: what the page said of it counts no more. */
function lose(what) {
  say(`This page has lost its ${what}, and tries to reach it again. What is shown may be old.`, true);
  put("health", "<strong>Unknown: which nodes are alive.</strong>");
  put("wrong", '<p class="note">Unknown: whether anything is wrong.</p>');
}

// What happens ------------------------------------------------------------------------------------------------------

const told = new Set(); // what was told before a node started anew is told again

const clock = new Intl.DateTimeFormat([], { hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23" });

function localTimes(element) {
  for (const time of element.querySelectorAll("time")) time.textContent = clock.format(new Date(time.dateTime));
}

function tell({ at, text }) {
  if (told.has(`${at} ${text}`)) return;
  told.add(`${at} ${text}`);
  const list = document.getElementById("happenings");
  const [line, time] = [document.createElement("li"), document.createElement("time")];
  time.dateTime = new Date(at * 1000).toISOString();
  line.append(time, ` ${text}`);
  line.className = "new";
  localTimes(line);
  list.prepend(line);
  while (list.children.length > KEPT) list.lastElementChild.remove();
}

function listen(address) {
  const source = new EventSource(address);
  source.addEventListener("open", () => say("This page shows what happens as it happens.", false));
  source.addEventListener("error", () => {
    lose("node");
    if (source.readyState === EventSource.CLOSED) setTimeout(listen, POLL_MS, address); // refused: too many pages, or a stop
  });
  source.addEventListener("happening", (event) => tell(JSON.parse(event.data)));
  source.addEventListener("parts", (event) => show(JSON.parse(event.data)));
}

function show(parts) {
  for (const [id, html] of Object.entries(parts)) put(id, html);
  if ("circle" in parts) relocateIfMoved();
}

// Where a name lives -------------------------------------------------------------------------------------------------

const form = document.querySelector("form[role=search]");
let asked = form.elements.name.value; // the name that is shown
let ring = ringNow(); // the state of the ring for which it is shown

function ringNow() {
  return document.querySelector("#circle svg").dataset.ring;
}

async function pageFor(name) {
  const answer = await fetch(name ? `/?name=${encodeURIComponent(name)}` : "/");
  return parser.parseFromString(await answer.text(), "text/html");
}

async function locate(name) {
  const page = await pageFor(name);
  if (name !== asked) return; // somebody has asked for another name meanwhile
  for (const id of ["located", "mark"]) morph(document.getElementById(id), page.getElementById(id));
}

function relocateIfMoved() {
  if (ringNow() === ring) return;
  ring = ringNow();
  if (asked) locate(asked).catch(() => { ring = undefined; }); // the next news tries again
}

form.addEventListener("submit", (event) => {
  event.preventDefault();
  asked = form.elements.name.value;
  history.replaceState(null, "", asked ? `/?name=${encodeURIComponent(asked)}` : "/");
  locate(asked).catch(() => form.submit()); // the browser says what is wrong
});

// A page that is sent no events --------------------------------------------------------------------------------------

async function poll() {
  try {
    const page = await pageFor(asked);
    for (const id of PARTS) {
      const [old, now] = [document.getElementById(id), page.getElementById(id)];
      if (old !== null && now !== null) morph(old, now);
    }
    say("This page looks for news every few seconds.", false);
  } catch {
    lose("server");
  }
  setTimeout(poll, POLL_MS);
}

localTimes(document);
if (document.body.dataset.events) listen(document.body.dataset.events);
else poll();
