import { describe, expect, it } from 'vitest';
import { createLog } from '../../src/serve/log.ts';
import type { LogSettings } from '../../src/serve/log-settings.ts';
import type { ServeEvent } from '../../src/serve/serve-event.ts';

function log(settings: Partial<LogSettings> = {}): {
  logger: ReturnType<typeof createLog>;
  lines: string[];
} {
  const lines: string[] = [];
  const logger = createLog({
    level: 'info',
    format: 'json',
    colours: false,
    write: (line) => void lines.push(line),
    ...settings,
  });
  return { logger, lines };
}

const REQUEST: ServeEvent = {
  event: 'request',
  id: 4,
  remote: '127.0.0.1:59668',
  method: 'GET',
  url: '/rest',
  status: 200,
  octets: 16,
  ms: 1.5,
  aborted: false,
};
// biome-ignore lint/suspicious/noControlCharactersInRegex: finding them is its purpose
const CONTROLS = /[\0-\x09\x0b-\x1f\x7f-\x9f\u202e]/;
const HOSTILE = 'a\x1b]0;owned\x07\r\n\u202eb\x9b31m';

describe('the log as lines of JSON', () => {
  it('has one object a line, with level, time and the fields of the event', () => {
    const { logger, lines } = log();
    logger.info(REQUEST, REQUEST.event);
    logger.warn('careful');
    expect(
      lines.every((line) => line.endsWith('}\n') && line.indexOf('\n') === line.length - 1),
    ).toBe(true);
    const [first, second] = lines.map((line) => JSON.parse(line));
    expect(first).toMatchObject({ ...REQUEST, level: 30, time: expect.any(Number) });
    expect(second).toMatchObject({ level: 40, msg: 'careful' });
  });

  it('has no control character of an error in it, and its code, message and stack', () => {
    const { logger, lines } = log();
    logger.error({ err: Object.assign(new Error(HOSTILE), { code: 'E_HOSTILE' }) }, 'WebSocket');
    const [line = ''] = lines;
    const { err } = JSON.parse(line);
    expect(line).not.toMatch(CONTROLS);
    expect([err.message, err.stack].join('').replaceAll('\n', '')).not.toMatch(CONTROLS);
    expect(err).toMatchObject({ type: 'Error', code: 'E_HOSTILE' });
    expect(err.message).toContain('\\x1b]0;owned');
    expect(err.stack).toContain('log.test.ts');
  });
});

describe('what is thrown and is no error', () => {
  it.each([
    [null, 'null'],
    ['a string', 'a string'],
    [{ code: 'E' }, '[object Object]'],
  ])('%j is logged', (thrown, shown) => {
    for (const format of ['json', 'pretty'] as const) {
      const { logger, lines } = log({ format });
      logger.error({ err: thrown }, 'WebSocket');
      expect(lines.join('')).toContain(shown);
    }
  });
});

describe('the log for people', () => {
  it('tells an event in one line with the time of day, and nothing of the process', () => {
    const { logger, lines } = log({ format: 'pretty' });
    logger.info(REQUEST, REQUEST.event);
    expect(lines).toEqual([
      expect.stringMatching(
        /^\[\d\d:\d\d:\d\d\.\d{3}\] INFO: #4 127\.0\.0\.1:59668 GET \/rest: 200, 16 octets, 1\.5 ms\n$/,
      ),
    ]);
  });

  it('tells what went wrong, without control characters', () => {
    const { logger, lines } = log({ format: 'pretty' });
    const err = new Error(`no room ${HOSTILE}\n[00:00:00.000] INFO: forged`);
    logger.error({ err }, 'a request could not be answered');
    const [first, second, ...more] = lines.join('').split('\n');
    expect(first).toMatch(/ERROR: a request could not be answered: Error: no room a\\x1b.*forged$/);
    expect(second).toMatch(/^ {4}at .*log\.test\.ts/);
    for (const line of more) expect(line).toMatch(/^( {4}at .*)?$/);
    expect(lines.join('')).not.toMatch(CONTROLS);
  });

  it('has colours only when it is told so', () => {
    const [plain, coloured] = [log({ format: 'pretty' }), log({ format: 'pretty', colours: true })];
    for (const { logger } of [plain, coloured]) logger.info(REQUEST, REQUEST.event);
    expect(plain.lines.join('')).not.toContain('\x1b');
    expect(coloured.lines.join('')).toContain('\x1b[');
  });
});

describe('the levels of the log', () => {
  it.each([
    ['silent', []],
    ['error', ['error']],
    ['warn', ['error', 'warn']],
    ['info', ['error', 'warn', 'info']],
    ['debug', ['error', 'warn', 'info', 'debug']],
  ] as const)('%s lets through %j', (level, expected) => {
    const { logger, lines } = log({ level });
    logger.error('error');
    logger.warn('warn');
    logger.info('info');
    logger.debug('debug');
    expect(lines.map((line) => JSON.parse(line).msg)).toEqual(expected);
  });
});
