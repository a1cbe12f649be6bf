import { describe, expect, it } from 'vitest';
import { BINARY, frame } from '../support/frames.ts';
import { turns } from '../support/waiting.ts';
import { open } from './opening.ts';

// The manual transport overwrites a chunk when it was handled, as the next read into the same memory would.
const GONE = Buffer.alloc(4, 0xee).toString('latin1');

function shown(message: string | Uint8Array): string {
  return typeof message === 'string' ? message : Buffer.from(message).toString('latin1');
}

describe('a binary message', () => {
  it.each([
    ['is a copy that its handler may keep', undefined, 'kept'],
    ['is a copy where lending is off', false, 'kept'],
    [
      'is lent where the application asked for it, and gone when the handler has returned',
      true,
      GONE,
    ],
  ])('%s', (_title, dangerouslyLendMessages, after) => {
    const seen: string[] = [];
    const held: (string | Uint8Array)[] = [];
    const { transport } = open({
      dangerouslyLendMessages,
      message(_connection, message) {
        seen.push(shown(message));
        held.push(message);
      },
    });
    transport.receive(frame(BINARY, 'kept'));
    expect(seen).toEqual(['kept']);
    expect(held.map(shown)).toEqual([after]);
    expect(Object.getPrototypeOf(held[0])).toBe(Uint8Array.prototype);
  });

  it('that is lent can be sent on', () => {
    const { transport, sent } = open({
      dangerouslyLendMessages: true,
      message: (connection, message) => void connection.send(message),
    });
    transport.receive(Buffer.concat([frame(BINARY, 'one'), frame(BINARY, 'two')]));
    expect(sent()).toEqual(['binary 6f 6e 65', 'binary 74 77 6f']);
  });

  it('is not lent when it has to wait for its handler', async () => {
    const held: (string | Uint8Array)[] = [];
    let go = (): void => {};
    const { transport } = open({
      dangerouslyLendMessages: true,
      message(_connection, message) {
        held.push(message);
        return new Promise<void>((resolve) => {
          go = resolve;
        });
      },
    });
    transport.receive(Buffer.concat([frame(BINARY, 'lent'), frame(BINARY, 'wait')]));
    go();
    await turns();
    expect(held.map(shown)).toEqual([GONE, 'wait']);
  });

  it('is not lent to a loop', async () => {
    const { connection, transport } = open({ role: 'server', dangerouslyLendMessages: true });
    const iterator = connection[Symbol.asyncIterator]();
    const next = iterator.next();
    transport.receive(frame(BINARY, 'mine'));
    const { value } = await next;
    expect(shown(value as Uint8Array)).toBe('mine');
  });

  it('that came in parts is the handler’s for good', () => {
    const held: (string | Uint8Array)[] = [];
    const { transport } = open({
      dangerouslyLendMessages: true,
      message: (_connection, message) => void held.push(message),
    });
    const octets = frame(BINARY, 'in parts');
    transport.receive(octets.subarray(0, 9));
    transport.receive(octets.subarray(9));
    expect(held.map(shown)).toEqual(['in parts']);
  });
});
