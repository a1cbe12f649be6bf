// @ts-check
// The client behind test.html: a classic script, which `meerkat serve` puts into the page together with test.css.
// Whatever a peer sends enters the document as `textContent`, never as markup.

// biome-ignore lint/suspicious/noRedundantUseStrict: this is no module, so it would not be strict by itself
'use strict';

const MAX_ENTRIES = 1000; // in the log; the oldest are dropped
const MAX_SHOWN_CHARACTERS = 4000; // of one text message
const MAX_SHOWN_OCTETS = 512; // of one binary message
const MAX_UNANSWERED = 100; // sent messages whose echo is still looked for
const MAX_REASON_OCTETS = 123; // a Close frame holds 125 octets, two of them the code (RFC 6455 §5.5)

/** @typedef {'closed' | 'connecting' | 'open' | 'closing'} State */

/** @type {Readonly<Record<State, readonly [label: string, action: string]>>} */
const STATES = {
  closed: ['Closed', 'Connect'],
  connecting: ['Connecting…', 'Cancel'],
  open: ['Open', 'Disconnect'],
  closing: ['Closing…', 'Closing…'],
};

/** RFC 6455 §7.4.1 and the IANA registry. @type {Readonly<Record<number, string>>} */
const CLOSE_CODES = {
  1000: 'Normal Closure',
  1001: 'Going Away: the peer leaves, as a server that stops or a page that is left',
  1002: 'Protocol Error: the peer saw a breach of the protocol',
  1003: 'Unsupported Data: the peer does not take this kind of message',
  1004: 'Reserved',
  1005: 'No Status Received: the Close frame had no code',
  1006: 'Abnormal Closure: the connection ended without a Close frame',
  1007: 'Invalid Frame Payload Data: the peer got text that is not UTF-8',
  1008: 'Policy Violation',
  1009: 'Message Too Big',
  1010: 'Mandatory Extension: the client needs an extension the server did not accept',
  1011: 'Internal Error: the server met an unexpected condition',
  1012: 'Service Restart',
  1013: 'Try Again Later',
  1014: 'Bad Gateway: a server behind this one gave an invalid answer',
  1015: 'TLS Handshake Failure: the secure connection could not be made',
  3000: 'Unauthorized',
  3003: 'Forbidden',
  3008: 'Timeout',
};

const ui = {
  clear: element('clear', HTMLButtonElement),
  closeProblem: element('close-problem', HTMLElement),
  closing: element('closing', HTMLFieldSetElement),
  code: element('code', HTMLInputElement),
  composer: element('composer', HTMLFormElement),
  connection: element('connection', HTMLFormElement),
  copy: element('copy', HTMLButtonElement),
  count: element('count', HTMLElement),
  file: element('file', HTMLInputElement),
  hex: element('hex', HTMLTextAreaElement),
  keys: element('keys', HTMLElement),
  log: element('log', HTMLElement),
  message: element('message', HTMLFieldSetElement),
  messageProblem: element('message-problem', HTMLElement),
  newest: element('newest', HTMLButtonElement),
  protocols: element('protocols', HTMLInputElement),
  reason: element('reason', HTMLInputElement),
  size: element('size', HTMLElement),
  state: element('state', HTMLElement),
  text: element('text', HTMLTextAreaElement),
  toggle: element('toggle', HTMLButtonElement),
  url: element('url', HTMLInputElement),
};

/**
 * @template {HTMLElement} T
 * @param {string} id
 * @param {new () => T} type
 * @returns {T}
 */
function element(id, type) {
  const found = document.getElementById(id);
  if (!(found instanceof type)) throw new Error(`the page has no #${id}`);
  return found;
}

// The connection ----------------------------------------------------------------------------------------------------

/** @type {State} */
let state = 'closed';
/** @type {WebSocket | undefined} */
let socket;
/** Sent and not yet echoed, the oldest first. @type {Array<Payload & { at: number }>} */
let unanswered = [];
/** @type {number | undefined} */
let lastSentAt;

