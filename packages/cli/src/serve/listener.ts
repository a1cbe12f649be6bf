import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, lstatSync, unlinkSync } from 'node:fs';
import { lstat, rename } from 'node:fs/promises';
import type { Server } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { networkInterfaces } from 'node:os';
import { dirname, join } from 'node:path';
import process from 'node:process';
import { CliError } from '../cli-error.ts';
import type { ListenAddress } from './listen-address.ts';

/** Octets that the path of a unix socket can have: `sun_path` without its last octet; 103 on macOS and the BSDs. */
const MAX_PATH_OCTETS = process.platform === 'linux' ? 107 : 103;
/** As long as the name under which a socket begins. */
const NAME = '.00000000';

/** Where a server answers: what to put behind `http://` and `ws://`, or the path of a unix socket. */
export type Endpoint = { readonly secure: boolean } & (
  | { readonly authority: string }
  | { readonly path: string }
);

type Where = { readonly host: string; readonly port: number } | { readonly socketPath: string };

/** Lets a server listen; rejects with Node's error. */
export type Listen = (where: Where) => Promise<unknown>;

/**
 * Listens. The socket file that a process left behind which has died is replaced.
 *
 * @returns Everything that it answers on.
 * @throws {@link CliError} that says why it cannot listen there.
 */
export async function listenOn(
  server: Server,
  address: ListenAddress,
  listen: Listen,
): Promise<Endpoint[]> {
  const { secure } = address;
  if ('path' in address) {
    const { path } = address;
    // Node 20 would cut it off there, and listen.
    const longest = Math.max(Buffer.byteLength(path), Buffer.byteLength(join(dirname(path), NAME)));
    if (process.platform !== 'win32' && longest > MAX_PATH_OCTETS) {
      throw new CliError(
        `cannot listen on ${path}: the path is too long for a socket: at most ${MAX_PATH_OCTETS} octets`,
        1,
      );
    }
    await listenAt(server, path, listen);
    return [{ secure, path }];
  }
  const { host, port } = address;
  await tryTo(listen, { host, port }, `${bracketed(host)}:${port}`);
  return authoritiesOf(server.address() as AddressInfo).map((authority) => ({ secure, authority }));
}

async function tryTo(listen: Listen, where: Where, shown: string): Promise<void> {
  try {
    await listen(where);
  } catch (error) {
    const failure = error as NodeJS.ErrnoException;
    // libuv says EACCES where the system said ENOENT.
    if (
      'socketPath' in where &&
      failure.code === 'EACCES' &&
      !existsSync(dirname(where.socketPath))
    ) {
      failure.code = 'ENOENT';
    }
    const reason = whyNot(failure, 'socketPath' in where);
    throw new CliError(`cannot listen on ${shown}: ${reason}`, 1);
  }
}

function whyNot(error: NodeJS.ErrnoException, isPath: boolean): string {
  switch (error.code) {
    case 'EADDRINUSE':
      return 'the port is in use; choose another with --port, or 0 for any that is free';
    case 'EACCES':
      return isPath
        ? 'not permitted to make a socket in that folder'
        : 'not permitted; ports below 1024 need privileges';
    case 'EADDRNOTAVAIL':
      return 'this machine has no such address';
    case 'ENOENT':
    case 'ENOTDIR':
      return 'there is no such folder';
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return 'no such host';
    default:
      return error.message;
  }
}

/**
 * Listens under a name of our own and moves the socket to `path` then: a server that ends takes away the file of the name
 * that it has listened on, whoever's it is by then.
 */
async function listenAt(server: Server, path: string, listen: Listen): Promise<void> {
  if (process.platform === 'win32') {
    await tryTo(listen, { socketPath: path }, path); // a pipe there is no file
    return;
  }
  if (!(await isFree(path))) {
    throw new CliError(
      `cannot listen on ${path}: another process listens there, or it is a file that is no socket`,
      1,
    );
  }
  const temporary = join(dirname(path), `.${randomBytes(4).toString('hex')}`);
  await tryTo(listen, { socketPath: temporary }, path);
  try {
    await rename(temporary, path);
  } catch (error) {
    throw new CliError(`cannot listen on ${path}: ${(error as Error).message}`, 1);
  }
  const { dev, ino } = lstatSync(path);
  server.once('close', () => {
    try {
      const now = lstatSync(path);
      if (now.dev === dev && now.ino === ino) unlinkSync(path);
    } catch {
      // somebody else took it away
    }
  });
}

/** Whether nothing is at `path`, or only the socket of a process that has died. */
async function isFree(path: string): Promise<boolean> {
  const found = await lstat(path).catch(() => undefined);
  if (found === undefined) return true;
  if (!found.isSocket()) return false;
  const socket = connect({ path });
  try {
    await once(socket, 'connect');
    return false;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ECONNREFUSED';
  } finally {
    socket.destroy();
  }
}

/** What to put into a browser for each address that a server listens on. */
function authoritiesOf({ address, port }: AddressInfo): string[] {
  if (address === '127.0.0.1') return [`localhost:${port}`];
  if (address === '::1') return [`[::1]:${port}`];
  if (address !== '0.0.0.0' && address !== '::') return [`${bracketed(address)}:${port}`];
  const outside = Object.values(networkInterfaces())
    .flatMap((addresses) => addresses ?? [])
    .filter(({ internal, family, scopeid }) => {
      if (internal || (scopeid ?? 0) !== 0) return false; // a link-local address works only with its zone
      return family === 'IPv4' || address === '::';
    });
  return [`localhost:${port}`, ...outside.map((one) => `${bracketed(one.address)}:${port}`)];
}

function bracketed(host: string): string {
  return host.includes(':') ? `[${host}]` : host;
}
