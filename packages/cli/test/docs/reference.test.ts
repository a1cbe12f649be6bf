// The pages of docs/reference that are made of what the program knows: codes and limits.
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { CLOSE_CODES, CONNECTION_RANGES, DEFAULT_CONNECTION_NUMBERS } from 'meerkat';
import { handshakeCodes, usageCodes, violationCodes } from 'meerkat/protocol';
import { describe, expect, it } from 'vitest';
import {
  cell,
  codeSpans,
  expectGenerated,
  read,
  rowsBelow,
  table,
} from '../../../../test/support/doc-page.ts';
import { root } from '../../../../test/support/program.ts';
import { CLOSE_CODE_EXPLANATIONS, ERROR_EXPLANATIONS } from '../../src/explain/explanation.ts';
import { HTTP_SERVER_OPTIONS } from '../../src/serve/http-server-options.ts';

const firstCells = (page: string): string[] =>
  read(page)
    .split('\n')
    .flatMap((line) => /^\| `([\w-]+)` \|/.exec(line)?.slice(1) ?? []);

describe('docs/reference/errors.md', () => {
  const page = 'docs/reference/errors.md';
  const of = (kind: string) => ERROR_EXPLANATIONS.filter((one) => one.kind === kind);
  const advice = (remedies: readonly string[]): string => cell(remedies.join(' '));

  it('has the rules and limits that a peer breaks as they are in the code', () => {
    expectGenerated(
      page,
      'violations',
      table(
        ['code', 'close code', 'what was wrong', 'rule', 'option', 'what to do'],
        of('violation').map(({ code, closeCode, name, source, limit, remedies }) => [
          `\`${code}\``,
          `${closeCode}`,
          cell(name),
          source,
          limit === undefined ? '' : `\`${limit}\``,
          advice(remedies),
        ]),
      ),
    );
  });

  it('has the handshakes that fail as they are in the code', () => {
    const rows = (answered: boolean) =>
      of('handshake')
        .filter(({ status }) => (status !== undefined) === answered)
        .map(({ code, status, name, source, remedies }) => [
          `\`${code}\``,
          ...(answered ? [`${status}`] : []),
          cell(name),
          source === 'meerkat' ? '' : source,
          advice(remedies),
        ]);
    const rest = ['what was wrong', 'rule', 'what to do'];
    expectGenerated(page, 'refusals', table(['code', 'status', ...rest], rows(true)));
    expectGenerated(page, 'failed dials', table(['code', ...rest], rows(false)));
  });

  it('has the wrong uses of the library as they are in the code', () => {
    expectGenerated(
      page,
      'usage',
      table(
        ['code', 'what was wrong', 'what to do'],
        of('usage').map(({ code, name, remedies }) => [
          `\`${code}\``,
          cell(name),
          advice(remedies),
        ]),
      ),
    );
  });

  it('lists exactly the codes that there are', () => {
    const codes = [...violationCodes, ...handshakeCodes, ...usageCodes];
    const more = ['MEERKAT_CONNECTION_CLOSED'];
    expect(
      firstCells(page)
        .filter((name) => /^(?:WS|MEERKAT)_/.test(name))
        .sort(),
    ).toEqual([...codes, ...more].sort());
  });
});

describe('docs/reference/close-codes.md', () => {
  const page = 'docs/reference/close-codes.md';

  it('has the registry as it is in the code', () => {
    const rows = CLOSE_CODE_EXPLANATIONS.map(
      ({ code, name, mayBeSent, sentBy = '', meaning, source }) => [
        code,
        cell(name),
        mayBeSent === true ? 'yes' : 'no',
        cell(sentBy),
        cell(meaning),
        source,
      ],
    );
    const head = ['code', 'name', 'in a Close frame', 'who sends it', 'meaning', 'defined in'];
    expectGenerated(page, 'close codes', table(head, rows));
  });

  it('has the registered codes of libraries as they are in the code', () => {
    const rows = CLOSE_CODE_EXPLANATIONS.flatMap(({ registered = [] }) =>
      registered.map(({ code, name, meaning }) => [`${code}`, cell(name), cell(meaning)]),
    );
    expectGenerated(page, 'registered codes', table(['code', 'name', 'meaning'], rows));
  });

  it('lists every code that has a name', () => {
    const documented = rowsBelow(read(page), 'The registry').map(([code]) => Number(code));
    expect(documented.filter((code) => Number.isInteger(code))).toEqual(
      CLOSE_CODES.map(({ code }) => code),
    );
  });

  it('names what meerkat sends only with codes that may be sent', () => {
    const sent = rowsBelow(read(page), 'What meerkat sends').map(([code]) => Number(code));
    const sendable = CLOSE_CODES.filter(({ onTheWire }) => onTheWire).map(({ code }) => code);
    expect(sent.length).toBeGreaterThan(5);
    expect(sent.filter((code) => !sendable.includes(code as (typeof sendable)[number]))).toEqual(
      [],
    );
  });
});