function connect() {
  const url = ui.url.value.trim();
  // Browsers take an empty URL for the address of the page.
  if (url === '') return log('error', 'ERROR', 'the URL is empty');
  const protocols = ui.protocols.value.split(/[\s,]+/).filter((name) => name !== '');
  const startedAt = performance.now();
  let openedAt = Number.NaN;
  let cancelled = false;
  /** @type {WebSocket} */
  let ws;
  try {
    ws = new WebSocket(url, protocols);
  } catch (error) {
    return log('error', 'ERROR', error instanceof Error ? error.message : String(error));
  }
  socket = ws;
  unanswered = [];
  lastSentAt = undefined;
  ws.binaryType = 'arraybuffer';
  enter('connecting');

  ws.onopen = () => {
    openedAt = performance.now();
    const protocol = ws.protocol === '' ? 'no subprotocol' : `subprotocol ${ws.protocol}`;
    const extensions = ws.extensions === '' ? 'no extensions' : `extensions ${ws.extensions}`;
    const body = `${ws.url}, ${protocol}, ${extensions}`;
    log('opened', 'CONNECTION OPENED', body, [`in ${duration(openedAt - startedAt)}`]);
    enter('open');
  };
  ws.onmessage = (event) => received(event.data, performance.now());
  ws.onerror = () => {
    cancelled = state === 'closing' && Number.isNaN(openedAt);
    if (cancelled) return;
    const what = Number.isNaN(openedAt) ? 'could not be opened' : 'failed';
    const where = 'Browsers tell a page no more; their developer tools do (F12, Console)';
    log('error', 'ERROR', `the connection ${what}. ${where}`);
  };
  ws.onclose = (event) => {
    const reason = event.reason === '' ? 'no reason' : `reason “${event.reason}”`;
    const body = `${event.code} ${closeCodeName(event.code)}, ${reason}, ${event.wasClean ? 'clean' : 'not clean'}`;
    const never = cancelled ? 'cancelled' : 'failed';
    const timing = Number.isNaN(openedAt)
      ? `${never} after ${duration(performance.now() - startedAt)}`
      : `open for ${duration(performance.now() - openedAt)}`;
    log('closed', 'CONNECTION CLOSED', body, [timing]);
    socket = undefined;
    enter('closed');
  };
}

function disconnect() {
  const problem = closeProblem();
  show(ui.closeProblem, problem?.message, [ui.code, ui.reason], problem?.field);
  if (problem !== undefined) return problem.field.focus();
  const code = ui.code.value.trim();
  enter('closing');
  if (code === '') socket?.close();
  else socket?.close(Number(code), ui.reason.value);
}

function cancel() {
  enter('closing');
  socket?.close();
}

/** What the browser's `close(code, reason)` would throw for, in words. */
function closeProblem() {
  const code = ui.code.value.trim();
  if (code === '' && ui.reason.value !== '') {
    return { field: ui.code, message: 'A reason needs a close code.' };
  }
  if (code !== '' && !/^(1000|[34]\d{3})$/.test(code)) {
    const message = 'A page may close with 1000, with 3000 to 4999, or with no code.';
    return { field: ui.code, message };
  }
  const { length } = new TextEncoder().encode(ui.reason.value);
  if (length > MAX_REASON_OCTETS) {
    const message = `The reason has ${length} octets in UTF-8; a Close frame takes ${MAX_REASON_OCTETS}.`;
    return { field: ui.reason, message };
  }
  return undefined;
}

/** @param {number} code */
function closeCodeName(code) {
  const name = CLOSE_CODES[code];
  if (name !== undefined) return name;
  if (code >= 4000 && code <= 4999) return 'Private Use';
  return code >= 3000 ? 'Registered Use' : 'Unassigned';
}

