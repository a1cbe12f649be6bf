/** One frame as it stood on the wire, unmasked. */
export interface WireFrame {
  readonly fin: boolean;
  readonly opcode: number;
  readonly masked: boolean;
  readonly payload: Buffer;
}

const NAMES: Readonly<Record<number, string>> = {
  0: 'continuation',
  1: 'text',
  2: 'binary',
  8: 'close',
  9: 'ping',
  10: 'pong',
};

/** Reads every frame of a stream that holds nothing but whole frames, independently of the code under test. */
export function readFrames(octets: Uint8Array): WireFrame[] {
  const frames: WireFrame[] = [];
  let rest = Buffer.from(octets);
  const take = (length: number): Buffer => {
    if (rest.length < length) throw new Error(`the stream ends inside a frame: ${frames.length}`);
    const taken = rest.subarray(0, length);
    rest = rest.subarray(length);
    return taken;
  };
  while (rest.length > 0) {
    const [head = 0, second = 0] = take(2);
    let length = second & 0x7f;
    if (length === 126) length = take(2).readUInt16BE();
    else if (length === 127) length = Number(take(8).readBigUInt64BE());
    const masked = (second & 0x80) !== 0;
    const key = masked ? take(4) : Buffer.alloc(4);
    const payload = take(length).map((octet, at) => octet ^ (key[at & 3] as number));
    frames.push({
      fin: (head & 0x80) !== 0,
      opcode: head & 0x7f,
      masked,
      payload: Buffer.from(payload),
    });
  }
  return frames;
}

/** The same in words: `text hi`, `binary 00 ff`, `pong 70`, `close 1000`, `close 1002 (why)`, `close`. */
export function describeFrames(octets: Uint8Array): string[] {
  return readFrames(octets).map(({ fin, opcode, payload }) => {
    const name = `${fin ? '' : 'unfinished '}${NAMES[opcode] ?? `opcode ${opcode}`}`;
    if (opcode === 8 && payload.length >= 2) {
      const reason = payload.subarray(2).toString();
      return `${name} ${payload.readUInt16BE()}${reason === '' ? '' : ` (${reason})`}`;
    }
    const content =
      opcode === 1 ? payload.toString() : payload.toString('hex').replace(/..(?=.)/g, '$& ');
    return content === '' ? name : `${name} ${content}`;
  });
}
