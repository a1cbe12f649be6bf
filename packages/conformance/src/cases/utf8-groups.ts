// Sections 6.5 to 6.23: single texts, valid and not (RFC 3629; RFC 6455 §8.1).

/** One group of section 6. */
export interface Utf8Group {
  /** The number of the group: 5 for 6.5. */
  readonly number: number;
  readonly topic: string;
  /** Each text as hex; `!` in front of it: it is not UTF-8. */
  readonly texts: readonly string[];
}

/** Every one of them is sent in a single frame. */
export const UTF8_GROUPS: readonly Utf8Group[] = [
  {
    number: 5,
    topic: 'text with multi-byte characters',
    texts: [
      '68656c6c6f24776f726c64',
      '68656c6c6fc2a2776f726c64',
      '68656c6c6fe282ac776f726c64',
      '68656c6c6ff0a4ada2776f726c64',
      'cebae1bdb9cf83cebcceb5',
    ],
  },
  {
    number: 6,
    topic: 'the beginning of a Greek word, cut at every octet',
    texts: [
      '!ce',
      'ceba',
      '!cebae1',
      '!cebae1bd',
      'cebae1bdb9',
      '!cebae1bdb9cf',
      'cebae1bdb9cf83',
      '!cebae1bdb9cf83ce',
      'cebae1bdb9cf83cebc',
      '!cebae1bdb9cf83cebcce',
      'cebae1bdb9cf83cebcceb5',
    ],
  },
  {
    number: 7,
    topic: 'the smallest code point of each length',
    texts: ['00', 'c280', 'e0a080', 'f0908080'],
  },
  {
    number: 8,
    topic: 'a sequence of five or six octets',
    texts: ['!f888808080', '!fc8480808080'],
  },
  {
    number: 9,
    topic: 'the largest code point of each length',
    texts: ['7f', 'dfbf', 'efbfbf', 'f48fbfbf'],
  },
  {
    number: 10,
    topic: 'a sequence for a code point beyond U+10FFFF',
    texts: ['!f7bfbfbf', '!fbbfbfbfbf', '!fdbfbfbfbfbf'],
  },
  {
    number: 11,
    topic: 'a code point at the border of the surrogates or of Unicode',
    texts: ['ed9fbf', 'ee8080', 'efbfbd', 'f48fbfbf', '!f4908080'],
  },
  {
    number: 12,
    topic: 'continuation octets without a start octet',
    texts: [
      '!80',
      '!bf',
      '!80bf',
      '!80bf80',
      '!80bf80bf',
      '!80bf80bf80',
      '!80bf80bf80bf',
      '!808182838485868788898a8b8c8d8e8f909192939495969798999a9b9c9d9e9fa0a1a2a3a4a5a6a7a8a9aaabacadaeafb0b1b2b3b4b5b6b7b8b9babbbcbdbe',
    ],
  },
  {
    number: 13,
    topic: 'start octets each followed by a space',
    texts: [
      '!c020c120c220c320c420c520c620c720c820c920ca20cb20cc20cd20ce20cf20d020d120d220d320d420d520d620d720d820d920da20db20dc20dd20de20',
      '!e020e120e220e320e420e520e620e720e820e920ea20eb20ec20ed20ee20',
      '!f020f120f220f320f420f520f620',
      '!f820f920fa20',
      '!fc20',
    ],
  },
  {
    number: 14,
    topic: 'a sequence without its last octet',
    texts: [
      '!c0',
      '!e080',
      '!f08080',
      '!f8808080',
      '!fc80808080',
      '!df',
      '!efbf',
      '!f7bfbf',
      '!fbbfbfbf',
      '!fdbfbfbfbf',
    ],
  },
  {
    number: 15,
    topic: 'many sequences without their last octets',
    texts: ['!c0e080f08080f8808080fc80808080dfefbff7bfbffbbfbfbffdbfbfbfbf'],
  },
  {
    number: 16,
    topic: 'the octets fe and ff, which never occur in UTF-8',
    texts: ['!fe', '!ff', '!fefeffff'],
  },
  {
    number: 17,
    topic: 'an overlong form of the slash',
    texts: ['!c0af', '!e080af', '!f08080af', '!f8808080af', '!fc80808080af'],
  },
  {
    number: 18,
    topic: 'the largest overlong form of a length',
    texts: ['!c1bf', '!e09fbf', '!f08fbfbf', '!f887bfbfbf', '!fc83bfbfbfbf'],
  },
  {
    number: 19,
    topic: 'an overlong form of NUL',
    texts: ['!c080', '!e08080', '!f0808080', '!f880808080', '!fc8080808080'],
  },
  {
    number: 20,
    topic: 'a single surrogate',
    texts: ['!eda080', '!edadbf', '!edae80', '!edafbf', '!edb080', '!edbe80', '!edbfbf'],
  },
  {
    number: 21,
    topic: 'a pair of surrogates written as two sequences',
    texts: [
      '!eda080edb080',
      '!eda080edbfbf',
      '!edadbfedb080',
      '!edadbfedbfbf',
      '!edae80edb080',
      '!edae80edbfbf',
      '!edafbfedb080',
      '!edafbfedbfbf',
    ],
  },
  {
    number: 22,
    topic: 'a noncharacter, which is valid UTF-8',
    texts: [
      'efbfbe',
      'efbfbf',
      'f09fbfbe',
      'f09fbfbf',
      'f0afbfbe',
      'f0afbfbf',
      'f0bfbfbe',
      'f0bfbfbf',
      'f18fbfbe',
      'f18fbfbf',
      'f19fbfbe',
      'f19fbfbf',
      'f1afbfbe',
      'f1afbfbf',
      'f1bfbfbe',
      'f1bfbfbf',
      'f28fbfbe',
      'f28fbfbf',
      'f29fbfbe',
      'f29fbfbf',
      'f2afbfbe',
      'f2afbfbf',
      'f2bfbfbe',
      'f2bfbfbf',
      'f38fbfbe',
      'f38fbfbf',
      'f39fbfbe',
      'f39fbfbf',
      'f3afbfbe',
      'f3afbfbf',
      'f3bfbfbe',
      'f3bfbfbf',
      'f48fbfbe',
      'f48fbfbf',
    ],
  },
  {
    number: 23,
    topic: 'a code point from U+FFF9 to U+FFFF',
    texts: ['efbfb9', 'efbfba', 'efbfbb', 'efbfbc', 'efbfbd', 'efbfbe', 'efbfbf'],
  },
];
