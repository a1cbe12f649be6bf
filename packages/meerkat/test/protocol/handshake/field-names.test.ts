import { describe, expect, it } from 'vitest';
import { Field, fieldOf } from '../../../src/protocol/handshake/field-names.ts';

function find(name: string): Field {
  const octets = Uint8Array.from(Buffer.from(`x${name}:`, 'latin1'));
  return fieldOf(octets, 1, 1 + name.length);
}

const KNOWN: readonly (readonly [name: string, field: Field])[] = [
  ['Host', Field.Host],
  ['Upgrade', Field.Upgrade],
  ['Connection', Field.Connection],
  ['Sec-WebSocket-Version', Field.Version],
  ['Sec-WebSocket-Key', Field.Key],
  ['Sec-WebSocket-Protocol', Field.Subprotocols],
  ['Sec-WebSocket-Extensions', Field.Extensions],
  ['Origin', Field.Origin],
  ['Content-Length', Field.Foreign],
  ['Transfer-Encoding', Field.Foreign],
  ['TE', Field.Foreign],
  ['Trailer', Field.Foreign],
  ['Expect', Field.Foreign],
  ['HTTP2-Settings', Field.Foreign],
  ['Proxy-Connection', Field.Foreign],
];

describe('the name of a field (RFC 9110 §5.1)', () => {
  it.each(KNOWN)('%s is found in any case', (name, field) => {
    for (const spelt of [name, name.toLowerCase(), name.toUpperCase()]) {
      expect(find(spelt)).toBe(field);
    }
  });

  it.each(KNOWN)('%s is not found with one character more, less or other', (name) => {
    expect(find(`${name}s`)).toBe(Field.Other);
    expect(find(name.slice(1))).toBe(Field.Other);
    for (let at = 0; at < name.length; at += 1) {
      expect(find(`${name.slice(0, at)}~${name.slice(at + 1)}`)).toBe(Field.Other);
    }
  });

  it.each([
    'Cookie',
    'User-Agent',
    'X',
    'Content_Length',
    'A-name-that-is-longer-than-all-of-them',
  ])('%s is another one', (name) => {
    expect(find(name)).toBe(Field.Other);
  });
});
