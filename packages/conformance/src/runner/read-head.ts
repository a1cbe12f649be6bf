// The first head on a stream, with an end to waiting.
import type { Buffer } from 'node:buffer';
import type { Duplex } from 'node:stream';
import {
  HeadReader,
  type HttpHead,
  shown,
  statusLineOf,
  type WholeHead,
} from '../wire/http-head.ts';
import { fairNow } from './own-delay.ts';

/** A head that never came; `words` end a sentence whose subject is the peer. */
export interface NoHead {
  readonly words: string;
  /** What did come. */
  readonly text: string;
  /** `end`: the connection was over. */
  readonly why: 'end' | 'silence' | 'garbage';
}

/** Informational answers in front of the final one that are passed over (RFC 9110 §15.2). */
const MAX_INFORMATIONAL = 16;

/**
 * Reads a head, of an answer the final one. The stream is paused afterwards, with nothing of it lost: what came behind the
 * head is in `rest`.
 *
 * @param patienceMs - From the last octet on; as a whole three times as long, so that one octet at a time does not hold us.
 */
export function readHead(
  stream: Duplex,
  kind: 'request' | 'response',
  patienceMs: number,
  onOctets?: (octets: Uint8Array) => void,
): Promise<WholeHead | NoHead> {
  return new Promise((resolve) => {
    let reader = new HeadReader(kind);
    let before = '';
    let informational = 0;
    const whole = setTimeout(() => give('silence', 'never ends its head'), patienceMs * 3);
    let moved = fairNow();
    const look = (): void => {
      const left = moved + patienceMs - fairNow();
      // Late is who was late by the runner's clock: its timer may be due only because it had no time to read.
      if (left > 0) still = setTimeout(look, left);
      else give('silence', silence());
    };
    let still = setTimeout(look, patienceMs);
    const text = (): string => before + reader.text;
    const silence = (): string => {
      if (text() !== '') return 'does not end its head with an empty line';
      return kind === 'request' ? 'does not ask' : `does not answer within ${patienceMs / 1000} s`;
    };
    const settle = (outcome: WholeHead | NoHead): void => {
      clearTimeout(whole);
      clearTimeout(still);
      stream.pause();
      stream.off('data', onData).off('end', onEnd).off('close', onEnd).off('error', onError);
      resolve(outcome);
    };
    const give = (why: NoHead['why'], words: string): void => settle({ why, words, text: text() });
    const take = (octets: Uint8Array): void => {
      const progress = reader.push(octets);
      if (progress === 'too long') give('garbage', 'sends a head without end');
      else if (progress === 'not HTTP')
        give('garbage', `sends ${shown(text(), 40)}, which is not HTTP`);
      else if (progress !== 'more') takeHead(progress);
    };
    const takeHead = (progress: WholeHead): void => {
      if (kind === 'request' || !isInformational(progress.head)) {
        settle({ ...progress, text: before + progress.text });
        return;
      }
      before += progress.text;
      informational += 1;
      reader = new HeadReader(kind);
      if (informational > MAX_INFORMATIONAL) give('garbage', 'sends 1xx answers without end');
      else if (progress.rest.length > 0) take(progress.rest);
    };
    const onData = (chunk: Buffer): void => {
      moved = fairNow();
      onOctets?.(chunk);
      take(chunk);
    };
    const onError = (): void => give('end', `resets TCP ${where()}`);
    const onEnd = (): void => give('end', `ends TCP ${where()}`);
    const where = (): string => {
      if (text() !== '') return 'in the middle of its head';
      return kind === 'request' ? 'without a request' : 'without an answer';
    };
    stream.on('error', ignore);
    stream.on('data', onData).on('end', onEnd).on('close', onEnd).on('error', onError);
    stream.resume();
    if (stream.destroyed) onEnd();
  });
}

function ignore(): void {}

function isInformational(head: HttpHead): boolean {
  const status = statusLineOf(head)?.status ?? 0;
  return status >= 100 && status < 200 && status !== 101;
}
