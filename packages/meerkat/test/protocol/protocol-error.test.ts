import { describe, expect, it } from 'vitest';
import { CONNECTION_OPTION_NAMES } from '../../src/connection/connection-options.ts';
import { LIMIT_NAMES } from '../../src/connection/limit-hits.ts';
import { isCloseCodeOnTheWire } from '../../src/protocol/close-code.ts';
import { MAX_REASON_BYTES } from '../../src/protocol/close-frame.ts';
import {
  ProtocolError,
  type ViolationCode,
  violationCodes,
} from '../../src/protocol/protocol-error.ts';

describe('a fault of the peer', () => {
  // The whole table once more: what is answered to which fault is what peers see.
  it.each([
    ['WS_BYTE_RATE', 1008, '§7.4.1', 'maxBytesPerSecond'],
    ['WS_CLOSE_CODE_INVALID', 1002, '§7.4.1', undefined],
    ['WS_CLOSE_PAYLOAD_LENGTH', 1002, '§5.5.1', undefined],
    ['WS_CLOSE_REASON_UTF8', 1007, '§5.5.1', undefined],
    ['WS_CONTINUATION_UNEXPECTED', 1002, '§5.4', undefined],
    ['WS_CONTROL_FRAGMENTED', 1002, '§5.5', undefined],
    ['WS_CONTROL_RATE', 1008, '§5.5', 'maxControlFramesPerSecond'],
    ['WS_CONTROL_TOO_LONG', 1002, '§5.5', undefined],
    ['WS_DEFLATE_FINAL_BLOCKS', 1008, 'RFC 7692 §7.2.3.4', undefined],
    ['WS_DEFLATE_INVALID', 1007, 'RFC 7692 §7.2.2', undefined],
    ['WS_INFLATE_RATIO', 1008, 'RFC 7692 §8', 'maxInflateRatio'],
    ['WS_LENGTH_MSB_SET', 1002, '§5.2', undefined],
    ['WS_LENGTH_NOT_MINIMAL', 1002, '§5.2', undefined],
    ['WS_MASK_MISSING', 1002, '§5.1', undefined],
    ['WS_MASK_UNEXPECTED', 1002, '§5.1', undefined],
    ['WS_MESSAGE_INTERRUPTED', 1002, '§5.4', undefined],
    ['WS_MESSAGE_RATE', 1008, '§7.4.1', 'maxMessagesPerSecond'],
    ['WS_MESSAGE_TOO_BIG', 1009, '§7.4.1', 'maxMessageBytes'],
    ['WS_MESSAGE_TYPE_REFUSED', 1003, '§7.4.1', 'messageTypes'],
    ['WS_OPCODE_RESERVED', 1002, '§5.2', undefined],
    ['WS_RESERVED_BIT_SET', 1002, '§5.2', undefined],
    ['WS_TEXT_UTF8', 1007, '§8.1', undefined],
    ['WS_TOO_MANY_FRAMES', 1008, '§5.4', 'maxFramesPerMessage'],
  ] as const satisfies readonly (readonly [ViolationCode, number, string, string | undefined])[])(
    '%s is answered with %i, after %s, limit %s',
    (code, closeCode, section, limit) => {
      const error = new ProtocolError(code);
      expect(error).toBeInstanceOf(Error);
      expect(error).toMatchObject({ name: 'ProtocolError', code, closeCode, section });
      expect(error.limit).toBe(limit);
    },
  );

  it('has a test above for each of its codes, in order', () => {
    expect(violationCodes).toHaveLength(23);
    expect(violationCodes).toEqual([...violationCodes].sort());
  });

  it.each(violationCodes)(
    '%s has a message that fits a Close frame: ASCII, at most 123',
    (code) => {
      const { message, closeCode } = new ProtocolError(code);
      expect(message).toMatch(/^[ -~]+$/);
      expect(message.length).toBeLessThanOrEqual(MAX_REASON_BYTES);
      expect(isCloseCodeOnTheWire(closeCode)).toBe(true);
    },
  );

  it('says what exactly was wrong behind what its code stands for', () => {
    const plain = new ProtocolError('WS_OPCODE_RESERVED').message;
    expect(new ProtocolError('WS_OPCODE_RESERVED', '0x3').message).toBe(`${plain}: 0x3`);
  });

  it('names options that exist as limits', () => {
    const limits = violationCodes.flatMap((code) => new ProtocolError(code).limit ?? []);
    expect(limits.filter((limit) => !CONNECTION_OPTION_NAMES.includes(limit))).toEqual([]);
    const counted: readonly string[] = LIMIT_NAMES;
    expect(limits.filter((limit) => !counted.includes(limit))).toEqual([]);
  });
});
