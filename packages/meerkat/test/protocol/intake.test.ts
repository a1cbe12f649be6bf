import { describe, expect, it } from 'vitest';
import { Endpoint, type EndpointHandler } from '../../src/protocol/endpoint.ts';
import { type EndpointOptions, settingsFor } from '../../src/protocol/endpoint-settings.ts';
import { resolveLimits } from '../../src/protocol/limits.ts';
import { octets } from './support/octets.ts';
import { RecordingOutput, testPrimitives } from './support/recording-endpoint.ts';

// Those of the same server have all of this in common, and so what takes their input apart.
const common: EndpointOptions = {
  role: 'server',
  primitives: testPrimitives,
  limits: resolveLimits(),
  messageTypes: 'any',
  clock: { now: () => 0 },
};

/** An endpoint that notes its texts and how it failed. */
function endpoint(on: (text: string) => void = () => {}): { endpoint: Endpoint; heard: string[] } {
  const heard: string[] = [];
  const handler: EndpointHandler = {
    textMessage: (text) => {
      heard.push(text);
      on(text);
    },
    binaryMessage() {},
    compressedMessage() {},
    ping: () => void heard.push('ping'),
    pong: () => void heard.push('pong'),
    closeReceived: () => void heard.push('close'),
    failed: (error) => void heard.push(error.code),
  };
  const output = new RecordingOutput(() => {});
  return { endpoint: new Endpoint({ ...common, handler, output }), heard };
}

/** Client frames with the key 0: the whole text, its parts, a Ping, and the beginning of a header. */
const HI = '81 82 00 00 00 00 68 69';
const BEGINNING = '01 81 00 00 00 00 68';
const END = '80 81 00 00 00 00 69';
const PING = '89 80 00 00 00 00';
const CUT = '81 82 00';
const REST = '00 00 00 68 69';

const give = (to: { endpoint: Endpoint }, ...chunks: readonly string[]): void => {
  for (const chunk of chunks) {
    const given = octets(chunk);
    to.endpoint.receive(given, 0, given.length);
  }
};

describe('endpoints that have input in turn', () => {
  it('each hear their own messages and control frames', () => {
    const all = [endpoint(), endpoint(), endpoint()];
    for (const one of all) give(one, HI, PING);
    for (const one of all) expect(one.heard).toEqual(['hi', 'ping']);
  });

  it.each([
    ['within a message', BEGINNING, END, ['hi']],
    ['within a header', CUT, REST, ['hi']],
    ['within a payload', '81 82 00 00 00 00 68', '69', ['hi']],
    ['within a control frame', `${HI} 89 82 00 00 00 00 68`, '69', ['hi', 'ping']],
    [
      'within a control frame in a message',
      `${BEGINNING} 89 80 00`,
      `00 00 00 ${END}`,
      ['ping', 'hi'],
    ],
  ])('go on where they were: %s', (_where, first, second, heard) => {
    const [one, other, whole] = [endpoint(), endpoint(), endpoint()];
    give(one, first);
    give(whole, HI);
    give(other, PING, first);
    give(one, second, PING);
    give(whole, HI);
    give(other, second);
    expect(one.heard).toEqual([...heard, 'ping']);
    expect(other.heard).toEqual(['ping', ...heard]);
    expect(whole.heard).toEqual(['hi', 'hi']);
  });

  it('are not touched by the fault of another, nor by its end within a message', () => {
    const [faulty, gone, other] = [endpoint(), endpoint(), endpoint()];
    give(gone, BEGINNING);
    gone.endpoint.transportEnd();
    give(gone, END);
    give(faulty, 'f1 80 00 00 00 00', HI);
    give(other, HI);
    expect([faulty.heard, gone.heard, other.heard]).toEqual([['WS_RESERVED_BIT_SET'], [], ['hi']]);
  });

  it('hear nothing that comes after a handler of theirs threw', () => {
    const failing = endpoint(() => {
      throw new Error('of the application');
    });
    expect(() => give(failing, HI)).toThrow('of the application');
    give(failing, HI);
    const other = endpoint();
    give(other, HI);
    expect([failing.heard, other.heard]).toEqual([['hi'], ['hi']]);
  });
});

describe('input that comes while other input is being handled', () => {
  it('of another endpoint is heard there, and what follows here', () => {
    const inner = endpoint();
    const outer = endpoint(() => give(inner, HI));
    give(outer, `${HI} ${HI} ${PING}`);
    expect([outer.heard, inner.heard]).toEqual([
      ['hi', 'hi', 'ping'],
      ['hi', 'hi'],
    ]);
  });

  it('of the same endpoint is heard there, and what follows as well', () => {
    let left = 2;
    const outer: { endpoint: Endpoint; heard: string[] } = endpoint(() => {
      left -= 1;
      if (left >= 0) give(outer, HI);
    });
    give(outer, `${HI} ${PING}`);
    expect(outer.heard).toEqual(['hi', 'hi', 'hi', 'ping']);
  });
});

describe('settings', () => {
  it('are the same for the same, and others for each difference', () => {
    const same = settingsFor(common);
    expect(settingsFor({ ...common, compression: false })).toBe(same);
    const others: readonly Partial<EndpointOptions>[] = [
      { role: 'client' },
      { limits: resolveLimits() },
      { messageTypes: 'text' },
      { clock: { now: () => 1 } },
      { compression: true },
      { primitives: { ...testPrimitives } },
    ];
    for (const other of others) expect(settingsFor({ ...common, ...other })).not.toBe(same);
  });

  it('are let go of when many others come with the same limits', () => {
    const options = { ...common, limits: resolveLimits() };
    const first = settingsFor(options);
    for (let count = 0; count < 10; count += 1) {
      settingsFor({ ...options, clock: { now: () => count } });
    }
    expect(settingsFor(options)).not.toBe(first);
  });
});
