import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isCloseCodeOnTheWire } from '../../src/protocol/close-code.ts';
import type { ConnectionState } from '../../src/protocol/connection-state.ts';
import type { EndpointHandler } from '../../src/protocol/endpoint.ts';
import { Opcode } from '../../src/protocol/opcode.ts';
import { ProtocolError } from '../../src/protocol/protocol-error.ts';
import type { Role } from '../../src/protocol/role.ts';
import { misuse } from './support/faults.ts';
import {
  framesOf,
  messages,
  streamOfFrames,
  texts,
  withFaults,
} from './support/frame-arbitraries.ts';
import { cut, hex, join, octetByOctet, utf8 } from './support/octets.ts';
import { RecordingEndpoint, type RecordingSetup } from './support/recording-endpoint.ts';
import { closePayload, decodeFrames, encodeFrame } from './support/reference-frame.ts';
import { anyText } from './support/text-arbitraries.ts';

const otherRole = (role: Role): Role => (role === 'server' ? 'client' : 'server');
const roles = fc.constantFrom<Role>('server', 'client');

/** What a driver may do from within a handler; the same events must make it do the same. */
type Reaction = 'none' | 'echo' | 'close' | 'fail';

function reactingEndpoint(
  role: Role,
  reaction: Reaction,
  setup: RecordingSetup,
): RecordingEndpoint {
  const on: Partial<EndpointHandler> = {
    closeReceived: (close) => recording.endpoint.answerClose(close),
  };
  if (reaction === 'echo') {
    on.textMessage = (text) => recording.endpoint.sendText(text);
    on.compressedMessage = (opcode, given, start, end) =>
      recording.endpoint.sendCompressed(opcode, given.subarray(start, end));
  }
  if (reaction === 'close') on.textMessage = () => recording.endpoint.close(1000, 'enough');
  if (reaction === 'fail')
    on.ping = () => recording.endpoint.fail(new ProtocolError('WS_CONTROL_RATE'));
  const recording = new RecordingEndpoint(role, { ...setup, on });
  return recording;
}

/** Everything that may differ between two endpoints, limits low enough to be reached. */
const situations = fc.record({
  role: roles,
  reaction: fc.constantFrom<Reaction>('none', 'echo', 'close', 'fail'),
  compression: fc.boolean(),
  congested: fc.boolean(),
  messageTypes: fc.constantFrom('any' as const, 'any' as const, 'text' as const),
  limits: fc.constantFrom(
    {},
    { maxMessageBytes: 8 },
    { maxFramesPerMessage: 2 },
    { controlFrameBurst: 2, maxControlFramesPerSecond: 1 },
  ),
});
type Situation = typeof situations extends fc.Arbitrary<infer T> ? T : never;

const endpointIn = ({ role, reaction, congested, ...setup }: Situation) => {
  const recording = reactingEndpoint(role, reaction, setup);
  recording.output.congested = congested;
  return recording;
};

/** Octets that a peer may send: good frames, frames with faults, noise; sometimes RSV1 on the first frame. */
const streamsFor = (role: Role): fc.Arbitrary<Uint8Array> => {
  const frames = streamOfFrames(role);
  return fc
    .tuple(
      fc.oneof(
        { arbitrary: frames, weight: 3 },
        { arbitrary: withFaults(frames), weight: 4 },
        { arbitrary: fc.uint8Array({ maxLength: 60 }), weight: 1 },
      ),
      fc.boolean(),
    )
    .map(([stream, rsv1]) => {
      const first = stream[0];
      if (rsv1 && first !== undefined) stream[0] = first | 0x40;
      return stream;
    });
};

const situatedStreams = situations.chain((situation) =>
  fc.tuple(fc.constant(situation), streamsFor(situation.role)),
);

describe('any split of the input', () => {
  it('gives the same events and the same answers: at every offset, and octet by octet', () => {
    fc.assert(
      fc.property(situatedStreams, ([situation, stream]) => {
        const whole = endpointIn(situation).receive(stream).log;
        expect(endpointIn(situation).receive(...octetByOctet(stream)).log).toEqual(whole);
        for (let at = 1; at < Math.min(stream.length, 64); at += 1) {
          expect(endpointIn(situation).receive(...cut(stream, [at])).log).toEqual(whole);
        }
      }),
      { numRuns: 200 },
    );
  });

  it('gives the same events and the same answers: at random offsets', () => {
    const offsets = fc.array(fc.nat(300), { maxLength: 12 });
    fc.assert(
      fc.property(situatedStreams, offsets, ([situation, stream], cuts) => {
        const whole = endpointIn(situation).receive(stream).log;
        const pieces = cut(
          stream,
          cuts.map((at) => at % (stream.length + 1)),
        );
        expect(endpointIn(situation).receive(...pieces).log).toEqual(whole);
      }),
      { numRuns: 400 },
    );
  });
});

