import { once } from 'node:events';
import { closeSync, openSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import { Program } from '../../../../test/support/program.ts';
import { selfTest } from '../../src/transport/self-test.ts';
import { expectNothingUnhandled } from '../support/failures.ts';
import { turn, until } from '../support/waiting.ts';
import { tcpPair } from './tcp-pair.ts';
import { MEMORY } from './tcp-transports.ts';

/** A method of every TCP handle of the process. */
type Method = (this: never, ...args: never[]) => unknown;

/** Replaces one until the test ends. */
async function replace<Replacement extends Method>(
  name: string,
  replacement: (original: Replacement) => Replacement,
): Promise<void> {
  const { accepted, dispose } = await tcpPair();
  const { _handle: handle } = accepted as unknown as { _handle: object };
  const prototype = Object.getPrototypeOf(handle) as Record<string, Replacement>;
  await dispose();
  const original = prototype[name];
  if (original === undefined) throw new Error(`no handle has ${name}`);
  prototype[name] = replacement(original);
  onTestFinished(() => {
    // What it inherits is there again.
    if (Object.hasOwn(Object.getPrototypeOf(prototype) as object, name)) delete prototype[name];
    else prototype[name] = original;
    expect(prototype[name]).toBe(original);
  });
}

function tcpHandles(): number {
  return process.getActiveResourcesInfo().filter((kind) => /^TCP|^Timeout/.test(kind)).length;
}

/** Runs it, and looks that nothing of it is left. */
async function run(accepted: 'socket' | 'bare' = 'socket'): Promise<boolean> {
  expectNothingUnhandled();
  const before = tcpHandles();
  const passed = await selfTest(MEMORY, accepted);
  await until(() => tcpHandles() <= before);
  return passed;
}

type Write = (this: object, request: object | null, octets: Uint8Array) => unknown;
type WriteMany = (this: object, request: object | null, octets: Uint8Array[], all: true) => unknown;
type UseBuffer = (this: object, octets: Uint8Array) => unknown;

describe('the self-test of the handle transport', () => {
  it('passes here, and again', async () => {
    expect([await run(), await run()]).toEqual([true, true]);
  });

  it('passes where the loop stands still for longer than it may take', async () => {
    const passed = run();
    await turn();
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 2_200);
    expect(await passed).toBe(true);
  });

  it('fails where a write says that it is done and was cut short', async () => {
    await replace<Write>('writeBuffer', (original) => {
      let writes = 0;
      return function (request, octets) {
        writes += 1;
        return original.call(this, request, writes === 2 ? octets.subarray(1) : octets);
      };
    });
    expect(await run()).toBe(false);
  });

  it('fails where a write says that it is done and wrote nothing', async () => {
    await replace<Write>('writeBuffer', () => () => 0);
    expect(await run()).toBe(false);
  });

  it('fails where other octets leave than were written', async () => {
    await replace<Write>('writeBuffer', (original) => {
      return function (request, octets) {
        const other = Buffer.from(octets);
        other[other.length >>> 1] = (other[other.length >>> 1] ?? 0) ^ 1;
        return original.call(this, request, other);
      };
    });
    expect(await run()).toBe(false);
  });

  it('fails where no write is ever seen to wait', async () => {
    await replace<Write>('writeBuffer', (original) => {
      return function (request, octets) {
        // Before Node 26 the request tells: this one is not the one that was used.
        const other = request === null ? null : Reflect.construct(request.constructor, []);
        const result = original.call(this, other, octets);
        return typeof result === 'number' ? result : 0;
      };
    });
    expect(await run()).toBe(false);
  });

  it('fails where writes are refused', async () => {
    await replace<Write>('writeBuffer', () => () => -22);
    await replace<WriteMany>('writev', () => () => -22);
    expect(await run()).toBe(false);
  });

  it.each(['writeBuffer', 'writev', 'useUserBuffer'])('fails where %s throws', async (name) => {
    await replace<Method>(name, () => () => {
      throw new TypeError('not in this version');
    });
    expect(await run()).toBe(false);
  });

  it('fails where pieces that were written together do not all leave', async () => {
    await replace<WriteMany>('writev', (original) => {
      return function (request, octets) {
        return original.call(this, request, octets.slice(1), true);
      };
    });
    expect(await run()).toBe(false);
  });

  it('fails where nothing is read into memory of ours', async () => {
    await replace<UseBuffer>('useUserBuffer', () => () => 0);
    expect(await run()).toBe(false);
  });

  it('fails where it is read into other memory than was said', async () => {
    const elsewhere = Buffer.alloc(MEMORY.length);
    await replace<UseBuffer>('useUserBuffer', (original) => {
      return function () {
        return original.call(this, elsewhere);
      };
    });
    expect(await run()).toBe(false);
  });

  it.each(['listen', 'bind', 'connect'])(
    'fails where the loopback address refuses to %s',
    async (name) => {
      await replace<Method>(name, () => () => -111);
      expect(await run()).toBe(false);
    },
  );

  it('fails where nobody can be reached, within its time', async () => {
    await replace<Method>('connect', () => () => 0); // and nothing comes of it
    const began = performance.now();
    expect(await run()).toBe(false);
    expect(performance.now() - began).toBeLessThan(10_000);
  });

  it('fails where no descriptor is left, and passes when there are some', async () => {
    const held: number[] = [];
    onTestFinished(() => {
      for (const descriptor of held.splice(0)) closeSync(descriptor);
    });
    let left = true;
    for (; left && held.length < 200_000; ) {
      try {
        held.push(openSync('/dev/null', 'r'));
      } catch {
        left = false;
      }
    }
    if (left) {
      console.log('not tested: this process may have more than 200,000 files open');
      return;
    }
    const passed = await selfTest(MEMORY);
    for (const descriptor of held.splice(0)) closeSync(descriptor);
    expect(passed).toBe(false);
    expect(await run()).toBe(true);
  });

  it.each(['socket', 'bare'] as const)(
    'turns away a stranger who dials its port: %s',
    async (accepted) => {
      const strangers: Socket[] = [];
      onTestFinished(() => {
        for (const stranger of strangers) stranger.destroy();
      });
      const heard: string[] = [];
      type Listen = (this: { getsockname(name: object): number }, backlog: number) => number;
      await replace<Listen>('listen', (original) => {
        return function (backlog) {
          const result = original.call(this, backlog);
          const name: { port?: number } = {};
          this.getsockname(name);
          // First in the queue: it dials before anybody knows that the server listens.
          const stranger = connect({ port: name.port ?? 0, host: '127.0.0.1' });
          stranger.on('data', (chunk: Buffer) => heard.push(chunk.toString()));
          stranger.on('error', () => {});
          stranger.on('connect', () => stranger.write('may I?'));
          strangers.push(stranger);
          return result;
        };
      });
      expect(await run(accepted)).toBe(true);
      expect(strangers.length).toBe(1);
      const [stranger] = strangers;
      if (stranger?.closed === false) await once(stranger, 'close');
      expect(stranger?.bytesRead).toBe(0);
      expect(heard).toEqual([]);
    },
  );
});

