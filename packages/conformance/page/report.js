// The report's filter and the details of a case. Whatever a peer has sent goes into the page as text, never as markup.
(() => {
  const byId = (id) => document.getElementById(id);
  const rows = [...document.querySelectorAll('.cases tbody tr:not(.section)')];
  const dialog = byId('details');
  const body = byId('details-body');
  const wide = matchMedia('(min-width: 40rem)');
  /** What the cases have to tell; read when the first is opened. */
  let agents = [];
  let strings = [];

  /** An element with children; strings become text. */
  function element(name, attributes, ...children) {
    const made = document.createElement(name);
    for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
    made.append(...children);
    return made;
  }

  // --- Filter ---

  const filter = byId('filter');
  const search = byId('search');
  const haystacks = rows.map((row) => row.textContent.toLowerCase());
  const ids = rows.map((row) => row.querySelector('th').textContent);

  function matches(index, show, words) {
    const kinds = rows[index].dataset.is.split(' ');
    const shown =
      show === 'all' || kinds.includes(show) || (show === 'soft' && kinds.includes('failed'));
    if (!shown || words === '') return shown;
    const id = ids[index].toLowerCase();
    return (
      id === words ||
      id.startsWith(`${words}.`) ||
      (!/^[a-z]?[\d.]+$/.test(words) && haystacks[index].includes(words))
    );
  }

  function applyFilter() {
    const show = new FormData(filter).get('show');
    const words = search.value.trim().toLowerCase();
    let count = 0;
    for (const [index, row] of rows.entries()) {
      row.hidden = !matches(index, show, words);
      if (!row.hidden) count += 1;
    }
    for (const part of document.querySelectorAll('.cases tbody')) {
      part.hidden = part.querySelector('tr:not(.section):not([hidden])') === null;
    }
    byId('shown').textContent =
      count === rows.length ? `${count} cases` : `${count} of ${rows.length} cases`;
  }

  filter.hidden = false;
  filter.addEventListener('input', applyFilter);
  filter.addEventListener('submit', (event) => event.preventDefault());
  applyFilter();

  // --- A case ---

  function section(title, ...content) {
    return element('section', {}, element('h3', {}, title), ...content);
  }

  function list(places, none) {
    if (places.length === 0) return element('p', { class: 'quiet' }, none);
    return element('ol', {}, ...places.map((place) => element('li', {}, strings[place])));
  }

  function bullets(places) {
    return element('ul', {}, ...places.map((place) => element('li', {}, strings[place])));
  }

  const COLOURS = {
    OK: 'pass',
    INFORMATIONAL: 'info',
    'NON-STRICT': 'non-strict',
    UNIMPLEMENTED: 'unimplemented',
  };

  function verdict(name, word, reason) {
    const colour = COLOURS[word] ?? 'fail';
    const line = element('p', { class: `verdict ${colour}` }, `${name}: `, element('b', {}, word));
    if (reason !== '') line.append(element('br', {}), reason);
    return line;
  }

  function octetsOf(place) {
    return Uint8Array.from(atob(strings[place]), (character) => character.charCodeAt(0));
  }

  function hex(octets) {
    return [...octets].map((octet) => octet.toString(16).padStart(2, '0')).join(' ');
  }

  /** Rows of offset, hex and ASCII. */
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

  function time(at) {
    return element('time', {}, `${at} ms`);
  }

  function logRow([kind, at, ...rest]) {
    if (kind === 0) return element('li', { class: 'note' }, time(at), strings[rest[0]]);
    const mine = kind % 2 === 1;
    const who = element('span', { class: 'who' }, mine ? 'sent ' : 'received ');
    const item = element('li', { class: mine ? 'runner' : 'peer' }, time(at), who);
    if (kind < 3) {
      const [length, octets, words] = rest;
      item.append(strings[words], dump(octetsOf(octets), length));
      return item;
    }
    const [length, payload, header, words, bits, key, defect] = rest;
    item.append(element('span', {}, strings[words]));
    if (defect !== 0)
      item.append(element('div', { class: 'defect' }, `The peer ${strings[defect]}`));
    const [opcode, fin, rsv, masked] = strings[bits].split(' ');
    const reserved = Number(rsv).toString(2).padStart(3, '0');
    const mask = masked === '0' ? 'not masked' : `mask ${key === 0 ? '' : key}`;
    const names = [`opcode ${opcode}`, `FIN ${fin}`, `RSV ${reserved}`, mask, `length ${length}`];
    const fields = names.map((name) => element('span', {}, name));
    item.append(element('div', { class: 'fields' }, ...fields));
    item.append(element('div', { class: 'fields' }, `header ${hex(octetsOf(header))}`));
    if (length > 0) item.append(dump(octetsOf(payload), length));
    return item;
  }

  function head(title, places) {
    const lines = places.map((place) => strings[place]);
    const text = lines.length === 0 ? 'nothing' : lines.join('\n');
    return section(title, element('pre', { tabindex: '0' }, text));
  }

  function filled(result) {
    if (result.absent !== undefined) {
      return [element('p', {}, `This case was not run: ${strings[result.absent]}`)];
    }
    const [behavior, behaviorClose] = result.verdicts.map((place) => strings[place]);
    const [words, wordsClose] = result.words.map((place) => strings[place]);
    const found = result.findings.map((place) =>
      element('p', { class: 'verdict fail' }, element('b', {}, 'Finding '), strings[place]),
    );
    const expected = [
      ...(result.expected === undefined ? [] : [list(result.expected, 'No message.')]),
      ...(result.tolerated ?? []).flatMap((events) => [
        element('p', {}, 'Tolerated (NON-STRICT):'),
        list(events, 'No message.'),
      ]),
      element('p', {}, `Then ${strings[result.closing]}.`),
    ];
    return [
      section(
        'What is sent and expected',
        element('p', {}, strings[result.description]),
        element('p', { class: 'quiet' }, strings[result.rule]),
      ),
      section(
        'Verdicts',
        verdict('Behaviour', behavior, words),
        verdict('Close', behaviorClose, wordsClose),
        ...found,
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

  function current() {
    const given = location.hash;
    if (!given.startsWith(PREFIX)) return undefined;
    if (agents.length === 0) ({ agents, strings } = JSON.parse(byId('report-data').textContent));
    const [id, place] = given.slice(PREFIX.length).split('/');
    const agent = agents[Number(place)];
    if (agent === undefined || !Object.hasOwn(agent.cases, id)) return undefined;
    return { id, place: Number(place), agent, result: agent.cases[id] };
  }

  /** The case above or below that the filter shows and this agent has. */
  function neighbour({ id, agent }, step) {
    for (let at = ids.indexOf(id) + step; at >= 0 && at < ids.length; at += step) {
      if (!rows[at].hidden && Object.hasOwn(agent.cases, ids[at])) return ids[at];
    }
    return undefined;
  }

  function goTo(id, place) {
    history.replaceState(null, '', `${PREFIX}${id}/${place}`);
    show();
  }

  /** The same case of each agent. */
  function others({ id, place }) {
    const buttons = [];
    for (const [index, agent] of agents.entries()) {
      if (!Object.hasOwn(agent.cases, id)) continue;
      const { outcome = 'missing' } = agent.cases[id];
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
    byId('details-title').textContent = `Case ${chosen.id} · ${chosen.agent.name}`;
    body.replaceChildren(...others(chosen), ...filled(chosen.result));
    for (const [button, step] of [
      ['previous', -1],
      ['next', 1],
    ]) {
      const id = neighbour(chosen, step);
      byId(button).disabled = id === undefined;
      byId(button).onclick = id === undefined ? null : () => goTo(id, chosen.place);
    }
    if (!dialog.open) dialog.showModal();
    dialog.scrollTop = 0;
  }

  byId('close').addEventListener('click', () => dialog.close());
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
