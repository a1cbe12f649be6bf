import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readScenario } from '../../../src/bench/scenario/read-scenario.ts';
import { ScenarioError } from '../../../src/bench/scenario/source-node.ts';

const read = (text: string, env: Record<string, string> = {}) => readScenario(text, env);

const WHOLE = `
name: a chat
before:
  - connect: /chat?name=\${user}
steps:
  - send: hello
  - send: { json: { text: hi, to: [1, null, true] } }
  - send: { hex: "00 ff" }
  - send: { size: 4k, binary: true }
  - expect
  - expect: hello
  - expect: { match: '^welcome (?<id>\\d+) \${user}$', timeout: 2s, skip: true }
  - expect: { json: { ok: true }, capture: { token: session.token } }
  - expect: { echo: true }
  - expect: { hex: 00ff }
  - wait: 500ms
  - wait: [10ms, 1s]
  - repeat:
      times: 3
      steps:
        - send: 'pass \${pass} of \${iteration}: \${token} \${id} \${env.KEY}'
`;

describe('a scenario', () => {
  it('is read whole, with its units', () => {
    expect(read(WHOLE, { KEY: 'k' })).toEqual({
      name: 'a chat',
      before: [{ connect: { path: `/chat?name=\${user}` } }],
      steps: [
        { send: { text: 'hello' } },
        { send: { json: { text: 'hi', to: [1, null, true] } } },
        { send: { hex: '00ff' } },
        { send: { size: 4_096, binary: true } },
        { expect: {} },
        { expect: { text: 'hello' } },
        {
          expect: { match: `^welcome (?<id>\\d+) \${user}$`, timeout: 2_000, skip: true },
        },
        { expect: { json: { ok: true }, capture: { token: 'session.token' } } },
        { expect: { echo: true } },
        { expect: { hex: '00ff' } },
        { wait: 500 },
        { wait: [10, 1_000] },
        {
          repeat: {
            times: 3,
            steps: [
              { send: { text: `pass \${pass} of \${iteration}: \${token} \${id} \${env.KEY}` } },
            ],
          },
        },
      ],
    });
  });

  it('may be JSON, with tabs', () => {
    const text =
      '{\n\t"steps": [\n\t\t"connect",\n\t\t{ "send": "a" },\n\t\t{ "close": 3000 }\n\t]\n}\n';
    expect(read(text)).toEqual({
      name: '',
      steps: [{ connect: {} }, { send: { text: 'a' } }, { close: { code: 3000 } }],
    });
  });

  it('takes connect and close in all their forms', () => {
    const text = `
steps:
  - connect: { path: ?room=1, subprotocols: [chat, v2.chat], headers: { Authorization: "Bearer x" } }
  - expect: { close: 1005 }
  - connect:
  - close: { code: 1001, reason: bye }
  - connect
  - close
`;
    expect(read(text).steps).toEqual([
      {
        connect: {
          path: '?room=1',
          subprotocols: ['chat', 'v2.chat'],
          headers: { Authorization: 'Bearer x' },
        },
      },
      { expect: { close: 1005 } },
      { connect: {} },
      { close: { code: 1001, reason: 'bye' } },
      { connect: {} },
      { close: {} },
    ]);
  });

  it('resolves aliases', () => {
    const text = 'steps:\n  - send: &one { text: x }\n  - send: *one\n';
    expect(read(text).steps).toEqual([{ send: { text: 'x' } }, { send: { text: 'x' } }]);
  });
});

/** As many lines as fit. */
function lines(line: (at: number) => string): string {
  return Array.from({ length: 15_000 }, (_, at) => line(at)).join('\n');
}

/** One step in a file of its own, in line 2. */
const step = (text: string): string => `steps:\n  - ${text}\n`;

