import fc from 'fast-check';

const PIECES = [
  '/',
  '//',
  '\\',
  '%2f',
  '%5c',
  '%5C',
  '.',
  '..',
  '%2e',
  '%2E%2e',
  '%252e',
  '%c0%ae',
  '%00',
  '%',
  '....',
  ':',
  '~',
  ' ',
  '?',
  '#',
  '%20',
  '%0d%0a',
  '%EF%BC%8F',
  '%E2%80%AE',
  'a',
  'sub',
  'in.txt',
  'deep',
  'out',
  'loop',
  'up',
  'secret.txt',
  '.env',
  'file-link',
  'root',
];

/** Paths of the kind that attackers send: every separator and dot, in every encoding, between names that exist. */
export const evilPathname: fc.Arbitrary<string> = fc
  .oneof(
    { weight: 5, arbitrary: fc.array(fc.constantFrom(...PIECES), { maxLength: 8 }) },
    {
      weight: 2,
      arbitrary: fc.array(
        fc.constantFrom('/', 'sub', 'deep', 'in.txt', 'up', 'out', '..', 'root'),
        { maxLength: 9 },
      ),
    },
    { weight: 1, arbitrary: fc.array(fc.string(), { maxLength: 4 }) },
  )
  .map((pieces) => `/${pieces.join('')}`);
