import { describe, expect, it } from 'vitest';
import { ConnectionClosedError } from '../../src/connection/connection-closed-error.ts';

describe('ConnectionClosedError', () => {
  it('says the close code and the reason', () => {
    const error = new ConnectionClosedError(4000, 'bye');
    expect(error).toBeInstanceOf(Error);
    expect(error).toMatchObject({
      name: 'ConnectionClosedError',
      code: 'MEERKAT_CONNECTION_CLOSED',
      closeCode: 4000,
      reason: 'bye',
    });
    expect(error.message).toContain('4000 bye');
  });

  it('has no blank where there is no reason', () => {
    expect(new ConnectionClosedError(1006, '').message).toMatch(/1006$/);
  });
});
