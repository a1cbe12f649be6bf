import { AsyncLocalStorage } from 'node:async_hooks';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { DeflateRaw, InflateRaw, type ZlibOptions } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { FROM_SOURCE, Program } from '../../../../../test/support/program.ts';
import {
  deflateHandle,
  inflateHandle,
  ZlibHandle,
  type ZlibStreams,
  zlibHandlesWork,
} from '../../../src/connection/compression/zlib-handle.ts';
import { turns } from '../../support/waiting.ts';

/** What a stream has inside; these tests change it. */
interface Inside {
  _handle: Record<string, unknown> & {
    writeSync(...args: unknown[]): void;
    reset(): void;
    onerror: unknown;
  };
  _writeState: Uint32Array;
  _processChunk: unknown;
}

/** Node's classes, with something changed in each stream. */
function changed(change: (stream: Inside) => void): ZlibStreams {
  return {
    DeflateRaw: class extends DeflateRaw {
      constructor(options: ZlibOptions) {
        super(options);
        change(this as unknown as Inside);
      }
    },
    InflateRaw: class extends InflateRaw {
      constructor(options: ZlibOptions) {
        super(options);
        change(this as unknown as Inside);
      }
    },
  };
}

const ANOTHER_NODE: readonly (readonly [string, (stream: Inside) => void])[] = [
  ['no handle', (stream) => Reflect.deleteProperty(stream, '_handle')],
  ['no state', (stream) => Reflect.deleteProperty(stream, '_writeState')],
  [
    'a state of three numbers',
    (stream) => {
      stream._writeState = new Uint32Array(3);
    },
  ],
  [
    'a handle that cannot begin anew',
    ({ _handle }) => {
      _handle.reset = () => {};
    },
  ],
  [
    'a handle without `reset`',
    ({ _handle }) => {
      Object.assign(_handle, { reset: undefined });
    },
  ],
  [
    'a handle that tells nobody of an error',
    ({ _handle }) => {
      Object.defineProperty(_handle, 'onerror', { get: () => () => {}, set: () => {} });
    },
  ],
  [
    'a handle that throws',
    ({ _handle }) => {
      _handle.writeSync = () => {
        throw new Error('not any more');
      };
    },
  ],
  [
    'a handle that takes other arguments',
    (stream) => {
      const { _handle } = stream;
      stream._processChunk = (input: Uint8Array, flush: number): void => {
        const output = Buffer.alloc(64);
        _handle.writeSync(flush, input, 0, input.length, output, 0, output.length, 'one more');
      };
      const { writeSync } = _handle;
      _handle.writeSync = (...args) => {
        writeSync.apply(_handle, args.slice(0, 7));
      };
    },
  ],
  [
    'a handle that takes them in another order',
    (stream) => {
      const { _handle } = stream;
      stream._processChunk = (input: Uint8Array, flush: number): void => {
        const output = Buffer.alloc(64);
        _handle.writeSync(flush, output, 0, output.length, input, 0, input.length);
      };
      const { writeSync } = _handle;
      _handle.writeSync = () => {
        writeSync.call(_handle, 2, Buffer.from([0]), 0, 1, Buffer.alloc(64), 0, 64);
      };
    },
  ],
];

describe('handles of zlib', () => {
  it('do on this Node what is expected of them', async () => {
    expect(zlibHandlesWork({ DeflateRaw, InflateRaw })).toBe(true);
    expect(zlibHandlesWork(changed(() => {}))).toBe(true);
    await turns(); // what the streams tell later is heard by nobody
  });

  it.each(ANOTHER_NODE)('are not used where streams have %s', async (_title, change) => {
    expect(zlibHandlesWork(changed(change))).toBe(false);
    await turns();
  });

  it('are not used where streams are something else', () => {
    class Other {}
    class Idle {
      _writeState = new Uint32Array(2);
      _handle = { onerror: undefined, reset: () => {}, writeSync: (..._args: unknown[]) => {} };
      _processChunk = (input: Uint8Array, flush: number) => {
        this._handle.writeSync(flush, input, 0, input.length, Buffer.alloc(64), 0, 64);
      };
      on = () => this;
      close = () => {};
    }
    expect(zlibHandlesWork({ DeflateRaw: Idle, InflateRaw: Idle })).toBe(false);
    expect(zlibHandlesWork({ DeflateRaw, InflateRaw: Idle })).toBe(false);
    expect(zlibHandlesWork({ DeflateRaw: Other, InflateRaw: Other })).toBe(false);
    expect(zlibHandlesWork({ DeflateRaw, InflateRaw: Other })).toBe(false);
    expect(() => new ZlibHandle(new Other())).toThrow(TypeError);
  });

  it('are not used where those that compress cannot begin anew', () => {
    const { DeflateRaw: OneOff } = changed(({ _handle }) => {
      _handle.reset = () => {};
    });
    expect(zlibHandlesWork({ DeflateRaw: OneOff, InflateRaw })).toBe(false);
  });

  it('are not used where those that inflate hide what is behind a final block', () => {
    const { InflateRaw: Silent } = changed(({ _handle, _writeState: state }) => {
      const { writeSync } = _handle;
      _handle.writeSync = (...args) => {
        writeSync.apply(_handle, args);
        state[1] = 0;
      };
    });
    expect(zlibHandlesWork({ DeflateRaw, InflateRaw: Silent })).toBe(false);
  });

  it('do not keep what was around when they were made', async () => {
    setFlagsFromString('--expose-gc');
    const collect = runInNewContext('gc') as () => void;
    const around = new AsyncLocalStorage<object>();
    const handles: unknown[] = [];
    const store = around.run({ secret: 'of one request' }, () => {
      handles.push(inflateHandle(), deflateHandle({ level: 3, memLevel: 5, windowBits: 12 }));
      return new WeakRef(around.getStore() ?? {});
    });
    expect(handles).toEqual([expect.any(ZlibHandle), expect.any(ZlibHandle)]);
    await turns();
    collect();
    expect(store.deref()).toBeUndefined();
    for (const handle of handles) (handle as ZlibHandle).close();
  });
});

const PERMISSION = process.allowedNodeEnvironmentFlags.has('--permission')
  ? '--permission'
  : '--experimental-permission';

it.each([
  ['as it is', [], true],
  [
    'under the permission model',
    [
      PERMISSION,
      '--allow-fs-read=*',
      '--allow-fs-write=*',
      '--allow-worker',
      '--allow-child-process',
    ],
    true,
  ],
  [
    'where nothing inside is as it was',
    ['--import', './test/support/without-zlib-handles.mjs'],
    false,
  ],
])('compression works on a Node %s, and Node warns of nothing', async (_title, flags, handles) => {
  const program = new Program(process.execPath, [
    ...flags,
    ...FROM_SOURCE,
    'packages/meerkat/test/support/zlib-handles.ts',
  ]);
  expect(await program.exited, program.stderr).toBe(0);
  expect(JSON.parse(program.stdout)).toEqual({
    deflates: handles,
    inflates: handles,
    inflated: 'meerkat, meerkat, meerkat',
    broken: 'data',
    warnings: [],
  });
});
