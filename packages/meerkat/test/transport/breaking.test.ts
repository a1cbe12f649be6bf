import type { Socket } from 'node:net';
import { describe, expect, it } from 'vitest';
import type { Transport } from '../../src/transport/transport.ts';
import { expectNothingUnhandled } from '../support/failures.ts';
import { turn, turns, until } from '../support/waiting.ts';
import { Far, pattern, Recorder, settled } from './recorder.ts';
import { openEnds, openSocketEnds, type TcpEnds } from './tcp-ends.ts';
import { KINDS, SOCKET_KINDS } from './tcp-transports.ts';

/** A connection, and what its transport reports. */
interface Scene extends TcpEnds {
  readonly near: Recorder;
}

/** A state that a connection is brought into before something happens to it. */
type State = (scene: Scene) => Promise<void>;

/** More than the kernel takes by itself. */
const IN_FLIGHT = 8 << 20;
const LARGE = pattern(IN_FLIGHT);

const start: State = async ({ transport, near }) => {
  transport.start(near.receiver);
  await turn();
};

/** `happens` is to be called in the state, which may be within a call of the transport. */
type Staging = (scene: Scene, happens: () => void) => Promise<void>;

function when(state: State): Staging {
  return async (scene, happens) => {
    await state(scene);
    happens();
  };
}

/** Where something may happen to a connection. */
const STAGES: Readonly<Record<string, Staging>> = {
  'before it is started': when(async () => {}),
  'within the turn of its start': async ({ transport, near }, happens) => {
    transport.start(near.receiver);
    happens();
  },
  'before the first octet': when(start),
  'while it is paused': when(async (scene) => {
    await start(scene);
    scene.transport.pause();
    scene.far.write('unread');
    await turns(5);
  }),
  'within a chunk': async (scene, happens) => {
    let first = true;
    scene.near.onChunk = () => {
      if (first) happens();
      first = false;
    };
    await start(scene);
    scene.far.write(pattern(200_000));
    await until(() => !first);
  },
  'within a chunk, with a wish': async (scene, happens) => {
    let first = true;
    scene.near.wish = () => {
      if (first) happens();
      first = false;
      return Buffer.alloc(5_000);
    };
    await start(scene);
    scene.far.write(pattern(200_000));
    await until(() => !first);
  },
  'while a write is under way': when(async (scene) => {
    await start(scene);
    scene.transport.writeOwned(LARGE);
    await settled(() => scene.transport.queuedBytes);
  }),
  'while others wait behind a write': when(async (scene) => {
    await start(scene);
    scene.transport.writeOwned(LARGE);
    scene.transport.writeOwned(pattern(1_000));
    scene.transport.write(pattern(1_000), 0, 1_000);
    await settled(() => scene.transport.queuedBytes);
  }),
  'when a write has left': async (scene, happens) => {
    let first = true;
    const { drained } = scene.near.receiver;
    scene.near.receiver.drained = () => {
      drained();
      if (first) happens();
      first = false;
    };
    await start(scene);
    scene.transport.writeOwned(LARGE);
    await settled(() => scene.transport.queuedBytes);
    const { far } = scene;
    far.on('data', () => {});
    await until(() => !first);
  },
  'when the peer has ended': async (scene, happens) => {
    let first = true;
    const { ended } = scene.near.receiver;
    scene.near.receiver.ended = () => {
      ended();
      if (first) happens();
      first = false;
    };
    await start(scene);
    scene.far.end('all');
    await until(() => !first);
  },
  'when we have ended': when(async (scene) => {
    await start(scene);
    scene.transport.end();
    await turns(5);
  }),
  'when we have ended behind a write under way': when(async (scene) => {
    await start(scene);
    scene.transport.writeOwned(LARGE);
    await settled(() => scene.transport.queuedBytes);
    scene.transport.end();
  }),
};

/** Nothing that is called late does anything. */
async function expectOver({ transport, near }: Scene): Promise<void> {
  const before = [...near.events];
  transport.write(Buffer.from('a'), 0, 1);
  transport.writeOwned(Buffer.from('b'));
  transport.pause();
  transport.resume();
  transport.end();
  transport.destroy();
  await turns();
  expect(near.events).toEqual(before);
  expect(near.count('closed')).toBe(1);
  expect(near.count('ended')).toBeLessThan(2);
  expect(transport.queuedBytes).toBe(0);
}