describe('any octets', () => {
  const observed = ([situation, stream]: [Situation, Uint8Array]) =>
    endpointIn(situation).receive(stream, stream);

  it('raise nothing; there is at most one failure or Close, and no event after it', () => {
    fc.assert(
      fc.property(situatedStreams, (given) => {
        const { events, endpoint } = observed(given);
        const ends = events.filter((event) => /^(failed|close) /.test(event));
        // The handler of a Ping may fail the connection: the event that it is called for is there before.
        expect(ends.length).toBeLessThanOrEqual(1);
        if (ends.length === 1) {
          expect(events.at(-1)).toBe(ends[0]);
          expect(endpoint.state).toBe('closed');
        }
      }),
      { numRuns: 400 },
    );
  });

  it('get nothing but frames that the peer takes, with one Close at most, the last', () => {
    fc.assert(
      fc.property(situatedStreams, (given) => {
        const { wire } = observed(given);
        const { role, compression } = given[0];
        const peer = new RecordingEndpoint(otherRole(role), { compression }).receive(wire);
        expect(peer.events.filter((event) => event.startsWith('failed'))).toEqual([]);
        const heads = decodeFrames(wire).map(({ head }) => head);
        expect(heads.indexOf(0x88)).toBe(heads.includes(0x88) ? heads.length - 1 : -1);
      }),
      { numRuns: 300 },
    );
  });

  it('of 4 KiB of noise raise nothing either, whoever reads them', () => {
    const noise = fc.uint8Array({ minLength: 1_000, maxLength: 4_096 });
    fc.assert(
      fc.property(roles, noise, (role, given) => {
        new RecordingEndpoint(role).receive(given);
      }),
      { numRuns: 50 },
    );
  });
});

describe('any message', () => {
  const outgoing = fc.oneof(
    fc.uint8Array({ maxLength: 300 }),
    anyText(40),
    texts,
    fc.tuple(texts, fc.constantFrom(60, 126, 600)).map(([text, times]) => text.repeat(times)),
  );

  it('is read as it was sent, lone surrogates as U+FFFD: both roles, any key, any split, compressed ones as they are', () => {
    const offsets = fc.array(fc.nat(400), { maxLength: 6 });
    fc.assert(
      fc.property(
        roles,
        fc.array(outgoing, { maxLength: 5 }),
        fc.boolean(),
        offsets,
        (role, sent, compression, cuts) => {
          const sender = new RecordingEndpoint(role, { compression });
          for (const message of sent) {
            if (typeof message === 'string') sender.endpoint.sendText(message);
            else if (compression) sender.endpoint.sendCompressed(Opcode.Binary, message);
            else sender.endpoint.sendBinary(message);
          }
          const { wire } = sender;
          const reader = new RecordingEndpoint(otherRole(role), { compression });
          reader.receive(
            ...cut(
              wire,
              cuts.filter((at) => at < wire.length),
            ),
          );
          const wanted = sent.map((message) =>
            typeof message === 'string'
              ? `text ${Buffer.from(message).toString()}`
              : `${compression ? 'compressed binary' : 'binary'} ${hex(message)}`.trimEnd(),
          );
          expect(reader.events).toEqual(wanted);
        },
      ),
      { numRuns: 250 },
    );
  });

  it('is read however a peer cuts it into frames, with control frames between them', () => {
    fc.assert(
      fc.property(roles, fc.array(messages, { maxLength: 4 }), (role, sent) => {
        const frames = sent.flatMap((message) => framesOf(message, role === 'server'));
        const reader = new RecordingEndpoint(role).receive(join(frames.map(encodeFrame)));
        const wanted = sent.flatMap((message) => {
          const [text, content] = message.contents;
          const valid = Buffer.from(content).equals(
            Buffer.from(utf8(Buffer.from(content).toString())),
          );
          if (text && !valid) return ['not UTF-8'];
          return [text ? `text ${Buffer.from(content)}` : `binary ${hex(content)}`.trimEnd()];
        });
        const got = reader.events.filter((event) => /^(text|binary) /.test(`${event} `));
        const end = wanted.indexOf('not UTF-8');
        expect(got).toEqual(end < 0 ? wanted : wanted.slice(0, end));
        expect(reader.events.includes('failed WS_TEXT_UTF8')).toBe(end >= 0);
      }),
      { numRuns: 300 },
    );
  });
});

