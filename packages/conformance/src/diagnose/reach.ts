// The way to the server: name and TCP.
import { lookup as lookupSystem } from 'node:dns/promises';
import { isIP, type Socket } from 'node:net';
import type { FaultCode, Step } from './diagnosis.ts';
import { type Failure, isFailure, openTcp } from './dialler.ts';
import type { StepList } from './step-list.ts';
import type { Target } from './target.ts';

/** Addresses of one name that are tried. */
const MAX_ADDRESSES = 8;

export interface Reached {
  readonly address: string;
  readonly socket: Socket;
}

interface Terms {
  readonly timeoutMs: number;
  readonly lookup: ((host: string) => Promise<readonly string[]>) | undefined;
}

/** Resolves the name and tries all of its addresses; keeps the first connection. */
export async function reach(
  target: Target,
  steps: StepList,
  terms: Terms,
): Promise<Reached | undefined> {
  const addresses = await resolve(target, steps, terms);
  if (addresses === undefined) return undefined;
  // Programs differ in what they make of "localhost": both are tried, whatever it is here.
  const spare = target.host === 'localhost' ? ['127.0.0.1', '::1'] : [];
  const all = [...new Set([...addresses, ...spare])].slice(0, MAX_ADDRESSES);
  const tried = await Promise.all(
    all.map(async (address) => ({
      address,
      named: addresses.includes(address),
      result: await openTcp(address, target.port, terms.timeoutMs),
    })),
  );
  let kept: Reached | undefined;
  for (const { address, result } of tried) {
    if (isFailure(result)) continue;
    if (kept === undefined) kept = { address, socket: result };
    else discard(result);
  }
  for (const { address, named, result } of tried) {
    if (!isFailure(result)) steps.add(connected(target, address, named));
    else if (named) steps.add(notConnected(target, address, result, kept));
  }
  return kept;
}

async function resolve(
  { host }: Target,
  steps: StepList,
  { timeoutMs, lookup }: Terms,
): Promise<readonly string[] | undefined> {
  if (isIP(host) !== 0) {
    steps.add({
      name: 'name',
      outcome: 'skipped',
      seen: `${host} is an address: there is no name to look up.`,
    });
    return [host];
  }
  const ask =
    lookup ??
    (async (name) => (await lookupSystem(name, { all: true })).map(({ address }) => address));
  let timer: NodeJS.Timeout | undefined;
  try {
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(
        () => reject(Object.assign(new Error('late'), { code: 'TIMEOUT' })),
        timeoutMs,
      );
    });
    const addresses = [...new Set(await Promise.race([ask(host), late]))];
    if (addresses.length === 0) throw Object.assign(new Error('none'), { code: 'ENOTFOUND' });
    steps.add({
      name: 'name',
      outcome: 'ok',
      seen:
        addresses.length === 1
          ? `${host} is ${addresses[0]}.`
          : `${host} has ${addresses.length} addresses: ${addresses.slice(0, MAX_ADDRESSES).join(', ')}.`,
      ...(addresses.length > MAX_ADDRESSES && { means: `The first ${MAX_ADDRESSES} are tried.` }),
    });
    return addresses;
  } catch (error) {
    steps.add(unresolved(host, (error as NodeJS.ErrnoException).code ?? 'ERROR'));
    return undefined;
  } finally {
    clearTimeout(timer);
  }
}

function unresolved(host: string, code: string): Step {
  const head = { name: 'name', outcome: 'wrong', blocks: true } as const;
  if (code === 'ENOTFOUND' || code === 'ENODATA') {
    return {
      ...head,
      fault: 'name-unknown',
      seen: `Nobody knows the name ${host} (${code}).`,
      means: 'It is misspelt, not set up yet, or known in another network only.',
      advice:
        'Check the spelling; behind a VPN, whether it is on; else give the address in place of the name.',
    };
  }
  return {
    ...head,
    fault: 'name-failed',
    seen: `The name ${host} could not be looked up (${code}).`,
    means: 'The name server did not answer, which says nothing about your server.',
    advice: 'Check the network, and try again; or give the address in place of the name.',
  };
}

function connected({ port, host }: Target, address: string, named: boolean): Step {
  if (named) {
    return { name: 'TCP', outcome: 'ok', seen: `${place(address, port)} takes connections.` };
  }
  return {
    name: 'TCP',
    outcome: 'warning',
    seen: `${place(address, port)} takes connections, but ${host} is not that address here.`,
    advice: `Connect to ${place(address, port)}, or let the server listen on all addresses.`,
  };
}

function notConnected(
  { port, host }: Target,
  address: string,
  { code }: Failure,
  kept: Reached | undefined,
): Step {
  const { fault, seen, means, advice } = wordsFor(code, place(address, port), port);
  if (kept === undefined) {
    return { name: 'TCP', outcome: 'wrong', blocks: true, fault, seen, means, advice };
  }
  return {
    name: 'TCP',
    outcome: 'warning',
    fault,
    seen,
    means: `The server listens on ${kept.address} and not on ${address}, though ${host} is both: a client that tries ${address} first, or it alone, does not get through.`,
    advice: `Let the server listen on both (a host of "::" usually does), or connect to ${place(kept.address, port)}.`,
  };
}

function wordsFor(
  code: string,
  where: string,
  port: number,
): { fault: FaultCode; seen: string; means: string; advice: string } {
  switch (code) {
    case 'ECONNREFUSED':
      return {
        fault: 'refused',
        seen: `${where} refused the connection.`,
        means: 'The machine is there, and nothing listens on that port at that address.',
        advice: `Check that the server runs, that its port is ${port}, and that it does not listen on another address only.`,
      };
    case 'TIMEOUT':
    case 'ETIMEDOUT':
      return {
        fault: 'connect-timeout',
        seen: `${where} did not answer.`,
        means: 'A firewall drops what is sent to it, the machine is off, or the address is wrong.',
        advice: 'Open the port in the firewall (or the security group), or check the address.',
      };
    case 'ECONNRESET':
    case 'CLOSED':
      return {
        fault: 'connect-reset',
        seen: `${where} dropped the connection while it was made.`,
        means:
          'A firewall or a proxy on the way does not want it, or the server takes no more connections.',
        advice: 'Look at what stands between, and at the limits of the server.',
      };
    default:
      return {
        fault: 'unreachable',
        seen: `${where} cannot be reached (${code}).`,
        means: 'There is no way to that address from here.',
        advice:
          'Check the network, and whether it has a way for this kind of address: IPv6 is often missing.',
      };
  }
}

function place(address: string, port: number): string {
  return isIP(address) === 6 ? `[${address}]:${port}` : `${address}:${port}`;
}

function discard(socket: Socket): void {
  socket.on('error', () => {});
  socket.destroy();
}
