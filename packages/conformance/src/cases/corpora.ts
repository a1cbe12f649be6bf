// What sections 12 and 13 send: five kinds of content that compress as the originals do, and are made up.
// Integers only, so that every machine makes the same octets.
import { Buffer } from 'node:buffer';

/** Names the content: reports that used other corpora are not to be compared by their ratios. */
export const CORPORA = 'meerkat-1';

/** The kinds, in the order of section 12. */
export type CorpusKind = 'json' | 'picture' | 'book' | 'html' | 'pdf';

/** A corpus, of which messages are cut. */
export interface Corpus {
  readonly kind: CorpusKind;
  /** Whether its messages are binary; the sizes of the others are code points. */
  readonly binary: boolean;
  readonly octets: Uint8Array;
  /**
   * The n-th message of so many units, from 0: each begins where the last one ended, and at the end it begins anew. `key`
   * names the content.
   */
  slice(size: number, n: number): { readonly octets: Uint8Array; readonly key: string };
}

interface Recipe {
  readonly binary: boolean;
  readonly bytes: number;
  readonly make: (bytes: number) => Uint8Array;
}

const RECIPES: Readonly<Record<CorpusKind, Recipe>> = {
  json: { binary: false, bytes: 194_056, make: makeJson },
  picture: { binary: true, bytes: 263_222, make: makePicture },
  book: { binary: true, bytes: 222_218, make: makeBook },
  html: { binary: false, bytes: 263_647, make: makeHtml },
  pdf: { binary: true, bytes: 1_042_328, make: makePdf },
};

const made = new Map<CorpusKind, Corpus>();

/** The corpus of a kind, made when it is first asked for. */
export function corpus(kind: CorpusKind): Corpus {
  const known = made.get(kind);
  if (known !== undefined) return known;
  const { binary, bytes, make } = RECIPES[kind];
  const octets = make(bytes);
  const one = new CutCorpus(kind, binary, octets);
  made.set(kind, one);
  return one;
}

class CutCorpus implements Corpus {
  readonly kind: CorpusKind;
  readonly binary: boolean;
  readonly octets: Uint8Array;
  /** Where each unit begins, and the end; none where each is an octet. */
  readonly #starts: Uint32Array | undefined;

  constructor(kind: CorpusKind, binary: boolean, octets: Uint8Array) {
    this.kind = kind;
    this.binary = binary;
    this.octets = octets;
    this.#starts = binary ? undefined : startsOf(octets);
  }

  slice(size: number, n: number): { readonly octets: Uint8Array; readonly key: string } {
    const starts = this.#starts;
    const units = starts === undefined ? this.octets.length : starts.length - 1;
    const from = (size * n) % units;
    const parts: Uint8Array[] = [];
    for (let at = from, left = size; left > 0; at = 0) {
      const end = Math.min(units, at + left);
      parts.push(this.octets.subarray(starts?.[at] ?? at, starts?.[end] ?? end));
      left -= end - at;
    }
    const [only] = parts;
    const octets = parts.length === 1 && only !== undefined ? only : Buffer.concat(parts);
    return { octets, key: `${this.kind} ${from} ${size}` };
  }
}

/** Where the code points of UTF-8 begin, and the end. */
function startsOf(octets: Uint8Array): Uint32Array {
  const starts = new Uint32Array(octets.length + 1);
  let count = 0;
  for (let at = 0; at < octets.length; at += 1) {
    if (isContinuation(octets[at])) continue;
    starts[count] = at;
    count += 1;
  }
  starts[count] = octets.length;
  return starts.subarray(0, count + 1);
}

/** An octet of UTF-8 that begins no code point. */
function isContinuation(octet: number | undefined): boolean {
  return ((octet ?? 0) & 0xc0) === 0x80;
}

/** A small generator of numbers (xorshift, 32 bits). */
class Dice {
  #state: number;

  constructor(seed: number) {
    this.#state = seed;
  }

  /** 0 to `sides` - 1. */
  roll(sides: number): number {
    let state = this.#state;
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    this.#state = state;
    return (state >>> 0) % sides;
  }

  pick<T>(from: readonly T[]): T {
    return from[this.roll(from.length)] as T;
  }

  /** One of them, the first ones far more often. */
  pickCommon<T>(from: readonly T[]): T {
    return from[Math.floor((this.roll(from.length) * this.roll(1000)) / 1000)] as T;
  }
}

