import { describe, expect, it } from 'vitest';
import { messageOf } from '../../src/connect/outgoing-message.ts';

const line = (octets: string): Buffer => Buffer.from(octets, 'latin1');

describe('messageOf', () => {
  it('takes a line for text', () => {
    expect(messageOf(Buffer.from('Grüße'), 'text')).toEqual({ message: 'Grüße' });
    expect(messageOf(line(''), 'text')).toEqual({ message: '' });
  });

  it('sends no text that is not UTF-8', () => {
    expect(messageOf(line('Gr\xfc\xdfe'), 'text')).toEqual({
      problem: 'not UTF-8, as text has to be; --binary sends any octets',
    });
  });

  it('B3 takes a line for octets as they are', () => {
    expect(messageOf(line('\0\xff\xfe'), 'binary')).toEqual({ message: line('\0\xff\xfe') });
  });

  it('B3 takes a line for octets in hex digits', () => {
    expect(messageOf(line('00 ff FE'), 'hex')).toEqual({ message: line('\0\xff\xfe') });
    expect(messageOf(line('0'), 'hex')).toEqual({
      problem: '"0" is not two hex digits for each octet',
    });
  });
});
