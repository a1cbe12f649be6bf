import { stat } from 'node:fs/promises';
import type { Server } from 'node:http';
import type { CliContext } from '../cli-context.ts';
import { Output } from '../terminal/output.ts';
import { type Palette, paletteFor } from '../terminal/palette.ts';
import { tapServer } from '../traffic/tap-server.ts';
import { TrafficDump } from '../traffic/traffic-dump.ts';
import { openTrafficFile } from '../traffic/traffic-file.ts';
import type { ConnectionIds } from './connection-ids.ts';

/** A dump of everything that crosses the servers it watches. */
export interface ServerDump {
  /** Watches a server; before it listens. */
  watch(server: Server): void;
  /** Whether a file is the one that the dump goes to: it is not for clients. */
  isItself(file: { readonly dev: bigint; readonly ino: bigint }): boolean;
  /** Writes the rest. Never rejects. */
  close(): Promise<void>;
}

/** What a dump is made of. */
export interface DumpSetup {
  /** The file it goes to; undefined for standard output. */
  readonly file: string | undefined;
  readonly showSecrets: boolean;
  readonly ids: ConnectionIds;
  /** Where standard output is somebody's already: writes whole lines there. */
  readonly print: ((text: string) => Promise<void> | undefined) | undefined;
  /** The dump could not be written. It is over, the server is not. */
  onFailure(error: NodeJS.ErrnoException): void;
}

/** @throws {@link CliError} for a file that cannot be written. */
export async function openDump(setup: DumpSetup, context: CliContext): Promise<ServerDump> {
  const { file, showSecrets, ids, onFailure } = setup;
  const target =
    file === undefined ? toTerminal(setup, context) : await toFile(file, onFailure, context);
  const { write, ready, palette } = target;
  const dump = new TrafficDump({ write, ready, palette, showSecrets });
  return {
    watch: (server) => {
      tapServer(
        server,
        (socket) => {
          const { localAddress, localPort, remoteAddress, remotePort } = socket;
          const addresses = { localAddress, localPort, remoteAddress, remotePort };
          return dump.connection({ id: ids.of(socket), role: 'server', ...addresses });
        },
        (tapped, socket) => ids.alias(tapped, socket),
      );
    },
    isItself: target.isItself,
    close: target.close,
  };
}

interface Target {
  write(text: string): Promise<void> | undefined;
  ready(signal?: AbortSignal): Promise<void> | undefined;
  readonly palette: Palette;
  isItself: ServerDump['isItself'];
  close(): Promise<void>;
}

async function toFile(
  file: string,
  onFailure: DumpSetup['onFailure'],
  { stdout }: CliContext,
): Promise<Target> {
  const hint = '; to serve it, write it before --hexdump';
  const { write, ready, close } = await openTrafficFile(file, onFailure, hint);
  const { dev, ino } = await stat(file, { bigint: true });
  return {
    write,
    ready,
    close,
    isItself: (one) => one.dev === dev && one.ino === ino,
    palette: paletteFor(stdout, { NO_COLOR: '1' }),
  };
}

function toTerminal({ print, onFailure }: DumpSetup, { stdout, env }: CliContext): Target {
  const output = new Output(stdout, onFailure);
  return {
    write: print ?? ((text) => output.write(text)),
    ready: (signal) => output.ready(signal),
    palette: paletteFor(stdout, env),
    isItself: () => false,
    close: async () => {},
  };
}