/** The text in UTF-8, cut or filled up with `filler` to so many octets, with `end` at its end. */
function exactly(text: string, bytes: number, filler: string, end: string): Uint8Array {
  const room = bytes - Buffer.byteLength(end);
  const filled = Buffer.from(text.padEnd(room, filler), 'utf8');
  let cut = room;
  while (isContinuation(filled[cut])) cut -= 1;
  const tail = `${' '.repeat(room - cut)}${end}`;
  return new Uint8Array(Buffer.concat([filled.subarray(0, cut), Buffer.from(tail)]));
}

/** An indented object of about a thousand records that differ in a few digits. */
function makeJson(bytes: number): Uint8Array {
  const dice = new Dice(0x6d656572);
  const records: string[] = [];
  let length = 0;
  for (let at = 0; length < bytes - 400; at += 1) {
    const record = [
      `    {`,
      `      "sentinel": ${100_000 + at},`,
      `      "burrow": "south-${dice.pick(['01', '01', '02', '03'])}",`,
      `      "position": { "latitude": -26.4${dice.roll(10)}, "longitude": 20.6${dice.roll(10)} },`,
      `      "alarm": ${dice.roll(8) === 0 ? 'true' : 'false'},`,
      `      "seen": "eagle",`,
      `      "minutes": ${10 + dice.roll(20)}`,
      `    }`,
    ].join('\n');
    records.push(record);
    length += record.length + 2;
  }
  const text = `{\n  "colony": [\n${records.join(',\n')}\n  ]`;
  return exactly(text, bytes, ' ', '\n}\n');
}

/** A bitmap of 512 × 512 grey points: hills of light with the noise of a camera. */
function makePicture(bytes: number): Uint8Array {
  const dice = new Dice(0x62697473);
  const width = 512;
  const header = 1078;
  const octets = Buffer.alloc(bytes);
  octets.write('BM', 0, 'latin1');
  octets.writeUInt32LE(bytes, 2);
  octets.writeUInt32LE(header, 10);
  octets.writeUInt32LE(40, 14);
  octets.writeInt32LE(width, 18);
  octets.writeInt32LE(width, 22);
  octets.writeUInt16LE(1, 26);
  octets.writeUInt16LE(8, 28);
  octets.writeUInt32LE(width * width, 34);
  for (let grey = 0; grey < 256; grey += 1) octets.fill(grey, 54 + grey * 4, 54 + grey * 4 + 3);
  const light = new Uint8Array(width * width).fill(24);
  for (const [index, step] of [128, 32, 8].entries()) addLight(light, width, step, index, dice);
  for (let at = 0; at < light.length; at += 1) {
    const noise = dice.roll(52) + dice.roll(52) - 40;
    octets[header + at] = Math.max(0, (light[at] as number) + noise);
  }
  return new Uint8Array(octets);
}

/** Adds squares of `step` points with light that changes evenly between random corners, the finer the weaker. */
function addLight(
  light: Uint8Array,
  width: number,
  step: number,
  weaker: number,
  dice: Dice,
): void {
  const side = width / step + 1;
  const corners = Uint8Array.from({ length: side * side }, () => dice.roll(66));
  for (let y = 0; y < width; y += 1) {
    const row = Math.floor(y / step) * side;
    const down = y % step;
    for (let x = 0; x < width; x += 1) {
      const at = row + Math.floor(x / step);
      const right = x % step;
      const left = step - right;
      const above = (corners[at] as number) * left + (corners[at + 1] as number) * right;
      const under = at + side;
      const below = (corners[under] as number) * left + (corners[under + 1] as number) * right;
      const mean = Math.floor((above * (step - down) + below * down) / (step * step));
      light[y * width + x] = (light[y * width + x] as number) + (mean >> weaker);
    }
  }
}

const ONSETS = 'b d f g h k l m n r s t w z sch st tr gr kl br fl schw'.split(' ');
const VOWELS = 'a e i o u ei ie au ä ü ö'.split(' ');
const CODAS = ['', '', 'n', 'r', 'l', 't', 's', 'nd', 'cht', 'rt', 'ng', 'll'];
const ENDINGS = ['e', 'en', 'er', '', '', 'lich', 'ung'];
const SMALL_WORDS =
  'und der die das in ein zu den mit nicht von sie ist des sich dem er es so wie ich auf aus du noch nur wo'.split(
    ' ',
  );

