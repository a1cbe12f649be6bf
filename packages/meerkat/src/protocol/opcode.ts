/** The opcodes of RFC 6455 §5.2. 0x3-0x7 and 0xb-0xf are reserved. */
export const Opcode = {
  Continuation: 0x0,
  Text: 0x1,
  Binary: 0x2,
  Close: 0x8,
  Ping: 0x9,
  Pong: 0xa,
} as const;
export type Opcode = (typeof Opcode)[keyof typeof Opcode];

/** The opcode of a message: what its first frame carries. */
export type DataOpcode = typeof Opcode.Text | typeof Opcode.Binary;

export function isOpcode(value: number): value is Opcode {
  return (
    (value >= Opcode.Continuation && value <= Opcode.Binary) ||
    (value >= Opcode.Close && value <= Opcode.Pong)
  );
}

/** Whether frames with this opcode are control frames: the top bit of the four is set (§5.5). */
export function isControl(opcode: number): boolean {
  return (opcode & 0x8) !== 0;
}
