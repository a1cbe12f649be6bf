// @ts-check
// The report's filter and the details of a case. Whatever a peer has sent goes into the page as text, never as markup.
(() => {
  // What `src/report/html-details.ts` packs. A Place is one in `strings`.
  /** @typedef {number} Place */
  /** @typedef {[kind: 0, at: number, words: Place]} Note */
  /** @typedef {[kind: 1 | 2, at: number, length: number, octets: Place, words: Place]} Octets */
  /** @typedef {[kind: 3 | 4, at: number, length: number, payload: Place, header: Place, words: Place, bits: Place, key: string | 0, defect: Place]} Frame */
  /** @typedef {{ outcome?: undefined, absent: Place }} NotRun */
  /**
   * @typedef {{
   *   outcome: string, absent?: undefined, description: Place, rule: Place, verdicts: [Place, Place], words: [Place, Place],
   *   findings: Place[], notes: Place[], expected?: Place[], tolerated?: Place[][], received: Place[], closing: Place,
   *   facts: Place[], log: (Note | Octets | Frame)[], request: Place[], response: Place[],
   * }} Result
   */
  /** @typedef {{ name: string, cases: Record<string, NotRun | Result> }} Agent */
  /** @typedef {{ id: string, place: number, agent: Agent, result: NotRun | Result }} Chosen */

  /**
   * @template {HTMLElement} T
   * @param {string} id
   * @param {new () => T} type
   * @returns {T}
   */
  function byId(id, type) {
    const found = document.getElementById(id);
    if (!(found instanceof type)) throw new Error(`the page has no #${id}`);
    return found;
  }

  const dialog = byId('details', HTMLDialogElement);
  const title = byId('details-title', HTMLElement);
  const body = byId('details-body', HTMLElement);
  const wide = matchMedia('(min-width: 40rem)');
  /** What the cases have to tell; read when the first is opened. @type {Agent[]} */
  let agents = [];
  /** @type {string[]} */
  let strings = [];

  /** @param {Place} place */
  function said(place) {
    return strings[place] ?? '';
  }

  /**
   * An element with children; strings become text.
   *
   * @param {string} name
   * @param {Record<string, string>} attributes
   * @param {(string | Node)[]} children
   */
  function element(name, attributes, ...children) {
    const made = document.createElement(name);
    for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
    made.append(...children);
    return made;
  }

  // --- Filter ---

  const filter = byId('filter', HTMLFormElement);
  const search = byId('search', HTMLInputElement);
  const shown = byId('shown', HTMLElement);
  /** @type {NodeListOf<HTMLElement>} */
  const parts = document.querySelectorAll('.cases tbody');
  /** @type {NodeListOf<HTMLElement>} */
  const found = document.querySelectorAll('.cases tbody tr:not(.section)');
  const rows = [...found].map((row) => ({
    row,
    id: row.querySelector('th')?.textContent ?? '',
    kinds: row.dataset['is']?.split(' ') ?? [],
    text: row.textContent.toLowerCase(),
  }));

  /**
   * @param {(typeof rows)[number]} row
   * @param {FormDataEntryValue | null} show
   * @param {string} words
   */
  function matches({ id, kinds, text }, show, words) {
    const included =
      show === 'all' ||
      kinds.some((kind) => kind === show) ||
      (show === 'soft' && kinds.includes('failed'));
    if (!included || words === '') return included;
    const name = id.toLowerCase();
    return (
      name === words ||
      name.startsWith(`${words}.`) ||
      (!/^[a-z]?[\d.]+$/.test(words) && text.includes(words))
    );
  }

  function applyFilter() {
    const show = new FormData(filter).get('show');
    const words = search.value.trim().toLowerCase();
    let count = 0;
    for (const each of rows) {
      const included = matches(each, show, words);
      each.row.hidden = !included;
      if (included) count += 1;
    }
    for (const part of parts) {
      part.hidden = part.querySelector('tr:not(.section):not([hidden])') === null;
    }
    shown.textContent =
      count === rows.length ? `${count} cases` : `${count} of ${rows.length} cases`;
  }

  filter.hidden = false;
  filter.addEventListener('input', applyFilter);
  filter.addEventListener('submit', (event) => event.preventDefault());
  applyFilter();

  // --- A case ---

  /** @param {string} name @param {Node[]} content */
  function section(name, ...content) {
    return element('section', {}, element('h3', {}, name), ...content);
  }

  /** @param {Place[]} places @param {string} none */
  function list(places, none) {
    if (places.length === 0) return element('p', { class: 'quiet' }, none);
    return element('ol', {}, ...places.map((place) => element('li', {}, said(place))));
  }

  /** @param {Place[]} places */
  function bullets(places) {
    return element('ul', {}, ...places.map((place) => element('li', {}, said(place))));
  }

  /** @type {Readonly<Record<string, string>>} */
  const COLOURS = {
    OK: 'pass',
    INFORMATIONAL: 'info',
    'NON-STRICT': 'non-strict',
    UNIMPLEMENTED: 'unimplemented',
  };

  /** @param {string} name @param {string} word @param {string} reason */
  function verdict(name, word, reason) {
    const colour = COLOURS[word] ?? 'fail';
    const line = element('p', { class: `verdict ${colour}` }, `${name}: `, element('b', {}, word));
    if (reason !== '') line.append(element('br', {}), reason);
    return line;
  }

  /** @param {Place} place */
  function octetsOf(place) {
    return Uint8Array.from(atob(said(place)), (character) => character.charCodeAt(0));
  }

  /** @param {Uint8Array} octets */
  function hex(octets) {
    return [...octets].map((octet) => octet.toString(16).padStart(2, '0')).join(' ');
  }

  /** Rows of offset, hex and ASCII. @param {Uint8Array} octets @param {number} length */
  function dump(octets, length) {
    const width = wide.matches ? 16 : 8;
    const lines = [];
    for (let at = 0; at < octets.length; at += width) {
      const row = octets.subarray(at, at + width);
      const ascii = [...row]
        .map((octet) => (octet >= 32 && octet < 127 ? String.fromCharCode(octet) : '.'))
        .join('');
      lines.push(
        `${at.toString(16).padStart(2, '0')}  ${hex(row).padEnd(3 * width - 1)}  ${ascii}`,
      );
    }
    const left = length - octets.length;
    if (left > 0) lines.push(`    … and ${left} more`);
    return element('pre', { tabindex: '0' }, lines.join('\n'));
  }

  /** @param {number} at */
  function time(at) {
    return element('time', {}, `${at} ms`);
  }

  /** @param {Note | Octets | Frame} row */
  function logRow(row) {
    const at = time(row[1]);
    if (row.length === 3) return element('li', { class: 'note' }, at, said(row[2]));
    const mine = row[0] % 2 === 1;
    const who = element('span', { class: 'who' }, mine ? 'sent ' : 'received ');
    const item = element('li', { class: mine ? 'runner' : 'peer' }, at, who);
    if (row.length === 5) {
      const [, , length, octets, words] = row;
      item.append(said(words), dump(octetsOf(octets), length));
      return item;
    }
    const [, , length, payload, header, words, bits, key, defect] = row;
    item.append(element('span', {}, said(words)));
    if (defect !== 0) item.append(element('div', { class: 'defect' }, `The peer ${said(defect)}`));
    const [opcode, fin, rsv, masked] = said(bits).split(' ');
    const reserved = Number(rsv).toString(2).padStart(3, '0');
    const mask = masked === '0' ? 'not masked' : `mask ${key === 0 ? '' : key}`;
    const names = [`opcode ${opcode}`, `FIN ${fin}`, `RSV ${reserved}`, mask, `length ${length}`];
    const fields = names.map((name) => element('span', {}, name));
    item.append(element('div', { class: 'fields' }, ...fields));
    item.append(element('div', { class: 'fields' }, `header ${hex(octetsOf(header))}`));
    if (length > 0) item.append(dump(octetsOf(payload), length));
    return item;
  }

  /** @param {string} name @param {Place[]} places */
  function head(name, places) {
    const lines = places.map(said);
    const text = lines.length === 0 ? 'nothing' : lines.join('\n');
    return section(name, element('pre', { tabindex: '0' }, text));
  }

  /** @param {NotRun | Result} result */
  function filled(result) {
    if (result.absent !== undefined) {
      return [element('p', {}, `This case was not run: ${said(result.absent)}`)];
    }
    const [behavior, behaviorClose] = result.verdicts;
    const [words, wordsClose] = result.words;
    const findings = result.findings.map((place) =>
      element('p', { class: 'verdict fail' }, element('b', {}, 'Finding '), said(place)),
    );
    const expected = [
      ...(result.expected === undefined ? [] : [list(result.expected, 'No message.')]),
      ...(result.tolerated ?? []).flatMap((events) => [
        element('p', {}, 'Tolerated (NON-STRICT):'),
        list(events, 'No message.'),
      ]),
      element('p', {}, `Then ${said(result.closing)}.`),
    ];
    return [
      section(
        'What is sent and expected',
        element('p', {}, said(result.description)),
        element('p', { class: 'quiet' }, said(result.rule)),
      ),
      section(
        'Verdicts',
        verdict('Behaviour', said(behavior), said(words)),
        verdict('Close', said(behaviorClose), said(wordsClose)),
        ...findings,
      ),
      ...(result.notes.length === 0 ? [] : [section('Notes', bullets(result.notes))]),
      element(
        'div',
        { class: 'pair' },
        section('Expected', ...expected),
        section('Received', list(result.received, 'No message.')),
      ),
      section('On the wire', element('ol', { class: 'log' }, ...result.log.map(logRow))),
      section('The end', bullets(result.facts)),
      element(
        'div',
        { class: 'pair' },
        head('Request', result.request),
        head('Answer', result.response),
      ),
    ];
  }

  // --- Which one: the fragment says it, so that a case can be linked to ---

  const PREFIX = '#case-';
  const data = byId('report-data', HTMLElement);
  const previous = byId('previous', HTMLButtonElement);
  const next = byId('next', HTMLButtonElement);

  /** @returns {Chosen | undefined} */
  function current() {
    const given = location.hash;
    if (!given.startsWith(PREFIX)) return undefined;
    if (agents.length === 0) ({ agents, strings } = JSON.parse(data.textContent));
    const [id = '', place] = given.slice(PREFIX.length).split('/');
    const agent = agents[Number(place)];
    const result = agent === undefined ? undefined : caseOf(agent, id);
    if (agent === undefined || result === undefined) return undefined;
    return { id, place: Number(place), agent, result };
  }

  /** @param {Agent} agent @param {string} id */
  function caseOf({ cases }, id) {
    return Object.hasOwn(cases, id) ? cases[id] : undefined;
  }

  /**
   * The case above or below that the filter shows and this agent has.
   *
   * @param {Chosen} chosen
   * @param {1 | -1} step
   */
  function neighbour({ id, agent }, step) {
    let at = rows.findIndex((each) => each.id === id) + step;
    for (let each = rows[at]; each !== undefined; each = rows[at]) {
      if (!each.row.hidden && caseOf(agent, each.id) !== undefined) return each.id;
      at += step;
    }
    return undefined;
  }

  /** @param {string} id @param {number} place */
  function goTo(id, place) {
    history.replaceState(null, '', `${PREFIX}${id}/${place}`);
    show();
  }

  /** The same case of each agent. @param {Chosen} chosen */
  function others({ id, place }) {
    const buttons = [];
    for (const [index, agent] of agents.entries()) {
      const result = caseOf(agent, id);
      if (result === undefined) continue;
      const { outcome = 'missing' } = result;
      const made = element(
        'button',
        { type: 'button', class: outcome, 'aria-pressed': String(index === place) },
        `${agent.name} `,
        element('b', {}, outcome),
      );
      made.addEventListener('click', () => goTo(id, index));
      buttons.push(made);
    }
    return buttons.length < 2 ? [] : [element('div', { class: 'others' }, ...buttons)];
  }

  function show() {
    const chosen = current();
    if (chosen === undefined) {
      if (dialog.open) dialog.close();
      return;
    }
    title.textContent = `Case ${chosen.id} · ${chosen.agent.name}`;
    body.replaceChildren(...others(chosen), ...filled(chosen.result));
    offer(previous, neighbour(chosen, -1), chosen.place);
    offer(next, neighbour(chosen, 1), chosen.place);
    if (!dialog.open) dialog.showModal();
    dialog.scrollTop = 0;
  }

  /** @param {HTMLButtonElement} button @param {string | undefined} id @param {number} place */
  function offer(button, id, place) {
    button.disabled = id === undefined;
    button.onclick = id === undefined ? null : () => goTo(id, place);
  }

  byId('close', HTMLElement).addEventListener('click', () => dialog.close());
  dialog.addEventListener('click', (event) => {
    if (event.target === dialog) dialog.close(); // beside it
  });
  dialog.addEventListener('close', () => {
    if (current() !== undefined)
      history.replaceState(null, '', location.pathname + location.search);
  });
  addEventListener('hashchange', show);
  show();
})();