// The life of an endpoint against a model that knows only the table of connection-state.ts in words.
describe('any life', () => {
  interface Model {
    state: ConnectionState;
  }
  type Step = (model: Model, real: RecordingEndpoint) => void;

  /** A command that may come at any time, `title` for the report. */
  class Command implements fc.Command<Model, RecordingEndpoint> {
    readonly #title: string;
    readonly #step: Step;
    constructor(title: string, step: Step) {
      this.#title = title;
      this.#step = step;
    }
    check = () => true;
    run(model: Model, real: RecordingEndpoint): void {
      this.#step(model, real);
      expect(real.endpoint.state).toBe(model.state);
      expect(real.endpoint.maySend).toBe(['open', 'closeReceived'].includes(model.state));
    }
    toString = () => this.#title;
  }

  const command = <Given>(
    given: fc.Arbitrary<Given>,
    title: string,
    step: (given: Given) => Step,
  ) => given.map((value) => new Command(`${title} ${fc.stringify(value)}`, step(value)));
  const always = fc.constant('');
  /** Runs `act`, and holds what it added to the log, without the octets of frames, against `wanted`. */
  const adds = (real: RecordingEndpoint, wanted: readonly string[], act: () => void): void => {
    const before = real.log.length;
    act();
    const added = real.log
      .slice(before)
      .map((entry) => entry.replace(/^(sent [0-9a-f]{2}) .*/, '$1'));
    expect(added).toEqual(wanted);
  };
  const codes = fc.constantFrom(1000, 1001, 1005, 1011, 3000, 4999);

  const commandsOf = (role: Role) => {
    const frame = (head: number, payload: Uint8Array = new Uint8Array(0)) =>
      encodeFrame({ head, payload, key: role === 'server' ? 7 : undefined });
    const listening = ({ state }: Model) => state === 'open' || state === 'closeSent';
    const sending = ({ state }: Model) => state === 'open' || state === 'closeReceived';
    const onSendClose = (model: Model): void => {
      model.state = model.state === 'open' ? 'closeSent' : 'closed';
    };
    return [
      command(always, 'sendText', () => (model, real) => {
        const accepted = sending(model);
        adds(real, accepted ? ['sent 81'] : [], () => {
          expect(real.endpoint.sendText('a')).toBe(accepted);
        });
      }),
      command(always, 'ping', () => (model, real) => {
        const accepted = model.state === 'open';
        adds(real, accepted ? ['sent 89'] : [], () => {
          expect(real.endpoint.ping(new Uint8Array(0))).toBe(accepted);
        });
      }),
      command(codes, 'close', (code) => (model, real) => {
        const accepted = sending(model);
        adds(real, accepted ? ['sent 88'] : [], () => {
          expect(real.endpoint.close(code, '')).toBe(accepted);
        });
        if (accepted) onSendClose(model);
      }),
      command(
        fc.constantFrom(0, 999, 1004, 1006, 1015, 2000, 5000),
        'close',
        (code) => (_model, real) => {
          adds(real, [], () => {
            expect(() => real.endpoint.close(code, '')).toThrow(misuse('MEERKAT_CLOSE_ARGUMENT'));
          });
        },
      ),
      command(codes, 'answerClose', (code) => (model, real) => {
        const accepted = model.state === 'closeReceived';
        adds(real, accepted ? ['sent 88'] : [], () => {
          expect(real.endpoint.answerClose({ code, reason: '' })).toBe(accepted);
        });
        if (accepted) onSendClose(model);
      }),
      command(always, 'a text arrives', () => (model, real) => {
        adds(real, listening(model) ? ['text b'] : [], () => real.receive(frame(0x81, utf8('b'))));
      }),
      command(always, 'a Ping arrives', () => (model, real) => {
        const answer = model.state === 'open' ? ['sent 8a', 'ping'] : ['ping'];
        adds(real, listening(model) ? answer : [], () => real.receive(frame(0x89)));
      }),
      command(codes, 'a Close arrives', (code) => (model, real) => {
        const payload = code === 1005 ? new Uint8Array(0) : closePayload(code);
        adds(real, listening(model) ? [`close ${code}`] : [], () =>
          real.receive(frame(0x88, payload)),
        );
        if (model.state === 'open') model.state = 'closeReceived';
        else if (model.state === 'closeSent') model.state = 'closed';
      }),
      command(always, 'a fault arrives', () => (model, real) => {
        const wanted = ['sent 88', 'failed WS_OPCODE_RESERVED'].slice(
          model.state === 'open' ? 0 : 1,
        );
        adds(real, listening(model) ? wanted : [], () => real.receive(frame(0x83)));
        if (listening(model)) model.state = 'closed';
      }),
      command(always, 'fail', () => (model, real) => {
        const closes = sending(model) ? ['sent 88'] : [];
        const alive = model.state !== 'closed';
        adds(real, alive ? [...closes, 'failed WS_TEXT_UTF8'] : [], () => {
          expect(real.endpoint.fail(new ProtocolError('WS_TEXT_UTF8'))).toBe(alive);
        });
        model.state = 'closed';
      }),
      command(always, 'the transport ends', () => (model, real) => {
        adds(real, [], () => expect(real.endpoint.transportEnd()).toBe(model.state));
        model.state = 'closed';
      }),
      command(always, 'output drains', () => (_model, real) => {
        adds(real, [], () => real.endpoint.drained());
      }),
    ];
  };

  it.each<[Role]>([['server'], ['client']])(
    'of a %s goes by the table: one Close of ours, nothing sent after it, one end reported (§7)',
    (role) => {
      fc.assert(
        fc.property(fc.commands(commandsOf(role), { size: 'medium' }), (commands) => {
          const real = new RecordingEndpoint(role);
          const model: Model = { state: 'open' };
          fc.modelRun(() => ({ model, real }), commands);
          const sent = decodeFrames(real.wire);
          const closes = sent.filter(({ head }) => head === 0x88);
          expect(closes.length).toBeLessThanOrEqual(1);
          if (closes.length === 1) expect(sent.at(-1)).toBe(closes[0]);
          for (const { payload } of closes) {
            if (payload.length === 0) continue;
            const code = new DataView(payload.buffer, payload.byteOffset).getUint16(0);
            expect(isCloseCodeOnTheWire(code)).toBe(true);
          }
          const of = (name: string) => real.events.filter((event) => event.startsWith(name));
          expect(of('close ').length).toBeLessThanOrEqual(1);
          expect(of('failed ').length).toBeLessThanOrEqual(1);
        }),
        { numRuns: 200 },
      );
    },
  );

  it('of two endpoints that talk to each other ends on both sides, with all that was sent in between', () => {
    type Action = readonly [
      actor: 0 | 1,
      what: 'text' | 'ping' | 'close' | 'read' | 'answer',
      amount: number,
    ];
    const action: fc.Arbitrary<Action> = fc.tuple(
      fc.constantFrom(0 as const, 1 as const),
      fc.constantFrom('text', 'text', 'ping', 'close', 'read', 'read', 'answer'),
      fc.nat(12),
    ) as fc.Arbitrary<Action>;
    fc.assert(
      fc.property(fc.array(action, { maxLength: 40 }), (actions) => {
        const ends = [new RecordingEndpoint('server'), new RecordingEndpoint('client')] as const;
        const delivered = [0, 0];
        const accepted: [string[], string[]] = [[], []];
        const closed: (number | undefined)[] = [undefined, undefined];
        const read = (reader: 0 | 1, amount: number): void => {
          const { wire } = ends[(1 - reader) as 0 | 1];
          const from = delivered[reader] as number;
          const chunk = wire.slice(from, from + amount);
          delivered[reader] = from + chunk.length;
          ends[reader].receive(chunk);
        };
        const answer = (actor: 0 | 1): void => {
          const close = ends[actor].events.find((event) => event.startsWith('close '));
          const code = Number(close?.split(' ')[1] ?? 1000);
          if (ends[actor].endpoint.answerClose({ code, reason: '' })) closed[actor] = code;
        };
        const acts = {
          text: (actor: 0 | 1, amount: number) => {
            const text = `${actor}:${amount}`;
            if (ends[actor].endpoint.sendText(text)) accepted[actor].push(`text ${text}`);
          },
          ping: (actor: 0 | 1) => ends[actor].endpoint.ping(new Uint8Array(0)),
          close: (actor: 0 | 1, amount: number) => {
            if (ends[actor].endpoint.close(3000 + amount, '')) closed[actor] = 3000 + amount;
          },
          read,
          answer,
        };
        for (const [actor, what, amount] of actions) acts[what](actor, amount);
        // Whatever is still under way arrives, and both close.
        for (const actor of [0, 1] as const) acts.close(actor, 99);
        for (const actor of [0, 1] as const) read(actor, Infinity);
        for (const [actor, end] of ends.entries()) {
          const other = (1 - actor) as 0 | 1;
          expect(end.endpoint.state).toBe('closed');
          const texts = end.events.filter((event) => event.startsWith('text '));
          expect(texts).toEqual(accepted[other]);
          expect(end.events.at(-1)).toBe(`close ${closed[other]}`);
          expect(end.events.filter((event) => /^(close|failed) /.test(event))).toHaveLength(1);
        }
      }),
      { numRuns: 300 },
    );
  });
});