describe('a scenario that is wrong is refused with line, place and what was expected:', () => {
  it.each([
    ['nothing', '', 'the file is empty: it needs "steps:", a list'],
    ['no YAML', 'steps:\n  - a: [1\n', /^line \d: this is neither YAML nor JSON: /],
    ['no steps', 'name: x\n', 'line 1: "steps:" is missing, a list of what a user does'],
    [
      'another field',
      'steps: [connect]\nnmae: x\n',
      'line 2: there is no "nmae"; did you mean "name"?',
    ],
    [
      'steps that are no list',
      'steps: connect\n',
      'line 1, steps: it is a list: each step begins with "- "',
    ],
    ['an empty list', 'steps: []\n', 'line 1, steps: the list is empty'],
    [
      'an unknown step',
      step('sned: x'),
      'line 2, step 1: there is no "sned"; did you mean "send"?',
    ],
    [
      'two steps in one',
      step('send: x\n    expect: x'),
      'line 2, step 1: send and expect are steps of their own: each begins with "- "',
    ],
    ['a number for text', step('send: 5'), /^line 2, step 1, send: it is text, or one of/],
    [
      'a number for text, deeper',
      step('send:\n      text: 5'),
      'line 3, step 1, send.text: it is text: write "5" in quotes',
    ],
    [
      'two kinds of message',
      step('send: { text: a, hex: "00" }'),
      'line 2, step 1, send: it has exactly one of text, json, hex, size',
    ],
    [
      'two expectations',
      step('expect: { text: a, echo: true }'),
      'line 2, step 1, expect: it has text and echo: a message is one of them',
    ],
    [
      'another field of expect',
      step('expect:\n      text: a\n      timeuot: 2s'),
      'line 4, step 1, expect: there is no "timeuot"; did you mean "timeout"?',
    ],
    ['a time without unit', step('wait: 5'), /^line 2, step 1, wait: it is a time with its unit/],
    [
      'a range the wrong way round',
      step('wait: [2s, 1s]'),
      'line 2, step 1, wait.2: it is less than the one before',
    ],
    ['half an octet', step('send: { hex: "0" }'), /^line 2, step 1, send\.hex: it is hex digits/],
    [
      'hex that YAML reads as a number',
      step('send: { hex: 11 }'),
      /^line 2, step 1, send\.hex: it is hex digits in quotes/,
    ],
    ['a code of nobody', step('close: 1006'), /^line 2, step 1, close: a close code that may be/],
    [
      'another host',
      step('connect: //example.com/'),
      /^line 2, step 1, connect: a path begins with one/,
    ],
    [
      'a whole URL',
      step('connect: ws://example.com/'),
      /^line 2, step 1, connect: a path begins with \//,
    ],
    [
      'a name that stands for nothing',
      step(`send: hello \${usr}`),
      `line 2, step 1, send: \${usr} stands for nothing here; there are user, iteration, pass, env.NAME`,
    ],
    ['no name', step(`send: hello \${`), /^line 2, step 1, send: \$\{ is no variable/],
    [
      'an environment without it',
      step(`connect: { headers: { Cookie: "\${env.SESSION}" } }`),
      `line 2, step 1, connect.headers.Cookie: \${env.SESSION}: there is no SESSION in the environment`,
    ],
    [
      'a regular expression that is none',
      step("expect: { match: '(' }"),
      /^line 2, step 1, expect\.match: it is no regular expression: /,
    ],
    [
      'a capture that hides what is there',
      step("expect: { match: '(?<user>.)' }"),
      'line 2, step 1, expect.match: "user" has a meaning already: take another name',
    ],
    [
      'a capture out of text',
      step('expect: { text: a, capture: { id: id } }'),
      'line 2, step 1, expect.capture: it takes values out of JSON: it goes with json, or alone, not with text',
    ],
    [
      'a repeat of nothing',
      step('repeat: { times: 0, steps: [connect] }'),
      'line 2, step 1, repeat.times: it is a whole number from 1 to 1000000000',
    ],
    [
      'a step within a repeat',
      step('repeat:\n      times: 2\n      steps:\n        - connect\n        - wait: 1'),
      /^line 6, step 1\.2, wait: it is a time/,
    ],
    [
      'a connection a turn beside "before"',
      'before: [connect]\nsteps:\n  - close\n',
      'line 3, steps: step 1 (close): with "before" the connection stays from turn to turn; leave close out, or "before"',
    ],
    ['a field twice', 'steps: [connect]\nsteps: [connect]\n', 'line 2: "steps" stands there twice'],
    ['values without end', `a: &a [x,x,x,x,x,x,x,x,x,x]\n`, /^line 1: there is no "a"/],
  ])('%s', (_what, text, words) => {
    const attempt = (): unknown => read(text);
    expect(attempt).toThrow(ScenarioError);
    expect(attempt).toThrow(typeof words === 'string' ? new RegExp(`^${escaped(words)}$`) : words);
  });

  it('aliases that multiply', () => {
    const lines = ['steps:', '  - send:', '      json:', '        a: &a [x,x,x,x,x,x,x,x,x,x]'];
    for (const [at, name] of ['b', 'c', 'd', 'e', 'f', 'g'].entries()) {
      const before = 'abcdef'[at];
      lines.push(`        ${name}: &${name} [${Array(10).fill(`*${before}`).join(',')}]`);
    }
    expect(() => read(lines.join('\n'))).toThrow('there are more than 50000 values');
  });

  it('a name that stands there twice', () => {
    const text = 'steps:\n  - send:\n      text: a\n      text: b\n';
    expect(() => read(text)).toThrow('line 4, step 1, send: "text" stands there twice');
  });

  it.each([
    ['names', `steps:\n  - send:\n      json:\n${lines((at) => `        k${at}: 1`)}`, undefined],
    [
      'aliases',
      `steps:\n  - send: { json: &a 1 }\n  - send:\n      json:\n${lines(() => '      - *a')}`,
      undefined,
    ],
    ['brackets', '['.repeat(200_000), 'line 1: there are too many values within values'],
    ['lists in lists', '- '.repeat(100_000), 'line 1: there are too many values within values'],
  ])('is read in a time that its length explains: very many %s', (_what, text, words) => {
    const before = process.cpuUsage();
    if (words === undefined) read(text);
    else expect(() => read(text)).toThrow(words);
    const { user, system } = process.cpuUsage(before);
    expect((user + system) / 1e6).toBeLessThan(8);
  });

  it('an alias to what it stands in', () => {
    expect(() => read('steps:\n  - send: { json: &a [*a] }\n')).toThrow(ScenarioError);
  });

  it('a file that is too long', () => {
    expect(() => read(`#${' '.repeat(2 ** 18)}`)).toThrow('at most 262144 octets');
  });
});

it('any text is read, or refused with words', () => {
  fc.assert(
    fc.property(
      fc.oneof(
        fc.string(),
        fc.string().map((text) => `steps:\n - ${text}`),
      ),
      (text) => {
        try {
          read(text);
        } catch (error) {
          if (!(error instanceof ScenarioError)) throw error;
        }
      },
    ),
  );
});

function escaped(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&');
}
