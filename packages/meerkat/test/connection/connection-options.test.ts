import { ManualClock } from 'meerkat/testing';
import { describe, expect, it } from 'vitest';
import { systemClock } from '../../src/connection/clock.ts';
import {
  CONNECTION_OPTION_NAMES,
  CONNECTION_RANGES,
  type ConnectionNumbers,
  type ConnectionOptions,
  DEFAULT_CONNECTION_NUMBERS,
  resolveConnectionOptions,
} from '../../src/connection/connection-options.ts';

const NAMES = Object.keys(CONNECTION_RANGES) as (keyof ConnectionNumbers)[];

describe('resolveConnectionOptions', () => {
  it('has the defaults of the behaviour catalogue', () => {
    expect(resolveConnectionOptions({})).toEqual({
      maxMessageBytes: 1_048_576,
      maxFramesPerMessage: 131_072,
      maxControlFramesPerSecond: 1_000,
      controlFrameBurst: 2_000,
      pingInterval: 25_000,
      pongTimeout: 20_000,
      maxInboxMessages: 16,
      maxInboxBytes: 65_536,
      maxMessagesPerSecond: 0,
      messageBurst: 0,
      maxBytesPerSecond: 0,
      byteBurst: 0,
      maxInflateRatio: 0,
      softQueuedBytes: 65_536,
      maxQueuedBytes: 1_048_576,
      closeTimeout: 10_000,
      messageTypes: 'any',
      overRate: 'pause',
      transport: 'handle',
      dangerouslyLendMessages: false,
      compression: undefined,
      clock: systemClock,
    });
  });

  it('has a default within the range of every number, and a name in the list', () => {
    for (const name of NAMES) {
      const [least, greatest] = CONNECTION_RANGES[name];
      expect(DEFAULT_CONNECTION_NUMBERS[name]).toBeGreaterThanOrEqual(least);
      expect(DEFAULT_CONNECTION_NUMBERS[name]).toBeLessThanOrEqual(greatest);
      expect(CONNECTION_OPTION_NAMES).toContain(name);
    }
    expect(CONNECTION_OPTION_NAMES).toHaveLength(NAMES.length + 6);
  });

  it.each(NAMES)('%s takes its least and its greatest value, and nothing beyond', (name) => {
    const [least, greatest] = CONNECTION_RANGES[name];
    expect(resolveConnectionOptions({ [name]: least })[name]).toBe(least);
    const rest = name === 'softQueuedBytes' ? { maxQueuedBytes: greatest } : {};
    expect(resolveConnectionOptions({ ...rest, [name]: greatest })[name]).toBe(greatest);
    for (const wrong of [least - 1, greatest + 1, least + 0.5, Number.NaN, '5', null, 5n, {}]) {
      expect(() => resolveConnectionOptions({ [name]: wrong as number })).toThrow(
        expect.objectContaining({ name: 'UsageError', code: 'MEERKAT_OPTION_RANGE' }),
      );
    }
    expect(resolveConnectionOptions({ [name]: undefined } as ConnectionOptions)[name]).toBe(
      DEFAULT_CONNECTION_NUMBERS[name],
    );
  });

  it('a soft mark above the cap counts as the cap', () => {
    expect(resolveConnectionOptions({ maxQueuedBytes: 1_000 })).toMatchObject({
      softQueuedBytes: 1_000,
      maxQueuedBytes: 1_000,
    });
  });

  it('takes an answer to what comes too fast, and refuses others', () => {
    for (const overRate of ['pause', 'drop', 'close'] as const) {
      expect(resolveConnectionOptions({ overRate }).overRate).toBe(overRate);
    }
    for (const wrong of ['stop', '', null, 1]) {
      expect(() => resolveConnectionOptions({ overRate: wrong as 'drop' })).toThrow(
        expect.objectContaining({ code: 'MEERKAT_OPTION_RANGE' }),
      );
    }
  });

  it('names the choices where it is given none of them', () => {
    expect(() => resolveConnectionOptions({ overRate: 'stop' as 'drop' })).toThrow(
      /: overRate is "stop", not 'pause', 'drop' or 'close'$/,
    );
    expect(() => resolveConnectionOptions({ messageTypes: null as unknown as 'any' })).toThrow(
      /: messageTypes is null, not 'any', 'text' or 'binary'$/,
    );
  });

  it('has compression by default only where it is told to', () => {
    expect(resolveConnectionOptions({}, true).compression).toBeDefined();
    expect(resolveConnectionOptions({ compression: false }, true).compression).toBeUndefined();
    expect(resolveConnectionOptions({ compression: true }).compression).toBeDefined();
  });

  it('takes messageTypes and a clock, and refuses other types', () => {
    const clock = new ManualClock();
    for (const messageTypes of ['any', 'text', 'binary'] as const) {
      expect(resolveConnectionOptions({ messageTypes, clock })).toMatchObject({
        messageTypes,
        clock,
      });
    }
    for (const wrong of ['TEXT', '', null, 1]) {
      expect(() => resolveConnectionOptions({ messageTypes: wrong as 'text' })).toThrow(
        expect.objectContaining({ code: 'MEERKAT_OPTION_RANGE' }),
      );
    }
  });
});
