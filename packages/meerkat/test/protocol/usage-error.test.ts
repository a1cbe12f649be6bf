import { describe, expect, it } from 'vitest';
import { UsageError, usageCodes } from '../../src/protocol/usage-error.ts';

describe('a fault of the caller', () => {
  it('is a TypeError that carries its code', () => {
    const error = new UsageError('MEERKAT_URL', 'ftp:');
    expect(error).toBeInstanceOf(TypeError);
    expect(error).toMatchObject({ name: 'UsageError', code: 'MEERKAT_URL' });
  });

  it('says what exactly was wrong behind what its code stands for', () => {
    const plain = new UsageError('MEERKAT_URL').message;
    expect(new UsageError('MEERKAT_URL', 'ftp:').message).toBe(`${plain}: ftp:`);
  });

  it('has codes that begin with MEERKAT_, each with a message of its own, in order', () => {
    expect(usageCodes.filter((code) => !/^MEERKAT_[A-Z_]+$/.test(code))).toEqual([]);
    expect(usageCodes).toEqual([...usageCodes].sort());
    const messages = usageCodes.map((code) => new UsageError(code).message);
    expect(new Set(messages).size).toBe(usageCodes.length);
    expect(messages.every((message) => message.length > 0)).toBe(true);
  });
});
