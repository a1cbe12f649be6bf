import { expect, it, onTestFinished, vi } from 'vitest';
import { until } from '../support/waiting.ts';
import { barePair } from './bare-pair.ts';
import { Recorder } from './recorder.ts';
import { onBare } from './tcp-transports.ts';
import { describeTransport } from './transport-suite.ts';

describeTransport({
  name: 'a handle that was accepted, and has no socket',
  async open() {
    const { handle, dialled, dispose } = await barePair();
    dialled.allowHalfOpen = true;
    return {
      transport: onBare(handle),
      far: dialled,
      breakOff: () => dialled.resetAndDestroy(),
      dispose,
    };
  },
});

it('a transport without a socket ends its direction once, where that is asked for when all has left', async () => {
  const { handle, dialled, dispose } = await barePair();
  onTestFinished(dispose);
  const shutdown = vi.spyOn(handle, 'shutdown');
  const transport = onBare(handle);
  const { receiver } = new Recorder();
  transport.start({
    ...receiver,
    drained() {
      if (transport.queuedBytes === 0) transport.end();
    },
  });
  const bulk = Buffer.alloc(1 << 20);
  let sent = 0;
  while (transport.queuedBytes === 0) {
    transport.write(bulk, 0, bulk.length);
    sent += bulk.length;
  }
  let received = 0;
  let hasEnded = false;
  dialled.on('data', (octets: Buffer) => {
    received += octets.length;
  });
  dialled.on('end', () => {
    hasEnded = true;
  });
  await until(() => hasEnded);
  expect([received, shutdown.mock.calls.length]).toEqual([sent, 1]);
});
