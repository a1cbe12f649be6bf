const CHARACTERS = ['a', 'ä', 'の', '🦦'];
/** What messages are made of: characters of one to four octets, and never the same at two places. */
const FILLER = Array.from(
  { length: 24_000 },
  (_, at) => `${(at * 2654435761) % 4294967296} ${CHARACTERS[at % CHARACTERS.length]} `,
).join('');
const OCTETS = Buffer.from(FILLER);

/** Sizes at which a frame's header, a buffer or a compressor changes; large ones are rare. */
const SIZES = [
  32, 125, 126, 127, 300, 1_000, 1_024, 4_096, 16_384, 60, 80, 100, 120, 200, 500, 700, 65_535,
  2_000, 65_536, 40, 200_000,
];

/** Those of a message that goes to hundreds at once. */
const TOPIC_SIZES = [32, 125, 126, 127, 300, 1_000, 1_024, 2_000, 4_096, 16_384];

/** Whose messages those of the topic are. */
export const PUBLISHER = 1_000_000;

/** Message `number` of somebody: each has content of its own, every third is text. */
export function messageOf(owner: number, number: number): string | Buffer {
  const sizes = owner === PUBLISHER ? TOPIC_SIZES : SIZES;
  const size = sizes[(owner * 7 + number) % sizes.length] ?? 0;
  const head = `${owner}:${number}:`;
  const start = (owner * 131 + number * 17) % 4_096;
  if (number % 3 === 0) return head + whole(FILLER.slice(start, start + size - head.length));
  const end = start + Math.max(0, size - head.length);
  return Buffer.concat([Buffer.from(head), OCTETS.subarray(start, end)]);
}

/** Without the halves of characters that a cut leaves at its ends. */
function whole(text: string): string {
  return text.replace(/^[\udc00-\udfff]|[\ud800-\udbff]$/g, '');
}

/** Whether what came is what was expected. */
export function isSame(got: string | Uint8Array, expected: string | Buffer): boolean {
  if (typeof got === 'string' || typeof expected === 'string') return got === expected;
  return expected.equals(got);
}
