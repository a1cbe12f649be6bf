import { constants, deflateRawSync } from 'node:zlib';
import { beforeEach, describe, expect, it } from 'vitest';
import { counted } from '../../../../../test/support/catalogue-table.ts';
import { expectNothingUnhandled } from '../../support/failures.ts';
import { BINARY, frame, TEXT } from '../../support/frames.ts';
import { observe } from '../../support/observed.ts';
import { CLOSE_1000 } from '../frame-row-list.ts';
import { deflateSite, type LineOptions, type Outcome, play, type Side } from './deflate-line.ts';

// C8 to C10: how large a message may become. Small ones are inflated on the event loop, large ones beside it.

beforeEach(expectNothingUnhandled);

const RSV1 = 0x40;
const SIDES: readonly Side[] = ['server', 'client'];
const LOOP = 16_384;
const MEBI = 1_048_576;

/** Octets that deflate cannot shorten, from a fixed seed. */
function noise(length: number): Buffer {
  const octets = Buffer.alloc(length);
  let state = 0x2545f491;
  for (let at = 0; at < length; at += 1) {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    octets[at] = state & 0xff;
  }
  return octets;
}

function zeros(length: number): Buffer {
  return Buffer.alloc(length);
}

/** What a sender makes of a message: zlib's flush without its tail. */
function compressed(message: Uint8Array): Buffer {
  return deflateRawSync(message, { finishFlush: constants.Z_SYNC_FLUSH }).subarray(0, -4);
}

/** The same in parts that each end with a final block. */
function inFinalBlocks(message: Uint8Array, parts: number): Buffer {
  const size = Math.ceil(message.length / parts);
  return Buffer.concat(
    Array.from({ length: parts }, (_, at) =>
      deflateRawSync(message.subarray(at * size, (at + 1) * size)),
    ),
  );
}

/** The payload in frames of at most so many octets. */
function frames(side: Side, payload: Buffer, most: number): Buffer {
  const masked = side === 'server';
  const parts: Buffer[] = [];
  for (let at = 0; at === 0 || at < payload.length; at += most) {
    const fin = at + most >= payload.length;
    const opcode = at === 0 ? RSV1 | BINARY : 0;
    parts.push(frame(opcode, payload.subarray(at, at + most), { fin, masked }));
  }
  return Buffer.concat(parts);
}

async function sendOne(
  side: Side,
  options: LineOptions,
  payload: Buffer,
  fragment = Number.POSITIVE_INFINITY,
): Promise<Outcome> {
  const sizes: LineOptions = { ...options, message: () => {} };
  const site = await deflateSite(side, sizes);
  return play(site, ({ octets }) => [
    Buffer.concat([frames(side, payload, fragment), octets(CLOSE_1000)]),
  ]);
}

/** The connection fails with 1009 for the limit, and the message is not handed over. */
function expectTooBig({ wire, messages, closed }: Outcome): void {
  observe(wire.join(', '));
  expect(messages).toEqual([]);
  expect(wire).toEqual([`close 1009 (${closed.reason})`]);
  expect(closed).toMatchObject({
    code: 1009,
    by: 'local',
    because: 'violation',
    rule: 'WS_MESSAGE_TOO_BIG',
    limit: 'maxMessageBytes',
  });
}

