import { describe, expect, it } from 'vitest';
import {
  asciiOctets,
  BASE64,
  matchesName,
  matching,
  skipBlanks,
  skipClass,
  TARGET,
  TOKEN,
  trimEnd,
  VALUE,
} from '../../../src/protocol/handshake/octet-classes.ts';

const octets = (text: string) => Uint8Array.from(Buffer.from(text, 'latin1'));

/** The characters of a class, of all there are. */
function membersOf(octetClass: number): string {
  return Array.from({ length: 256 }, (_, octet) => octet)
    .filter((octet) => skipClass(Uint8Array.of(octet), 0, 1, octetClass) === 1)
    .map((octet) => String.fromCharCode(octet))
    .join('');
}

describe('a class of octets', () => {
  const visible = Array.from({ length: 94 }, (_, at) => String.fromCharCode(0x21 + at)).join('');

  it('has the characters that RFC 9110 gives a token (§5.6.2)', () => {
    const letters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ';
    const wanted = `!#$%&'*+-.^_\`|~0123456789${letters}${letters.toLowerCase()}`;
    expect(membersOf(TOKEN)).toBe([...wanted].sort().join(''));
  });

  it('has what may stand in a target, and in a value', () => {
    expect(membersOf(TARGET)).toBe(visible.replace('#', ''));
    expect(membersOf(VALUE)).toBe(`\t ${visible}`);
  });

  it('has the digits of base64', () => {
    expect(membersOf(BASE64)).toBe(
      [...visible].filter((one) => /[\w+/]/.test(one) && one !== '_').join(''),
    );
  });

  it('is left at the first other octet, at the end where there is none', () => {
    const text = octets('ab: c');
    expect(skipClass(text, 0, 5, TOKEN)).toBe(2);
    expect(skipClass(text, 2, 5, TOKEN)).toBe(2);
    expect(skipClass(text, 0, 1, TOKEN)).toBe(1);
    expect(skipClass(text, 5, 5, TOKEN)).toBe(5);
  });
});

describe('octets', () => {
  it('have blanks at both ends stepped over, within the bounds', () => {
    const text = octets(' \t a b\t ');
    expect(skipBlanks(text, 0, 8)).toBe(3);
    expect(skipBlanks(text, 0, 2)).toBe(2);
    expect(trimEnd(text, 3, 8)).toBe(6);
    expect(trimEnd(text, 7, 8)).toBe(7);
  });

  it('match as far as they are alike and there are any', () => {
    const wanted = asciiOctets('GET /');
    expect(matching(octets('GET /chat'), 0, 9, wanted)).toBe(5);
    expect(matching(octets('GETS /'), 0, 6, wanted)).toBe(3);
    expect(matching(octets('GET /chat'), 0, 2, wanted)).toBe(2);
    expect(matching(octets('xGET /'), 1, 6, wanted)).toBe(5);
    expect(matching(octets('get /'), 0, 5, wanted)).toBe(0);
  });

  it('match a name in any case, and no other characters for it', () => {
    const name = asciiOctets('sec-websocket-version');
    expect(matchesName(octets('Sec-WebSocket-VERSION'), 0, name)).toBe(true);
    expect(matchesName(octets('>sec-websocket-version'), 1, name)).toBe(true);
    for (let octet = 0; octet < 256; octet += 1) {
      for (const [given, wanted] of [
        [Uint8Array.of(octet), 'a'],
        [Uint8Array.of(octet), '2'],
        [Uint8Array.of(octet), '-'],
      ] as const) {
        if (skipClass(given, 0, 1, VALUE) === 0) continue;
        const same = String.fromCharCode(octet).toLowerCase() === wanted;
        expect(matchesName(given, 0, asciiOctets(wanted)), `${octet}`).toBe(same);
      }
    }
  });
});
