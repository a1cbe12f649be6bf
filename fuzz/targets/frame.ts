// Any octets, however cut, give the same events and the same answers; nothing is thrown; nothing is reported or kept after the end.
import { Endpoint, type Role } from 'meerkat/protocol';
import { chunksOf, waysToCut } from '../chunks.ts';
import { frameStream, unfinishedMessage } from '../generate/frame-stream.ts';
import { hold, same } from '../invariant.ts';
import { Random, seedOf } from '../random.ts';
import { primitives, RecordedEndpoint, type Situation, situationOf } from '../recorded-endpoint.ts';
import type { FuzzTarget } from '../target.ts';

const words = [
  'ceba',
  'e282ac',
  'ff',
  'c080',
  'eda080',
  '03e8',
  '03ed',
  '8980',
  '00000000',
  '8180',
];
/** Of an endpoint without what it keeps of the message in progress, generously. */
const ENDPOINT_BYTES = 16_384;
/** The memory that a chunk lies in: what keeps a view of it keeps all of it. */
const SLAB = 65_536;

/** The octets are the situation (see `situationOf`) and what is read in it. */
export const target: FuzzTarget = {
  name: 'frame',
  form: 'octets',
  dictionary: words.map((word) => Uint8Array.from(Buffer.from(word, 'hex'))),
  generate: (random) => {
    const setup = random.oneIn(4) ? random.bits() & 0xff : random.pick([0, 1, 2, 4, 8]);
    const { role, compression } = situationOf(setup);
    const stream = frameStream(random, role === 'server', compression);
    return Uint8Array.from([setup, ...stream]);
  },
  run: (input) => {
    const situation = situationOf(input[0] ?? 0);
    const stream = input.subarray(1);
    const whole = new RecordedEndpoint(situation).receive([stream.slice()]);
    for (const cuts of waysToCut(stream.length, new Random(seedOf(input)))) {
      const cut = new RecordedEndpoint(situation).receive(chunksOf(stream, cuts));
      same(cut.log, whole.log, 'the same events at every cut');
    }
    checkEnd(whole, stream);
    checkAnswers(whole, situation);
  },
  large: (random, length) => {
    const setup = random.oneIn(2) ? 0 : 1;
    const most = situationOf(setup).limits.maxMessageBytes;
    return Uint8Array.from([setup, ...unfinishedMessage(random, setup === 0, length, most)]);
  },
  parse: (input) => read(input),
  hold: (input) => read(input),
  // Rule 4 of the catalogue: at most twice the largest message, however the octets were cut.
  mostHeldBytes: 2 * 70_000 + ENDPOINT_BYTES,
};

function checkEnd(endpoint: RecordedEndpoint, stream: Uint8Array): void {
  hold(endpoint.ends <= 1, 'one end at most');
  const before = [...endpoint.log];
  const { state } = endpoint.endpoint;
  if (endpoint.end === undefined) return;
  hold(state === 'closed', 'the state is closed after the end', () => state);
  endpoint.receive([stream.slice(), Uint8Array.of(0x89, 0x80, 0, 0, 0, 0)]);
  endpoint.endpoint.drained();
  hold(!endpoint.endpoint.sendText('late'), 'nothing is sent after the end');
  same(endpoint.log, before, 'nothing is reported after the end');
}

/** The peer of an endpoint takes what it sends. */
function checkAnswers(endpoint: RecordedEndpoint, situation: Situation): void {
  const role: Role = situation.role === 'server' ? 'client' : 'server';
  const peer = new RecordedEndpoint({ ...situationOf(0), role }).receive(
    endpoint.sent.map((frame) => frame.slice()),
  );
  const heads = endpoint.sent.map((frame) => frame[0]);
  const closes = heads.filter((head) => head === 0x88).length;
  hold(closes <= 1, 'one Close is sent at most');
  if (closes === 1) hold(heads.at(-1) === 0x88, 'the Close is the last thing sent');
  hold(peer.end?.by !== 'violation', 'what is sent keeps the rules', () => peer.log.join('\n'));
}

/** Reads the input in chunks of 4 KiB, each in memory of its own, and keeps nothing. */
function read(input: Uint8Array): Endpoint {
  const { role, limits, messageTypes, compression } = situationOf(input[0] ?? 0);
  const nothing = (): void => {};
  let octets = new Uint8Array(0);
  const endpoint = new Endpoint({
    role,
    limits,
    messageTypes,
    compression,
    primitives,
    clock: { now: () => 0 },
    output: {
      congested: true,
      get octets() {
        return octets;
      },
      reserve(length) {
        octets = new Uint8Array(length);
        return 0;
      },
      commit: nothing,
    },
    handler: {
      textMessage: nothing,
      binaryMessage: nothing,
      compressedMessage: nothing,
      ping: nothing,
      pong: nothing,
      closeReceived: nothing,
      failed: nothing,
    },
  });
  for (let at = 1; at < input.length; at += 4096) {
    const chunk = input.subarray(at, at + 4096);
    const slab = new Uint8Array(SLAB);
    slab.set(chunk);
    endpoint.receive(slab, 0, chunk.length);
  }
  return endpoint;
}
