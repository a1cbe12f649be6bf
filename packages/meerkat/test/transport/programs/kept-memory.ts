// Writes from memory, and reads into memory, that nobody but the transport holds, and collects garbage meanwhile. What is not
// kept alive is soon full of other octets.
//
// Argument: the kind of transport, 'handle' or 'bare'.
import assert from 'node:assert/strict';
import type { Socket } from 'node:net';
import { setImmediate as turn } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import type { Transport, TransportReceiver } from '../../../src/transport/transport.ts';
import { barePair } from '../bare-pair.ts';
import { tcpPair } from '../tcp-pair.ts';
import { onBare, onHandle } from '../tcp-transports.ts';

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

const PIECE = 1 << 20;
const ROUNDS = 2;

/** Octets of a piece: one of them in the whole, at its place. */
function piece(value: number, length = PIECE): Buffer {
  return Buffer.allocUnsafeSlow(length).fill(value);
}

/** Frees what nobody needs, and fills it. */
async function litter(): Promise<void> {
  for (let round = 0; round < 3; round += 1) {
    collect();
    for (let count = 0; count < 16; count += 1) piece(0xdd);
    await turn();
  }
  collect();
}

const nothing: Omit<TransportReceiver, 'chunk'> = { drained() {}, ended() {}, closed() {} };

interface Ends {
  readonly transport: Transport;
  readonly dialled: Socket;
  dispose(): Promise<void>;
}

async function open(): Promise<Ends> {
  if (process.argv[2] === 'bare') {
    const { handle, ...ends } = await barePair();
    return { ...ends, transport: onBare(handle) };
  }
  const { accepted, ...ends } = await tcpPair();
  return { ...ends, transport: onHandle(accepted) };
}

async function written(): Promise<void> {
  const { transport, dialled, dispose } = await open();
  transport.start({ ...nothing, chunk: () => undefined });
  const values: number[] = [];
  for (let value = 1; value <= 12; value += 1) {
    if (value % 2 === 0) transport.writeOwned(piece(value));
    else transport.write(piece(value), 0, PIECE);
    values.push(value);
  }
  assert(transport.queuedBytes > PIECE);
  await litter();
  transport.end();
  let at = 0;
  let littered = 0;
  for await (const chunk of dialled as AsyncIterable<Buffer>) {
    for (let from = 0; from < chunk.length; ) {
      const end = Math.min(chunk.length, from + PIECE - (at % PIECE));
      const value = values[Math.floor(at / PIECE)] as number;
      assert.deepEqual(chunk.subarray(from, end), Buffer.alloc(end - from, value));
      at += end - from;
      from = end;
    }
    if (at - littered < 2 * PIECE) continue;
    littered = at;
    await litter();
  }
  assert.equal(at, values.length * PIECE);
  await dispose();
}

async function read(): Promise<void> {
  const { transport, dialled, dispose } = await open();
  let bytes = 0;
  let wished = 0;
  let closed = false;
  transport.start({
    ...nothing,
    chunk(octets, start, end) {
      assert.deepEqual(Buffer.from(octets.subarray(start, end)), Buffer.alloc(end - start, 0x55));
      if (octets.length === PIECE / 4) wished += 1;
      bytes += end - start;
      return piece(0x11, PIECE / 4);
    },
    closed() {
      closed = true;
    },
  });
  for (let count = 1; count <= 6; count += 1) {
    dialled.write(piece(0x55, 100_000));
    while (bytes < count * 100_000) await turn();
    await litter();
  }
  assert(wished > 3);
  dialled.end();
  transport.end();
  while (!closed) await turn();
  await dispose();
}

for (let round = 0; round < ROUNDS; round += 1) {
  await written();
  await read();
}
console.log('all right');