/** The one place where the state changes, and the inputs with it. @param {State} next */
function enter(next) {
  const focused = document.activeElement;
  const [label, action] = STATES[next];
  state = next;
  document.body.setAttribute('data-state', next);
  ui.state.textContent = label;
  ui.url.disabled = next !== 'closed';
  ui.protocols.disabled = next !== 'closed';
  ui.closing.disabled = next !== 'open';
  ui.message.disabled = next !== 'open';
  ui.toggle.textContent = action;
  // Not `disabled`: the button would lose the focus for as long as closing takes.
  ui.toggle.setAttribute('aria-disabled', String(next === 'closing'));
  if (next !== 'open') show(ui.closeProblem, undefined, [ui.code, ui.reason]);

  // An input that is disabled drops the focus to the top of the page. When the peer closed, the log has the news; the
  // button would take the next space of a message that is just being typed for a click.
  if (focused?.matches(':disabled')) (next === 'closed' ? ui.log : ui.toggle).focus();
  // Whoever pressed Connect and went nowhere since is about to type; on a touch screen that would open its keyboard.
  const waiting = focused === ui.toggle || focused === document.body;
  if (next === 'open' && waiting && !matchMedia('(hover: none)').matches) field().focus();
}

// Messages ----------------------------------------------------------------------------------------------------------

/**
 * A message as the log shows it.
 * @typedef {{ kind: 'text' | 'binary', size: number, shown: string, cut: string }} Payload
 */

/**
 * @param {string | ArrayBuffer} data
 * @returns {Payload}
 */
function payload(data) {
  if (typeof data === 'string') {
    const size = new TextEncoder().encode(data).length;
    const shown = truncate(data);
    const more = data.length - shown.length;
    const cut = more === 0 ? '' : `… and ${count(more, 'character')} more`;
    return { kind: 'text', size, shown, cut };
  }
  const octets = new Uint8Array(data);
  const width = matchMedia('(min-width: 40rem)').matches ? 16 : 8; // where test.css leaves room for 16
  const shown = hexDump(octets.subarray(0, MAX_SHOWN_OCTETS), width);
  const more = octets.length - MAX_SHOWN_OCTETS;
  const cut = more <= 0 ? '' : `… and ${count(more, 'octet')} more`;
  return { kind: 'binary', size: octets.length, shown, cut };
}

/** The start of a text, not ending in half a surrogate pair. @param {string} text */
function truncate(text) {
  if (text.length <= MAX_SHOWN_CHARACTERS) return text;
  const last = text.charCodeAt(MAX_SHOWN_CHARACTERS - 1);
  return text.slice(0, MAX_SHOWN_CHARACTERS - (last >= 0xd800 && last <= 0xdbff ? 1 : 0));
}

/**
 * @param {Uint8Array} octets
 * @param {number} width - Octets in a row.
 */
function hexDump(octets, width) {
  const rows = [];
  for (let at = 0; at < octets.length; at += width) {
    const row = Array.from(octets.subarray(at, at + width));
    const hex = row.map((octet) => octet.toString(16).padStart(2, '0')).join(' ');
    const ascii = String.fromCharCode(...row).replace(/[^ -~]/g, '.');
    const offset = at.toString(16).padStart(4, '0');
    rows.push(`${offset}  ${hex.padEnd(3 * width - 1)}  ${ascii}`);
  }
  return rows.join('\n');
}

/**
 * Reads `48 65 6c`, `48656c`, `0x48, 0x65` or `48:65:6c`.
 * @param {string} text
 * @returns {Uint8Array<ArrayBuffer> | string} The octets, or what is wrong.
 */
function parseHex(text) {
  /** @type {number[]} */
  const octets = [];
  for (const word of text.split(/[\s,;:-]+/)) {
    const digits = word.replace(/^0x/i, '');
    const wrong = /[^\da-f]/iu.exec(digits);
    if (wrong !== null) return `“${wrong[0]}” is not a hex digit.`;
    if (digits.length % 2 !== 0) {
      const start = word.length > 16 ? `${word.slice(0, 16)}…` : word;
      return `“${start}” has an odd number of digits: each octet is two, as in 0a.`;
    }
    for (const pair of digits.match(/../g) ?? []) octets.push(Number.parseInt(pair, 16));
  }
  return Uint8Array.from(octets);
}