describe.each(SIDES)('to a %s', (side) => {
  const id = side === 'server' ? '' : 'K8 ';

  /** Sends a message of this size to a connection that takes it, or an octet less. */
  async function expectLimit(
    payload: Buffer,
    length: number,
    maxMessageBytes: number,
    fragment?: number,
  ): Promise<void> {
    const sizes: number[] = [];
    const message: LineOptions['message'] = (_connection, one) => void sizes.push(one.length);
    const site = await deflateSite(side, { maxMessageBytes, message });
    const outcome = await play(site, ({ octets }) => [
      Buffer.concat([
        frames(side, payload, fragment ?? Number.POSITIVE_INFINITY),
        octets(CLOSE_1000),
      ]),
    ]);
    if (length > maxMessageBytes) {
      expectTooBig(outcome);
      expect(sizes).toEqual([]);
      return;
    }
    observe(sizes.map((size) => counted(size, 'octet')).join(', '));
    expect(sizes).toEqual([length]);
    expect(outcome.closed).toMatchObject({ code: 1000, clean: true });
  }

  it.each([
    ['one octet', 1],
    ['1,000 octets', 1_000],
    ['what the loop does at most', LOOP],
    ['an octet more than what the loop does', LOOP + 1],
    ['what the pool does at a time', 65_536],
    ['the default', MEBI],
  ])(`${id}C8 a message of the limit is handed over, where that is %s`, async (_title, limit) => {
    await expectLimit(compressed(zeros(limit)), limit, limit);
    await expectLimit(compressed(noise(limit)), limit, limit);
  });

  it.each([
    ['one octet', 1],
    ['1,000 octets', 1_000],
    ['what the loop does at most', LOOP],
    ['an octet more than what the loop does', LOOP + 1],
    ['what the pool does at a time', 65_536],
    ['the default', MEBI],
  ])(`${id}C8 an octet more is refused with 1009, where the limit is %s`, async (_title, limit) => {
    await expectLimit(compressed(zeros(limit + 1)), limit + 1, limit);
    await expectLimit(compressed(noise(limit + 1)), limit + 1, limit);
  });

  it.each([
    ['the loop', 2_000],
    ['the pool', 100_000],
  ])(
    `${id}C8 what stands in several final blocks is counted together, by %s`,
    async (_title, limit) => {
      await expectLimit(inFinalBlocks(zeros(limit), 3), limit, limit);
      await expectLimit(inFinalBlocks(zeros(limit + 1), 3), limit + 1, limit);
    },
  );

  it(`${id}C8 a message of sixteen final blocks is handed over, one of more is refused with 1008`, async () => {
    await expectLimit(inFinalBlocks(zeros(160), 16), 160, 1_000);
    for (const length of [170, 170_000]) {
      const { wire, closed } = await sendOne(side, {}, inFinalBlocks(zeros(length), 17));
      observe(wire.join(', '));
      expect(wire).toEqual([`close 1008 (${closed.reason})`]);
      expect(closed.rule).toBe('WS_DEFLATE_FINAL_BLOCKS');
    }
  });

  it(`${id}C8 octets that cannot become a message of the limit are refused on their announcement`, async () => {
    const limit = 8_000;
    const most = limit + limit / 8 + 1_024;
    const nothing = Buffer.alloc(
      most - 7,
      Buffer.from('00 00 00 ff ff'.replaceAll(' ', ''), 'hex'),
    );
    // Blocks of nothing, and then a message.
    const rest = Buffer.from('ca48cdc9c90700', 'hex');
    const padding = nothing.subarray(0, most - rest.length - ((most - rest.length) % 5));
    await expectLimit(Buffer.concat([padding, rest]), 5, limit);
    const site = await deflateSite(side, { maxMessageBytes: limit });
    // The header alone; nothing of the message is there yet.
    const header = frame(RSV1 | TEXT, Buffer.alloc(most + 1), { masked: side === 'server' });
    expectTooBig(await play(site, () => [header.subarray(0, side === 'server' ? 8 : 4)]));
  });

  it(`${id}C9 64 MiB of zeros are refused with 1009`, async () => {
    const bomb = deflateRawSync(zeros(64 * MEBI), { level: 9 });
    expect(bomb.length).toBeLessThan(65_300);
    expectTooBig(await sendOne(side, {}, bomb));
  });

  it(`${id}C9 64 MiB of zeros are handed over to whoever takes that much`, async () => {
    const bomb = deflateRawSync(zeros(64 * MEBI), { level: 9 });
    await expectLimit(bomb, 64 * MEBI, 64 * MEBI);
  });

  it(`${id}C9 a message that inflates to more times its octets than maxInflateRatio is refused with 1008`, async () => {
    const { wire, closed } = await sendOne(
      side,
      { maxInflateRatio: 100 },
      compressed(zeros(200_000)),
    );
    observe(wire.join(', '));
    expect(wire).toEqual([`close 1008 (${closed.reason})`]);
    expect(closed).toMatchObject({ rule: 'WS_INFLATE_RATIO', limit: 'maxInflateRatio' });
  });

  it.each([
    ['of 4,096 octets', 4_096],
    ['of one octet', 1],
  ])(`${id}C10 a bomb in fragments %s is refused with 1009`, async (_title, fragment) => {
    expectTooBig(await sendOne(side, {}, compressed(zeros(8 * MEBI)), fragment));
  });

  it(`${id}C10 a message of the limit in fragments is handed over, and one with an octet more is refused with 1009`, async () => {
    const limit = 100_000;
    for (const length of [limit, limit + 1]) {
      for (const message of [zeros(length), noise(length)]) {
        await expectLimit(compressed(message), length, limit, 1_000);
      }
    }
  });
});
