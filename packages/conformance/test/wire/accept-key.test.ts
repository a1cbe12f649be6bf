import { expect, it } from 'vitest';
import { acceptFor } from '../../src/wire/accept-key.ts';

it.each([
  ['dGhlIHNhbXBsZSBub25jZQ==', 's3pPLMBiTxaQ9kYGzzhZRbK+xOo='],
  ['x3JJHMbDL1EzLkh9GBhXDw==', 'HSmrc0sMlYUkAGmm5OPpG2HaGWk='],
])('answers the key %s with %s (RFC 6455 §1.3, §4.2.2)', (key, accept) => {
  expect(acceptFor(key)).toBe(accept);
});
