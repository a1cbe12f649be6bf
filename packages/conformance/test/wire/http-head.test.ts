import { describe, expect, it } from 'vitest';
import {
  type HeadProgress,
  HeadReader,
  listOf,
  parseHead,
  shown,
  splitExtensions,
  statusLineOf,
  valuesOf,
  type WholeHead,
} from '../../src/wire/http-head.ts';

const HEAD = 'HTTP/1.1 101 Switching\r\nUpgrade: websocket\r\nX-Twice: a\r\nx-twice:\t b \r\n\r\n';

function push(text: string, size: number, reader = new HeadReader('response')): HeadProgress {
  let progress: HeadProgress = 'more';
  const octets = Buffer.from(text, 'latin1');
  for (let at = 0; at < octets.length && progress === 'more'; at += size) {
    progress = reader.push(octets.subarray(at, at + size));
  }
  return progress;
}

function whole(progress: HeadProgress): WholeHead {
  if (typeof progress === 'string') throw new Error(progress);
  return progress;
}

describe('reading a head', () => {
  it.each([1, 2, 3, 5, 7, 1000])('gives the same in pieces of %i octets', (size) => {
    const { head, text } = whole(push(`${HEAD}\x81\x02hi`, size));
    expect(text).toBe(HEAD);
    expect(head.startLine).toBe('HTTP/1.1 101 Switching');
    expect(head.lines).toEqual([
      ['Upgrade', 'websocket'],
      ['X-Twice', 'a'],
      ['x-twice', 'b'],
    ]);
    expect(head).toMatchObject({ bareLf: false, oddities: [] });
  });

  it('keeps what follows the head, wherever the cut is', () => {
    const octets = Buffer.from(`${HEAD}\x81\x02hi`, 'latin1');
    for (let at = 0; at <= octets.length; at += 1) {
      const reader = new HeadReader('response');
      const first = reader.push(octets.subarray(0, at));
      const rest = typeof first === 'string' ? [] : [first.rest];
      if (typeof first === 'string') rest.push(whole(reader.push(octets.subarray(at))).rest);
      else rest.push(octets.subarray(at));
      expect(Buffer.concat(rest).toString('latin1')).toBe('\x81\x02hi');
    }
  });

  it('ends at an empty line of LF alone, and says so', () => {
    expect(whole(push('HTTP/1.1 200 OK\nA: b\n\nbody', 1)).head).toMatchObject({
      bareLf: true,
      lines: [['A', 'b']],
    });
    expect(whole(push('HTTP/1.1 200 OK\r\nA: b\n\r\n', 4)).head.bareLf).toBe(true);
  });

  it('gives up at its bound, and not an octet before', () => {
    const reader = (): HeadReader => new HeadReader('response', HEAD.length);
    expect(whole(push(HEAD, 7, reader())).text).toBe(HEAD);
    const long = reader();
    expect(push(HEAD.replace('101', '1011'), 7, long)).toBe('too long');
    expect(long.text.length).toBe(HEAD.length);
    expect(push('HTTP/1.1 200 OK\r\n'.padEnd(100_000, 'a'), 100_000)).toBe('too long');
  });

  it.each(['\x81\x02hi', 'SSH-2.0-meerkat\r\n', 'HTTQ', '\r\nHTTP/1.1 200 OK'])(
    'sees at once that %j is no answer',
    (text) => {
      expect(push(text, 1)).toBe('not HTTP');
    },
  );

  it('passes over empty lines in front of a request (RFC 9112 §2.2)', () => {
    const reader = new HeadReader('request');
    const { head, text } = whole(push('\r\n\nGET / HTTP/1.1\r\nHost: a\r\n\r\n', 1, reader));
    expect(head.startLine).toBe('GET / HTTP/1.1');
    expect(text).toBe('\r\n\nGET / HTTP/1.1\r\nHost: a\r\n\r\n');
    expect(push('\r\n'.repeat(40_000), 1000, new HeadReader('request'))).toBe('too long');
  });

  it('takes linear time for hostile heads', () => {
    const hostile = [
      `HTTP/1.1 200 OK\r\nA: ${' '.repeat(65_000)}x`,
      `HTTP/1.1 200 OK\r\nA: ${'"\\'.repeat(32_000)}`,
      `HTTP/1.1 200 OK\r\n${'\r'.repeat(65_000)}`,
      `HTTP/1.1 200 OK\r\n${':\r\n'.repeat(20_000)}`,
    ];
    // Quadratic work would take these past the test's time limit.
    for (let round = 0; round < 20; round += 1) {
      for (const text of hostile) {
        expect(push(text, 500)).toBe('more');
        expect(splitExtensions(valuesOf(parseHead(text), 'A')).length).toBeLessThan(3);
      }
    }
  });
});

describe('what is odd about a head (RFC 9112 §5)', () => {
  it.each([
    ['a folded line', 'A: b\r\n\tc\r\n', 'folds a header field over two lines'],
    ['a line without a colon', 'Abc\r\n', 'sends a header line without a colon'],
    ['a blank in front of the colon', 'A : b\r\n', 'sends a field whose name is no token'],
    ['NUL', 'A: b\0c\r\n', 'sends NUL or CR in a field'],
    ['CR', 'A: b\rc\r\n', 'sends NUL or CR in a field'],
  ])('names %s', (_title, line, oddity) => {
    expect(parseHead(`HTTP/1.1 200 OK\r\n${line}\r\n`).oddities).toEqual([oddity]);
  });

  it('puts a folded value together', () => {
    const head = parseHead('HTTP/1.1 200 OK\r\n x\r\nA: b\r\n  c\r\n\r\n');
    expect(valuesOf(head, 'a')).toEqual(['b c']);
  });
});

describe('a status line', () => {
  it.each([
    ['HTTP/1.1 101 Switching Protocols', { version: 'HTTP/1.1', status: 101 }],
    ['HTTP/1.0 200', { version: 'HTTP/1.0', status: 200, reason: '' }],
    ['HTTP/2 404 ', { version: 'HTTP/2', status: 404, reason: '' }],
    ['HTTP/1.1 20 OK', undefined],
    ['HTTP/1.1  200 OK', undefined],
    ['HTTP/1.1 2000', undefined],
    ['', undefined],
  ])('%j', (line, expected) => {
    const parsed = statusLineOf(parseHead(`${line}\r\n\r\n`));
    if (expected === undefined) expect(parsed).toBeUndefined();
    else expect(parsed).toMatchObject(expected);
  });
});

describe('the elements of a field', () => {
  it('come from all of its lines, without empty ones (RFC 9110 §5.6.1)', () => {
    const head = parseHead('A / B\r\nConnection: ,keep-alive,\r\nCONNECTION: Upgrade ,\r\n\r\n');
    expect(listOf(head, 'connection')).toEqual(['keep-alive', 'Upgrade']);
    expect(listOf(head, '__proto__')).toEqual([]);
  });

  it.each([
    ['a; b=1, c', ['a; b=1', 'c']],
    ['a; b="1, 2", c', ['a; b="1, 2"', 'c']],
    ['a; b="\\", ", c', ['a; b="\\", "', 'c']],
    ['a; b="1, c', ['a; b="1, c']],
    [', ,', []],
  ])('of extensions %j', (value, elements) => {
    expect(splitExtensions([value])).toEqual(elements);
  });
});

it('shows octets of a peer without letting any act on a terminal', () => {
  expect(shown('a\x1b[31m\x9b\r\n\xff')).toBe('"a\\x1b[31m\\x9b\\x0d\\x0a\\xff"');
  expect(shown('a'.repeat(100))).toBe(`"${'a'.repeat(80)}…"`);
});
