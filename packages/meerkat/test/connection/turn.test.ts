import { AsyncLocalStorage } from 'node:async_hooks';
import { describe, expect, it, onTestFinished } from 'vitest';
import { flushAtEndOfTurn } from '../../src/connection/turn.ts';
import { turns, until } from '../support/waiting.ts';
import { open } from './opening.ts';

describe('the end of a turn', () => {
  it('flushes everybody once, in the order they asked', async () => {
    const flushed: number[] = [];
    for (const one of [1, 2, 3]) flushAtEndOfTurn({ flushTurn: () => void flushed.push(one) });
    expect(flushed).toEqual([]);
    await turns();
    expect(flushed).toEqual([1, 2, 3]);
  });

  it('flushes the others when one throws', async () => {
    const flushed: number[] = [];
    const thrown: unknown[] = [];
    const listeners = process.listeners('uncaughtException');
    process.removeAllListeners('uncaughtException');
    const note = (error: unknown): void => void thrown.push(error);
    process.on('uncaughtException', note);
    onTestFinished(() => {
      process.off('uncaughtException', note);
      for (const listener of listeners) process.on('uncaughtException', listener);
    });
    for (const one of [1, 2, 3, 4]) {
      flushAtEndOfTurn({
        flushTurn() {
          flushed.push(one);
          if (one % 2 === 1) throw new Error(`of ${one}`);
        },
      });
    }
    await until(() => flushed.length === 4);
    await turns();
    expect(thrown.map(String)).toEqual(['Error: of 1', 'Error: of 3']);
  });

  it('calls `drain` in the asynchronous context of who was told to wait, whoever else sent in that turn', async () => {
    const storage = new AsyncLocalStorage<string>();
    const drained: string[] = [];
    const slow = open({
      softQueuedBytes: 10,
      drain: () => void drained.push(storage.getStore() ?? 'nobody'),
    });
    const other = open();
    storage.run('other', () => other.connection.send('first'));
    expect(storage.run('slow', () => slow.connection.send('more than ten octets'))).toBe('queued');
    await until(() => drained.length > 0);
    expect(storage.run('again', () => slow.connection.send('more than ten octets'))).toBe('queued');
    await until(() => drained.length > 1);
    expect(drained).toEqual(['slow', 'again']);
  });
});
