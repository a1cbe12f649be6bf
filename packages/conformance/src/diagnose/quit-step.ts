import type { Conversation, Sent } from './conversation.ts';
import type { Step } from './diagnosis.ts';

/** `diag` under this key is `quit` on the wire. */
const INNOCENT = Buffer.from('diag');
const QUIT = Buffer.from('quit');
const KEY: Buffer = Buffer.from(INNOCENT.map((octet, at) => octet ^ (QUIT[at] as number)));

/**
 * Whether masked octets are compared with `quit`: a message whose octets spell it on the wire must not end the connection
 * where the same message under another key does not.
 */
export async function quitStep(conversation: Conversation, waitMs: number): Promise<Step> {
  const base = { name: 'quit', rule: 'RFC 6455 §5.3' } as const;
  const ends = async (payload: Buffer, key?: Uint8Array): Promise<boolean> => {
    const from = conversation.frames.length;
    const sent: Sent = conversation.send(1, payload, key);
    conversation.send(9, Buffer.from('quit?'));
    const answered = () =>
      conversation.frames
        .slice(from)
        .some(
          ({ opcode, raw }) => opcode === 10 || raw.equals(sent.payload) || raw.equals(sent.masked),
        );
    await conversation.until(() => answered() || conversation.over, waitMs);
    // The end may follow the echo of the word.
    if (!conversation.over) await conversation.until(() => conversation.over, Math.min(waitMs, 50));
    return conversation.over;
  };
  if (await ends(INNOCENT)) {
    return {
      ...base,
      outcome: 'skipped',
      seen: 'The server ends the connection at a message that it does not know.',
    };
  }
  if (await ends(INNOCENT, KEY)) {
    return {
      ...base,
      outcome: 'wrong',
      fault: 'quit-masked',
      seen: `The server compares masked octets with "quit": the message "diag" under the key ${KEY.toString('hex')} spells it on the wire, and ended the connection; under another key it did not.`,
      means:
        'A client that says "quit" is not understood, and one in four thousand million messages of four octets ends the connection.',
      advice: 'Unmask the payload, and compare then.',
    };
  }
  if (await ends(QUIT)) {
    return {
      ...base,
      outcome: 'ok',
      seen: 'The word "quit" ends the connection, and octets that only look like it when masked do not.',
    };
  }
  return { ...base, outcome: 'ok', seen: 'The word "quit" means nothing here, masked or not.' };
}