/** @returns {'text' | 'hex' | 'file'} */
function mode() {
  const chosen = new FormData(ui.composer).get('mode');
  return chosen === 'hex' || chosen === 'file' ? chosen : 'text';
}

/** The input of the chosen kind of message. */
function field() {
  return ui[mode()];
}

function submit() {
  const ws = socket;
  if (ws === undefined || state !== 'open') return;
  if (mode() === 'text') return send(ws, ui.text.value);
  if (mode() === 'file') return sendFile(ws);
  const octets = parseHex(ui.hex.value);
  if (typeof octets !== 'string') return send(ws, octets.buffer);
  show(ui.messageProblem, octets, [ui.hex], ui.hex);
  ui.hex.focus();
}

/** @param {WebSocket} ws */
function sendFile(ws) {
  const [file] = ui.file.files ?? [];
  const problem = file === undefined ? 'Choose a file first.' : undefined;
  show(ui.messageProblem, problem, [ui.file], ui.file);
  if (file === undefined) return ui.file.focus();
  file.arrayBuffer().then(
    (data) => send(ws, data, file.name),
    (error) => log('error', 'ERROR', `${file.name} could not be read: ${error}`),
  );
}

/**
 * @param {WebSocket} ws
 * @param {string | ArrayBuffer} data
 * @param {string} [fileName]
 */
function send(ws, data, fileName) {
  // The browser drops, without a word, what is sent once closing began.
  if (ws.readyState !== WebSocket.OPEN) {
    return log('error', 'ERROR', 'not sent: the connection is closing');
  }
  lastSentAt = performance.now();
  ws.send(data);
  const message = payload(data);
  unanswered.push({ ...message, at: lastSentAt });
  if (unanswered.length > MAX_UNANSWERED) unanswered.shift();
  logMessage('sent', 'SENT:', message, fileName);
}

/**
 * @param {string | ArrayBuffer} data
 * @param {number} at
 */
function received(data, at) {
  const message = payload(data);
  const { kind, size, shown } = message;
  const echoOf = unanswered.findIndex(
    (m) => m.kind === kind && m.size === size && m.shown === shown,
  );
  const [sent] = echoOf === -1 ? [] : unanswered.splice(echoOf, 1);
  let timing;
  if (sent !== undefined) timing = `echo in ${duration(at - sent.at)}`;
  else if (lastSentAt !== undefined) timing = `${duration(at - lastSentAt)} after SENT`;
  logMessage('received', 'RECEIVED:', message, timing);
}

// The event log -----------------------------------------------------------------------------------------------------

/** @typedef {'opened' | 'sent' | 'received' | 'error' | 'closed'} Tone */
/** @typedef {{ line: string, node: HTMLElement }} Entry */

/** What the log holds, the oldest first. @type {Entry[]} */
let entries = [];
/** Not yet in the document: a flood of messages costs one layout per frame. @type {Entry[]} */
let pending = [];
let dropped = 0;

/**
 * @param {Tone} tone
 * @param {string} title
 * @param {string} body
 * @param {string[]} [details]
 */
function log(tone, title, body, details = []) {
  append(tone, title, body, '', details, '');
}

/**
 * @param {Tone} tone
 * @param {string} title
 * @param {Payload} message
 * @param {string | undefined} detail
 */
function logMessage(tone, title, message, detail) {
  const details = [message.kind, count(message.size, 'octet')];
  if (detail !== undefined) details.push(detail);
  const shape =
    message.kind === 'binary' ? 'block dump' : message.shown.includes('\n') ? 'block' : '';
  append(tone, title, message.shown, message.cut, details, message.size === 0 ? '' : shape);
}

