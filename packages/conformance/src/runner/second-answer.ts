import type { Duplex } from 'node:stream';
import { BodySkipper } from '../wire/http-body.ts';
import type { WholeHead } from '../wire/http-head.ts';

/** As much of it as tells what it is. */
const ENOUGH = 64;

/**
 * What a server sends behind an answer and its body: empty when nothing comes until the connection ends, or for `quietMs`. A
 * server may keep the connection, so the silence has to be waited for; what was pipelined would have been answered at once.
 */
export function octetsBehind(
  stream: Duplex,
  answer: WholeHead,
  quietMs: number,
  onOctets: (octets: Uint8Array) => void,
): Promise<string> {
  const body = new BodySkipper(answer.head);
  let behind = '';
  return new Promise((resolve) => {
    const settle = (): void => {
      clearTimeout(quiet);
      clearTimeout(whole);
      stream.off('data', onData).off('end', settle).off('close', settle);
      resolve(behind);
    };
    const take = (chunk: Uint8Array): void => {
      behind += Buffer.from(body.push(chunk)).toString('latin1', 0, ENOUGH);
      if (behind.length >= ENOUGH || behind.length >= 'HTTP/'.length) settle();
    };
    const onData = (chunk: Buffer): void => {
      quiet.refresh();
      onOctets(chunk);
      take(chunk);
    };
    const quiet = setTimeout(settle, quietMs);
    // A body without end is no second answer.
    const whole = setTimeout(settle, quietMs * 10);
    stream.on('data', onData).on('end', settle).on('close', settle);
    take(answer.rest);
    stream.resume();
    if (stream.destroyed) settle();
  });
}