/** Verse in words that sound German, and are none for the most part; with a byte order mark. */
function makeBook(bytes: number): Uint8Array {
  const dice = new Dice(0x62756368);
  const words = Array.from({ length: 3600 }, () => {
    const word =
      [1, 2]
        .slice(dice.roll(2))
        .map(() => syllable(dice))
        .join('') + dice.pick(ENDINGS);
    return dice.roll(3) === 0 ? word.charAt(0).toUpperCase() + word.slice(1) : word;
  });
  const lines: string[] = ['\ufeffLieder vom Wachen', ''];
  let length = 0;
  for (let stanza = 1; length < bytes; stanza += 1) {
    if (stanza % 9 === 1) lines.push(dice.pick(words).toUpperCase(), '');
    for (let verse = 0; verse < 4; verse += 1) {
      const line = verseOf(dice, words);
      lines.push(line);
      length += Buffer.byteLength(line) + 1;
    }
    lines.push('');
  }
  return exactly(lines.join('\n'), bytes, ' ', '\n');
}

function syllable(dice: Dice): string {
  return dice.pickCommon(ONSETS) + dice.pickCommon(VOWELS) + dice.pick(CODAS);
}

function verseOf(dice: Dice, words: readonly string[]): string {
  const line: string[] = [];
  for (let at = 0; at < 5 + dice.roll(3); at += 1) {
    line.push(dice.roll(3) === 0 ? dice.pick(SMALL_WORDS) : dice.pickCommon(words));
  }
  const [first = '', ...rest] = line;
  const start = first.charAt(0).toUpperCase() + first.slice(1);
  return `${[start, ...rest].join(' ')}${dice.pick([',', '.', '', '!', ';', ','])}`;
}

/** Long tables of links, with a dozen letters that are not ASCII. */
function makeHtml(bytes: number): Uint8Array {
  const dice = new Dice(0x68746d6c);
  const rows: string[] = [
    '<!DOCTYPE html>\n<html lang="en">\n<head><meta charset="utf-8"><title>Sightings</title></head>\n<body>\n<table>\n',
  ];
  let length = 0;
  for (let at = 0; length < bytes; at += 1) {
    const place = at % 190 === 7 ? dice.pick(['Düne', 'Höhle', 'Café']) : 'dune';
    const row = [
      `<tr class="sighting"><td class="number">${at + 1}</td>`,
      `<td class="place"><a href="/sightings/${place}-${dice.roll(40)}.html">${place} ${dice.roll(40)}</a></td>`,
      `<td class="count">${dice.roll(30)}</td><td class="time">0${6 + dice.roll(4)}:${10 + dice.roll(50)}</td></tr>\n`,
    ].join('');
    rows.push(row);
    length += Buffer.byteLength(row);
  }
  return exactly(rows.join(''), bytes, ' ', '\n</table>\n</body>\n</html>\n');
}

/** Objects whose streams are compressed already, fonts that are not, and a long table at the end. */
function makePdf(bytes: number): Uint8Array {
  const dice = new Dice(0x70646621);
  const parts: Buffer[] = [Buffer.from('%PDF-1.5\n%\u00e2\u00e3\u00cf\u00d3\n', 'latin1')];
  const offsets: number[] = [];
  const trailer = '\n%%EOF\n';
  let length = parts[0]?.length ?? 0;
  const add = (part: Buffer): void => {
    parts.push(part);
    length += part.length;
  };
  while (length < bytes - 60_000 - offsets.length * 20) {
    const font = offsets.length % 2 === 1;
    const stream = font ? fontStream(dice, 40_000) : packedStream(dice, 20_000 + dice.roll(12_000));
    offsets.push(length);
    const filter = font ? '/Subtype /Type1C' : '/Filter /FlateDecode';
    const head = `${offsets.length} 0 obj\n<< ${filter} /Length ${stream.length} >>\nstream\n`;
    add(Buffer.concat([Buffer.from(head), stream, Buffer.from('\nendstream\nendobj\n')]));
  }
  const rows = offsets.map((offset) => `${String(offset).padStart(10, '0')} 00000 n \n`);
  add(
    Buffer.from(
      `xref\n0 ${offsets.length}\n${rows.join('')}trailer\n<< /Size ${offsets.length} >>\n`,
    ),
  );
  const rest = bytes - length - trailer.length;
  add(packedStream(dice, Math.max(0, rest)));
  add(Buffer.from(trailer));
  return new Uint8Array(Buffer.concat(parts));
}

/** Octets without any order, as a compressor leaves them. */
function packedStream(dice: Dice, length: number): Buffer {
  const stream = Buffer.alloc(length);
  stream.write('\u0078\u009c', 0, 'latin1');
  for (let at = 2; at < length; at += 1) stream[at] = dice.roll(256);
  return stream;
}

/** Octets of which the small ones are frequent: a code helps, matches do not. */
function fontStream(dice: Dice, length: number): Buffer {
  const stream = Buffer.alloc(length);
  for (let at = 0; at < length; at += 1)
    stream[at] = (dice.roll(1 + dice.roll(1 + dice.roll(90))) * 37) & 0xff;
  return stream;
}