describe('the self-test of connections without a socket', () => {
  it('passes here, and again', async () => {
    expect([await run('bare'), await run('bare')]).toEqual([true, true]);
  });

  it('fails where a write says that it is done and was cut short', async () => {
    await replace<Write>('writeBuffer', (original) => {
      let writes = 0;
      return function (request, octets) {
        writes += 1;
        return original.call(this, request, writes === 2 ? octets.subarray(1) : octets);
      };
    });
    expect(await run('bare')).toBe(false);
  });

  it('fails where our end does not leave', async () => {
    type ShutDown = (this: { constructor: { name: string } }, request: object) => number;
    await replace<ShutDown>('shutdown', () => () => 0);
    expect(await run('bare')).toBe(false);
  });

  it('fails where nobody says who the peer is', async () => {
    await replace<Method>('getpeername', () => () => -107);
    expect(await run('bare')).toBe(false);
  });

  it.each(['setNoDelay', 'readStart', 'readStop', 'shutdown', 'getpeername'])(
    'fails where %s throws',
    async (name) => {
      await replace<Method>(name, () => () => {
        throw new TypeError('not in this version');
      });
      expect(await run('bare')).toBe(false);
    },
  );

  it('fails where it is read into other memory than was said', async () => {
    const elsewhere = Buffer.alloc(MEMORY.length);
    await replace<UseBuffer>('useUserBuffer', (original) => {
      return function () {
        return original.call(this, elsewhere);
      };
    });
    expect(await run('bare')).toBe(false);
  });
});

describe('the self-test in special surroundings', () => {
  it('passes in workers of node:cluster, which share their ports otherwise', async () => {
    const program = Program.source('packages/meerkat/test/transport/programs/cluster-workers.ts');
    onTestFinished(async () => {
      program.kill('SIGKILL');
      await program.exited;
    });
    expect(await program.exited, program.stderr).toBe(0);
    // Node tells the primary of a port that is not shared, too: each worker has one.
    expect(program.stdout).toMatch(/^true true true true, \d ports\n$/);
  });

  it('fails at once where the permission model keeps the process from the network', async () => {
    const asked: string[] = [];
    const permission = {
      has(scope: string) {
        asked.push(scope);
        return false;
      },
    };
    const flags = new Set(['--allow-net']);
    for (const [name, value] of Object.entries({
      permission,
      allowedNodeEnvironmentFlags: flags,
    })) {
      const before = Object.getOwnPropertyDescriptor(process, name);
      Object.defineProperty(process, name, { value, configurable: true });
      onTestFinished(() => {
        if (before === undefined) Reflect.deleteProperty(process, name);
        else Object.defineProperty(process, name, before);
      });
    }
    expect(await selfTest(Buffer.alloc(65_536))).toBe(false);
    expect(asked).toEqual(['net']);
  });
});