async function open(kind: (typeof KINDS)[number]): Promise<Scene> {
  expectNothingUnhandled();
  return { ...(await openEnds(kind)), near: new Recorder() };
}

function startedAt(stage: string): boolean {
  return stage !== 'before it is started';
}

/** What an application may do to the socket behind a transport, which it should not. */
const MEDDLING: Readonly<Record<string, (socket: Socket) => void>> = {
  'destroy()': (socket) => socket.destroy(),
  'destroy(error)': (socket) => socket.destroy(new Error('meddled')),
  'resetAndDestroy()': (socket) => socket.resetAndDestroy(),
  'destroySoon()': (socket) => socket.destroySoon(),
  'end()': (socket) => socket.end(),
  'a large write() and end()': (socket) => {
    socket.write(Buffer.alloc(IN_FLIGHT));
    socket.end();
  },
};

describe.each(KINDS)('a connection on the %s transport', (kind) => {
  it.each(Object.keys(STAGES))(
    'that the peer resets %s closes once, with the error',
    async (stage) => {
      const scene = await open(kind);
      const { transport, near, far } = scene;
      await STAGES[stage]?.(scene, () => far.resetAndDestroy());
      if (!startedAt(stage)) transport.start(near.receiver);
      if (stage === 'while it is paused') {
        await turns(20);
        if (kind !== 'stream') expect(near.closed).toBe(false); // who does not read does not hear of it
        transport.resume();
      }
      // Of a connection whose end was read, or is over for us, only a write can tell.
      while (!near.closed) {
        if (!stage.startsWith('when we have')) transport.write(Buffer.alloc(100), 0, 100);
        await turn();
      }
      expect(near.error).toMatchObject({ code: expect.stringMatching(/^(?:ECONNRESET|EPIPE)$/) });
      expect(near.count('ended')).toBe(stage === 'when the peer has ended' ? 1 : 0);
      await expectOver(scene);
    },
  );

  it.each(Object.keys(STAGES))(
    'that we destroy %s closes once, without an error',
    async (stage) => {
      const scene = await open(kind);
      const { transport, near, far } = scene;
      await STAGES[stage]?.(scene, () => transport.destroy());
      if (!startedAt(stage)) transport.start(near.receiver);
      await until(() => near.closed);
      expect(near.error).toBe(undefined);
      await until(() => far.destroyed || far.readableEnded || far.resume().readableEnded);
      await expectOver(scene);
    },
  );

  it('that its peer has left tells it once, however often it is written to', async () => {
    const scene = await open(kind);
    const { transport, near, far } = scene;
    transport.start(near.receiver);
    transport.pause(); // a reader would hear of it at once
    far.write('unread by nobody');
    await turns(5);
    transport.resume();
    transport.pause();
    far.destroy();
    let writes = 0;
    while (!near.closed) {
      for (let count = 0; count < 10; count += 1) write(transport);
      writes += 1;
      await turn();
    }
    expect(writes).toBeLessThan(1_000);
    expect(near.error).toMatchObject({ code: expect.stringMatching(/^(?:ECONNRESET|EPIPE)$/) });
    await expectOver(scene);
  });

  it('ends in both directions at once, each behind what is queued there', async () => {
    const scene = await open(kind);
    const { transport, near, far } = scene;
    const sent = LARGE;
    far.write(sent);
    far.end();
    transport.start(near.receiver);
    transport.pause();
    transport.writeOwned(sent);
    transport.write(sent, 0, 1_000);
    transport.end();
    await settled(() => transport.queuedBytes);
    expect(transport.queuedBytes).toBeGreaterThan(0);
    transport.resume();
    await until(() => near.count('ended') === 1);
    expect(near.received.equals(sent)).toBe(true);
    expect(near.closed).toBe(false);
    const peer = new Far(far);
    await until(() => peer.ended && near.closed);
    expect(peer.received.equals(Buffer.concat([sent, sent.subarray(0, 1_000)]))).toBe(true);
    expect(near.error).toBe(undefined);
    await expectOver(scene);
  });

  it('answers the peer’s end with all that is queued, and its own end', async () => {
    const scene = await open(kind);
    const { transport, near, far } = scene;
    const sent = LARGE;
    const { ended } = near.receiver;
    near.receiver.ended = () => {
      ended();
      transport.writeOwned(sent.subarray(1_000_000));
      transport.end();
    };
    transport.start(near.receiver);
    transport.writeOwned(sent.subarray(0, 1_000_000));
    far.end();
    await until(() => near.count('ended') === 1);
    const peer = new Far(far);
    await until(() => peer.ended && near.closed);
    expect(peer.received.equals(sent)).toBe(true);
    expect(near.error).toBe(undefined);
  });
});

