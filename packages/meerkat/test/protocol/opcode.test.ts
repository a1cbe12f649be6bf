import { describe, expect, it } from 'vitest';
import { isControl, isOpcode, Opcode } from '../../src/protocol/opcode.ts';

describe('opcodes (§5.2)', () => {
  it.each([
    ['%x0 denotes a continuation frame', Opcode.Continuation, 0x0],
    ['%x1 denotes a text frame', Opcode.Text, 0x1],
    ['%x2 denotes a binary frame', Opcode.Binary, 0x2],
    ['%x8 denotes a connection close', Opcode.Close, 0x8],
    ['%x9 denotes a ping', Opcode.Ping, 0x9],
    ['%xA denotes a pong', Opcode.Pong, 0xa],
  ])('%s', (_rule, opcode, value) => {
    expect(opcode).toBe(value);
  });

  it('reserves %x3-7 and %xB-F, and knows no others', () => {
    const known = [...Array(32).keys()].filter(isOpcode);
    expect(known).toEqual([0x0, 0x1, 0x2, 0x8, 0x9, 0xa]);
    expect(isOpcode(-1)).toBe(false);
  });

  it('calls control frames those "where the most significant bit of the opcode is 1" (§5.5)', () => {
    const control = [...Array(16).keys()].filter(isControl);
    expect(control).toEqual([0x8, 0x9, 0xa, 0xb, 0xc, 0xd, 0xe, 0xf]);
  });
});