/**
 * @param {Tone} tone
 * @param {string} title
 * @param {string} body
 * @param {string} cut - What the body leaves out.
 * @param {string[]} details
 * @param {string} shape - Further classes of the body.
 */
function append(tone, title, body, cut, details, shape) {
  const now = new Date();
  const clock = timeOfDay(now);
  const time = document.createElement('time');
  time.dateTime = now.toISOString();
  time.textContent = clock;
  const event = part('span', 'event', '');
  event.append(part('strong', '', title));
  const node = part('div', `entry ${tone}`, '');
  node.append(time, ' ', event, ' ', part('span', 'details', details.join(' · ')));
  if (shape === '') event.append(' ', part('span', 'body', body));
  else node.append(' ', part('span', `body ${shape}`, body));
  if (cut !== '') node.append(' ', part('span', 'cut', cut));

  const aside = details.length === 0 ? '' : ` (${details.join(', ')})`;
  const below = cut === '' ? '' : `\n${cut}`;
  const line =
    shape === '' ? `${title} ${body}${aside}${below}` : `${title}${aside}\n${body}${below}`;
  if (pending.length === 0) requestAnimationFrame(flush);
  pending.push({ line: `${clock} ${line}`, node });
  // A hidden page draws no frames, so the bound holds here too.
  if (pending.length > MAX_ENTRIES) {
    pending.shift();
    dropped += 1;
  }
}

/**
 * @param {string} tag
 * @param {string} className
 * @param {string} text
 */
function part(tag, className, text) {
  const node = document.createElement(tag);
  node.className = className.trim();
  node.textContent = text;
  return node;
}

function flush() {
  const follow = atBottom();
  ui.log.append(...pending.map(({ node }) => node));
  entries.push(...pending);
  pending = [];
  const excess = entries.splice(0, Math.max(0, entries.length - MAX_ENTRIES));
  for (const { node } of excess) node.remove();
  dropped += excess.length;
  const more = dropped === 0 ? '' : `, ${dropped.toLocaleString('en')} older dropped`;
  ui.count.textContent = entries.length === 0 ? '' : `${count(entries.length, 'event')}${more}`;
  if (follow) ui.log.scrollTop = ui.log.scrollHeight;
  ui.newest.hidden = atBottom();
}

function atBottom() {
  return ui.log.scrollHeight - ui.log.scrollTop - ui.log.clientHeight < 8;
}

function clear() {
  pending = [];
  entries = [];
  dropped = 0;
  ui.log.textContent = '';
  flush();
}

async function copy() {
  flush();
  const text = `${entries.map(({ line }) => line).join('\n')}\n`;
  try {
    // Only pages from https or localhost have a clipboard.
    if (isSecureContext) await navigator.clipboard.writeText(text);
    else copyBySelection(text);
    ui.copy.textContent = 'Copied';
  } catch {
    ui.copy.textContent = 'Not copied';
  }
  setTimeout(() => {
    ui.copy.textContent = 'Copy';
  }, 2000);
}

/** @param {string} text */
function copyBySelection(text) {
  const area = document.createElement('textarea');
  area.className = 'visually-hidden';
  area.value = text;
  document.body.append(area);
  area.select();
  const done = document.execCommand('copy');
  area.remove();
  ui.copy.focus();
  if (!done) throw new Error('the browser refused');
}

// Words and numbers -------------------------------------------------------------------------------------------------

/**
 * @param {number} n
 * @param {string} noun
 */
function count(n, noun) {
  return `${n.toLocaleString('en')} ${noun}${n === 1 ? '' : 's'}`;
}

