import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { selfSigned } from '../../../../test/support/certificate.ts';
import {
  closeCode,
  closeReason,
  dumpFile,
  headerField,
  interval,
  listOf,
  originValue,
  readCertificates,
  subprotocols,
  waitTime,
  wholeNumber,
} from '../../src/connect/option-values.ts';

const INVALID = expect.objectContaining({ code: 'commander.invalidArgument' });

describe('wholeNumber', () => {
  const read = wholeNumber(1, 1_000_000);

  it.each([
    ['1', 1],
    ['1000000', 1_000_000],
    ['1_000', 1_000],
    ['007', 7],
  ])('reads %s', (value, number) => {
    expect(read(value)).toBe(number);
  });

  it.each(['0', '1000001', '-1', '1.5', '1e3', '0x10', '', ' ', '_1', '1_', '1__0', 'NaN', '１'])(
    'refuses %j',
    (value) => {
      expect(() => read(value)).toThrow(INVALID);
    },
  );
});

describe('waitTime', () => {
  it.each([
    ['0', 0],
    ['2', 2_000],
    ['0.5', 500],
    ['86400', 86_400_000],
    ['-1', Infinity],
    ['forever', Infinity],
  ])('reads %s', (value, milliseconds) => {
    expect(waitTime(value)).toBe(milliseconds);
  });

  it.each(['-2', '86401', '1s', '.5', '1e9', '', 'never', 'Infinity'])('refuses %j', (value) => {
    expect(() => waitTime(value)).toThrow(INVALID);
  });
});

describe('interval', () => {
  it.each([
    ['0.01', 10],
    ['1', 1_000],
    ['86400', 86_400_000],
  ])('reads %s', (value, milliseconds) => {
    expect(interval(value)).toBe(milliseconds);
  });

  it.each(['0', '0.009', '-1', '86401', '1s', '.5', '', 'forever'])('refuses %j', (value) => {
    expect(() => interval(value)).toThrow(INVALID);
  });
});

describe('dumpFile', () => {
  it.each(['dump.txt', '/tmp/a b', 'C:\\dump', '8000', 'ws'])('takes %j for a file', (value) => {
    expect(dumpFile(value)).toBe(value);
  });

  it.each(['', 'ws://localhost', 'WSS://a', 'http://a', 'https://a', ':8000/x'])(
    'refuses %j, which is the URL',
    (value) => {
      expect(() => dumpFile(value)).toThrow(INVALID);
    },
  );
});

describe('listOf', () => {
  it('adds to those before', () => {
    expect(listOf('b', listOf('a'))).toEqual(['a', 'b']);
  });
});

describe('headerField', () => {
  it('reads name and value, and adds to those before', () => {
    const first = headerField('Authorization: Bearer a:b');
    expect(headerField('X-Empty:', first)).toEqual([
      ['Authorization', 'Bearer a:b'],
      ['X-Empty', ''],
    ]);
  });

  it.each([
    '',
    'no colon',
    ': value',
    'a b: c',
    'Ä: b',
    'X: a\r\nY: b',
    'X: a\0',
    'Sec-WebSocket-Protocol: chat',
    'Sec-WebSocket-Key: x',
  ])('refuses %j', (value) => {
    expect(() => headerField(value)).toThrow(
      expect.objectContaining({ name: 'CliError', exitCode: 2 }),
    );
  });

  it('S20 does not repeat what may be a password', () => {
    for (const value of ['Authorization Bearer SECRET', 'Authorization: SECRET\0']) {
      let said = '';
      try {
        headerField(value);
      } catch (error) {
        said = String(error);
      }
      expect(said).toMatch(/--header/);
      expect(said).not.toContain('SECRET');
    }
  });
});

describe('subprotocols', () => {
  it('B7 reads names by commas, and adds to those before', () => {
    expect(subprotocols('v2.chat', subprotocols('chat, superchat'))).toEqual([
      'chat',
      'superchat',
      'v2.chat',
    ]);
  });

  it.each(['', ',', 'chat,', 'a b', 'a/b', 'chät'])('refuses %j', (value) => {
    expect(() => subprotocols(value)).toThrow(INVALID);
  });
});

describe('originValue', () => {
  it.each(['https://example.com', 'http://localhost:8000', 'null', 'https://[::1]:1'])(
    'takes %s',
    (value) => {
      expect(originValue(value)).toBe(value);
    },
  );

  it.each([
    '',
    'example.com',
    'https://example.com/',
    'https://example.com/a',
    'https://a\r\nb',
    'https://a b',
  ])('refuses %j', (value) => {
    expect(() => originValue(value)).toThrow(INVALID);
  });
});

describe('closeCode', () => {
  it.each([1000, 1001, 1005, 1011, 3000, 4999])('takes %i', (code) => {
    expect(closeCode(`${code}`)).toBe(code);
  });

  it.each(['0', '999', '1004', '1006', '1015', '1016', '2999', '5000', '65536', 'normal', ''])(
    'refuses %j',
    (value) => {
      expect(() => closeCode(value)).toThrow(INVALID);
    },
  );
});

describe('closeReason', () => {
  it('takes 123 octets of UTF-8', () => {
    expect(closeReason(`${'é'.repeat(61)}x`)).toHaveLength(62);
    expect(() => closeReason('é'.repeat(62))).toThrow(INVALID);
  });
});

describe('readCertificates', () => {
  function file(content: string | Uint8Array): string {
    const folder = mkdtempSync(join(tmpdir(), 'meerkat-connect-'));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    const path = join(folder, 'ca');
    writeFileSync(path, content);
    return path;
  }

  it('reads PEM as it is, with all certificates that are there', () => {
    const both = selfSigned().cert + selfSigned().cert;
    expect(readCertificates(file(both))).toBe(both);
  });

  it('reads DER', () => {
    const { cert } = selfSigned();
    const der = Buffer.from(cert.replace(/-----.*-----/g, ''), 'base64');
    expect(readCertificates(file(der))).toBe(cert);
  });

  it.each([
    ['is not there', () => '/nowhere/ca.pem', 'no such file'],
    ['is a directory', () => tmpdir(), 'EISDIR'],
    ['holds a key', () => file(selfSigned().key), 'it holds no certificate'],
    ['is empty', () => file(''), 'it holds no certificate'],
    ['holds something else', () => file('hello'), 'it holds no certificate'],
  ])('refuses a file that %s', (_what, path, why) => {
    expect(() => readCertificates(path())).toThrow(
      expect.objectContaining({ exitCode: 2, message: expect.stringContaining(why) }),
    );
  });
});