describe('docs/reference/limits.md', () => {
  const page = 'docs/reference/limits.md';
  const number = (text = ''): number => Number((codeSpans(text)[0] ?? '').replaceAll('_', ''));

  it('has every limit of a connection with its default', () => {
    const rows = rowsBelow(read(page), 'Of each connection');
    const said = Object.fromEntries(
      rows.map(([name = '', , value]) => [codeSpans(name)[0], number(value)]),
    );
    expect(said).toEqual(DEFAULT_CONNECTION_NUMBERS);
    expect(Object.keys(said).sort()).toEqual(Object.keys(CONNECTION_RANGES).sort());
  });

  it('has every time and size of the HTTP servers that serve makes', () => {
    const rows = rowsBelow(read(page), 'Of the HTTP servers that meerkat serve makes');
    const said = rows.map(([name = '', , value]) => [codeSpans(name)[0], number(value)] as const);
    const numbers = Object.entries(HTTP_SERVER_OPTIONS).filter(
      ([, value]) => typeof value === 'number',
    );
    expect(Object.fromEntries(said)).toEqual(Object.fromEntries(numbers));
  });

  // Constants of the sources that bound what a peer can do. Named in the page's last column as FILE: CONSTANT.
  const folders = ['packages/meerkat/src', 'packages/cli/src/serve'];
  const constants = folders.flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true })
      .map((name) => `${folder}/${String(name).replaceAll('\\', '/')}`)
      .filter((file) => file.endsWith('.ts'))
      .flatMap((file) =>
        [
          ...read(file).matchAll(
            /^(?:export )?const (\w*(?:MAX|TIMEOUT|LINGER)\w*)(?:: \w+)? = ([\d_ *]+);/gm,
          ),
        ].map(([, name = '', value = '']) => ({
          file,
          name,
          value: value
            .replaceAll('_', '')
            .split('*')
            .filter((factor) => factor.trim() !== '')
            .reduce((product, factor) => product * Number(factor), 1),
        })),
      ),
  );
  /** Sizes of our own memory, ranges of options, widths of what is printed: no peer meets them. */
  const NOT_FOR_PEERS = [
    'MAX_MILLISECONDS',
    'MAX_FREE_SLABS',
    'MAX_HEADER',
    'MAX_TEXT',
    'MAX_VARIANTS',
  ];

  it('has every limit that is a constant of the sources', () => {
    const rows = rowsBelow(read(page), 'Without an option');
    const said = rows.map(([, value, , where = '']) => ({
      names: codeSpans(where),
      value: number(value),
    }));
    expect(said.filter(({ names }) => names.length === 0)).toEqual([]);
    const wrong = said.flatMap(({ names, value }) =>
      names.filter((name) => !constants.some((one) => one.name === name && one.value === value)),
    );
    expect(wrong).toEqual([]);
    const documented = new Set([...said.flatMap(({ names }) => names), ...NOT_FOR_PEERS]);
    expect(constants.filter(({ name }) => !documented.has(name))).toEqual([]);
  });

  it('says how long a file that nobody takes is kept', () => {
    const [, value] = /stallTimeout \?\? ([\d_]+)/.exec(
      read('packages/cli/src/serve/static-files.ts'),
    ) ?? ['', 'nowhere in the source'];
    expect(codeSpans(read(page))).toContain(value);
  });
});