/** @param {number} ms */
function duration(ms) {
  if (ms < 1000) return `${ms.toFixed(1)} ms`;
  if (ms < 60_000) return `${(ms / 1000).toFixed(2)} s`;
  const seconds = Math.round(ms / 1000);
  return `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
}

/** Local time, as 09:05:03.007. @param {Date} date */
function timeOfDay(date) {
  const hms = [date.getHours(), date.getMinutes(), date.getSeconds()].map((n) =>
    String(n).padStart(2, '0'),
  );
  return `${hms.join(':')}.${String(date.getMilliseconds()).padStart(3, '0')}`;
}

// What the user does ------------------------------------------------------------------------------------------------

/**
 * Says below the inputs what is wrong, and marks the one it is about.
 * @param {HTMLElement} place
 * @param {string | undefined} problem
 * @param {HTMLElement[]} inputs
 * @param {HTMLElement} [culprit]
 */
function show(place, problem, inputs, culprit) {
  place.textContent = problem ?? '';
  for (const input of inputs) {
    input.setAttribute('aria-invalid', String(problem !== undefined && input === culprit));
  }
}

function showMode() {
  const chosen = mode();
  for (const name of ['text', 'hex', 'file']) {
    element(`pane-${name}`, HTMLElement).hidden = name !== chosen;
  }
  ui.keys.hidden = chosen === 'file';
  show(ui.messageProblem, undefined, [ui.hex, ui.file]);
  showSize();
}

function showSize() {
  if (mode() === 'text') {
    ui.size.textContent = count(new TextEncoder().encode(ui.text.value).length, 'octet');
  } else if (mode() === 'hex') {
    const octets = parseHex(ui.hex.value);
    ui.size.textContent = typeof octets === 'string' ? '– octets' : count(octets.length, 'octet');
  } else {
    ui.size.textContent = count(ui.file.files?.[0]?.size ?? 0, 'octet');
  }
}

ui.connection.onsubmit = (event) => {
  event.preventDefault();
  if (state === 'closed') connect();
  else if (state === 'connecting') cancel();
  else if (state === 'open') disconnect();
};

ui.composer.onsubmit = (event) => {
  event.preventDefault();
  submit();
};

ui.composer.oninput = (event) => {
  if (event.target instanceof HTMLInputElement && event.target.type === 'radio') showMode();
  if (ui.messageProblem.textContent !== '') show(ui.messageProblem, undefined, [ui.hex, ui.file]);
  showSize();
};

ui.closing.oninput = () => {
  if (ui.closeProblem.textContent === '') return;
  const problem = closeProblem();
  show(ui.closeProblem, problem?.message, [ui.code, ui.reason], problem?.field);
};

for (const area of [ui.text, ui.hex]) {
  area.onkeydown = (event) => {
    if (event.key !== 'Enter' || event.shiftKey) return;
    // While an input method composes, Enter ends the composition; Safari says so by the key code alone.
    if (event.isComposing || event.keyCode === 229) return;
    event.preventDefault();
    if (event.repeat) return;
    submit();
    // What was sent stays, selected: Enter sends it again, typing replaces it.
    if (ui.messageProblem.textContent === '') area.select();
  };
}

document.onkeydown = (event) => {
  if (event.key === 'Escape' && state === 'connecting') cancel();
  // An Enter that is held down would connect, cancel and connect again.
  if (event.key === 'Enter' && event.repeat && !event.shiftKey) event.preventDefault();
};

ui.clear.onclick = clear;
// Rejects never: the button says how it went.
ui.copy.onclick = () => void copy();
ui.log.onscroll = () => {
  ui.newest.hidden = atBottom();
};
ui.newest.onclick = () => {
  ui.log.scrollTop = ui.log.scrollHeight;
  ui.log.focus();
};

// A link may fill in the URL (test.html#url=ws://…); only a click connects to it.
const linked = new URLSearchParams(location.hash.slice(1)).get('url');
const host = location.host === '' ? 'localhost:8000' : location.host;
ui.url.value = linked ?? `${location.protocol === 'https:' ? 'wss' : 'ws'}://${host}/websocket`;
showMode();
