import { networkAdvice } from '../../explain/network-advice.ts';

/** What the codes mean for whoever makes a load. */
const WORDS: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'nobody listens there',
  ECONNRESET: 'the server reset the connection',
  EPIPE: 'the server reset the connection',
  ETIMEDOUT: 'no answer from the network',
  EHOSTUNREACH: 'there is no way to the host',
  ENETUNREACH: 'there is no way to the network',
  EMFILE: 'this process may open no more files: raise the limit (ulimit -n), or use more processes',
  ENFILE: 'the system has no more files to open',
  EADDRNOTAVAIL: 'this machine has no local port left for more connections to that address',
  ENOBUFS: 'the system has no memory left for sockets',
};

/** Failures that say that this machine, not the server, was at its end. */
export const OUR_LIMITS: readonly string[] = ['EMFILE', 'ENFILE', 'EADDRNOTAVAIL', 'ENOBUFS'];

/**
 * What ended a connection, in words that are the same for the same cause.
 *
 * @param when - For an end without an error.
 */
export function failureWords(error: Error | undefined, when: string): string {
  if (error === undefined) return `the server ended the connection ${when}`;
  const { code } = error as NodeJS.ErrnoException;
  if (code === undefined) return error.message;
  const words = WORDS[code];
  if (words !== undefined) return `${code}: ${words}`;
  return networkAdvice(code, error.message)?.replace(/\.$/, '') ?? `${code}: ${error.message}`;
}
