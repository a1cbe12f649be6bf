import { describe, expect, it } from 'vitest';
import { nodePrimitives } from '../../../src/connection/node-primitives.ts';
import { Field } from '../../../src/protocol/handshake/field-names.ts';
import { UpgradeFields } from '../../../src/protocol/handshake/upgrade-fields.ts';

const KEY = 'dGhlIHNhbXBsZSBub25jZQ==';

function take(fields: UpgradeFields, field: Field, value: string): boolean {
  const octets = Uint8Array.from(Buffer.from(`X:${value}\r\n`, 'latin1'));
  return fields.take(field, octets, 2, 2 + value.length, nodePrimitives);
}

const REQUIRED: readonly (readonly [field: Field, value: string])[] = [
  [Field.Host, ' a.example '],
  [Field.Upgrade, '\tWebSocket '],
  [Field.Connection, ' keep-alive, Upgrade'],
  [Field.Version, ' 13\t'],
  [Field.Key, KEY],
];

describe('the fields of a request to upgrade', () => {
  it('are complete when each that has to be there was, in any order', () => {
    for (const list of [REQUIRED, [...REQUIRED].reverse()]) {
      const fields = new UpgradeFields();
      for (const [field, value] of list) {
        expect(fields.complete).toBe(false);
        expect(take(fields, field, value)).toBe(true);
      }
      expect(fields.complete).toBe(true);
      expect(fields).toMatchObject({ host: 'a.example', key: KEY, origins: [] });
    }
  });

  it.each(REQUIRED)('number %i is taken once', (field, value) => {
    const fields = new UpgradeFields();
    expect(take(fields, field, value)).toBe(true);
    expect(take(fields, field, value)).toBe(false);
  });

  it('join the lines of a list, and keep those of Origin apart', () => {
    const fields = new UpgradeFields();
    for (const value of [' a', 'b, c ', '']) {
      expect(take(fields, Field.Subprotocols, value)).toBe(true);
      expect(take(fields, Field.Extensions, value)).toBe(true);
      expect(take(fields, Field.Origin, value)).toBe(true);
    }
    expect(fields.subprotocols).toBe('a, b, c, ');
    expect(fields.extensions).toBe('a, b, c, ');
    expect(fields.origins).toEqual(['a', 'b, c', '']);
    expect(fields.complete).toBe(false);
  });

  it('know nothing of another field, and take no foreign one', () => {
    const fields = new UpgradeFields();
    expect(take(fields, Field.Other, 'a')).toBe(true);
    expect(take(fields, Field.Foreign, '0')).toBe(false);
  });

  it.each([
    ['a Host with a blank', Field.Host, 'a b'],
    ['another Upgrade', Field.Upgrade, 'websocket/13'],
    ['a shorter Upgrade', Field.Upgrade, 'websocke'],
    ['no upgrade in Connection', Field.Connection, 'keep-alive'],
    ['something else in Connection', Field.Connection, 'Upgrade, x'],
    ['a prefix in Connection', Field.Connection, 'Upgrad'],
    ['an empty element in Connection', Field.Connection, 'Upgrade, '],
    ['another version', Field.Version, '31'],
    ['a longer version', Field.Version, '130'],
    ['a key that is too short', Field.Key, KEY.slice(1)],
    ['a key with its filler elsewhere', Field.Key, `=${KEY.slice(0, 23)}`],
    ['a key with one filler', Field.Key, `${KEY.slice(0, 23)}A`],
  ])('do not take %s', (_title, field, value) => {
    expect(take(new UpgradeFields(), field, value)).toBe(false);
  });
});
