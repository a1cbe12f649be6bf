import { afterEach, beforeEach, describe, expect, it, type MockInstance, vi } from 'vitest';
import { reportError } from '../../src/connection/report-error.ts';
import { turns } from '../support/waiting.ts';

const ERROR = new Error('mine');

describe('reportError', () => {
  let log: MockInstance;
  beforeEach(() => {
    log = vi.spyOn(console, 'error').mockImplementation(() => {});
  });
  afterEach(() => {
    log.mockRestore();
  });

  it('tells the error handler, as a method, and nobody else (R8)', () => {
    const heard: unknown[] = [];
    const handlers = {
      error(this: unknown, error: unknown, connection: unknown) {
        heard.push(this, error, connection);
      },
    };
    reportError(handlers, ERROR, undefined);
    expect(heard).toEqual([handlers, ERROR, undefined]);
    expect(log).not.toHaveBeenCalled();
  });

  it('writes to console.error once where there is no handler (R8)', () => {
    reportError({}, ERROR, undefined);
    expect(log.mock.calls).toEqual([[expect.any(String), ERROR]]);
  });

  it.each([
    [
      'throws',
      () => {
        throw new Error('second');
      },
    ],
    ['rejects', () => Promise.reject(new Error('second')) as unknown as undefined],
  ])(
    'an error handler that %s is itself reported, with what it was told of',
    async (_how, error) => {
      reportError({ error }, ERROR, undefined);
      await turns(); // an unhandled rejection would fail the run
      expect(log.mock.calls).toHaveLength(1);
      expect(log.mock.calls[0]).toContain(ERROR);
      expect(log.mock.calls[0]).toContainEqual(new Error('second'));
    },
  );
});