describe.each(SOCKET_KINDS)(
  'a connection whose socket somebody meddles with, on the %s transport',
  (kind) => {
    it.each(
      Object.keys(MEDDLING).flatMap((deed) =>
        Object.keys(STAGES).map((stage) => [deed, stage] as const),
      ),
    )('survives %s on its socket %s', async (deed, stage) => {
      expectNothingUnhandled();
      const scene = { ...(await openSocketEnds(kind)), near: new Recorder() };
      const { transport, socket, near, far } = scene;
      await STAGES[stage]?.(scene, () => MEDDLING[deed]?.(socket));
      if (!startedAt(stage)) transport.start(near.receiver);
      else write(transport); // whoever holds the transport knows nothing of it
      await turns(3);
      transport.resume();
      const peer = new Far(far);
      await until(() => peer.ended || far.destroyed);
      far.end();
      await until(() => near.closed);
      if (deed === 'destroy(error)' && !stage.startsWith('when we have ended')) {
        expect(near.error).toMatchObject({ message: 'meddled' });
      }
      await expectOver(scene);
    });

    it('throws away what is written behind end() on its socket, and reads on', async () => {
      expectNothingUnhandled();
      const scene = { ...(await openSocketEnds(kind)), near: new Recorder() };
      const { transport, socket, near, far } = scene;
      transport.start(near.receiver);
      transport.write(Buffer.from('before'), 0, 6);
      socket.end();
      await turns(3);
      write(transport);
      expect(transport.queuedBytes).toBe(0);
      const peer = new Far(far);
      await until(() => peer.ended);
      expect(peer.received.toString()).toBe('before');
      far.end('read on');
      await until(() => near.closed);
      expect(near.received.toString()).toBe('read on');
      expect(near.error).toBe(undefined);
      await expectOver(scene);
    });
  },
);

/** What an application may have done to how stack traces are made. */
const TRACES: Readonly<Record<string, PropertyDescriptor | undefined>> = {
  'cannot be written': { value: 10, writable: false },
  'is there to be read only': { get: () => 10 },
  'throws at every touch': { get: refused, set: refused },
  'is not there': undefined,
};

function refused(): never {
  throw new RangeError('not yours');
}

/** Replaces a field of `Error` while `work` goes on. */
async function withErrorField(
  name: string,
  descriptor: PropertyDescriptor | undefined,
  work: () => Promise<void>,
): Promise<void> {
  const before = Object.getOwnPropertyDescriptor(Error, name);
  if (descriptor === undefined) Reflect.deleteProperty(Error, name);
  else Object.defineProperty(Error, name, { ...descriptor, configurable: true });
  try {
    await work();
  } finally {
    Reflect.deleteProperty(Error, name);
    if (before !== undefined) Object.defineProperty(Error, name, before);
  }
}

describe.each(KINDS)('on a TCP connection, the %s transport', (kind) => {
  it.each(Object.keys(TRACES))('tells how it ended where Error.stackTraceLimit %s', async (how) => {
    expectNothingUnhandled();
    const open = async (): Promise<Scene> => ({ ...(await openEnds(kind)), near: new Recorder() });
    const broken = await open();
    const ended = await open();
    await start(broken);
    await start(ended);
    await withErrorField('stackTraceLimit', TRACES[how], async () => {
      broken.far.resetAndDestroy();
      ended.far.end();
      await until(() => broken.near.closed && ended.near.count('ended') > 0);
    });
    expect(broken.near.error).toMatchObject({ code: 'ECONNRESET', syscall: 'read' });
    ended.transport.destroy();
    await until(() => ended.near.closed);
  });
});

describe('the transport without a socket', () => {
  it('is closed where the error of a reset cannot be made', async () => {
    expectNothingUnhandled();
    const scene = { ...(await openEnds('bare')), near: new Recorder() };
    await start(scene);
    await withErrorField('prepareStackTrace', { value: refused }, async () => {
      scene.far.resetAndDestroy();
      await until(() => scene.near.closed);
    });
    expect(scene.near.error).toBeInstanceOf(Error);
  });
});

function write(transport: Transport): void {
  transport.write(Buffer.alloc(100), 0, 100);
  transport.writeOwned(Buffer.alloc(100));
}
