import { type Conversation, readClose } from './conversation.ts';
import type { Step } from './diagnosis.ts';
import { hexOf, quoted } from './octet-words.ts';

/** Closes with 1000 and judges what comes of it (§5.5.1, §7.1.1). */
export async function closeStep(conversation: Conversation, waitMs: number): Promise<Step> {
  const base = { name: 'close', rule: 'RFC 6455 §5.5.1' } as const;
  const { link } = conversation;
  if (conversation.over) {
    return { ...base, outcome: 'skipped', seen: 'The server had ended the connection before.' };
  }
  conversation.send(8, Buffer.from([0x03, 0xe8]));
  await conversation.until(() => conversation.over, waitMs);
  const { close } = conversation;
  if (close === undefined) {
    const ended = link.ending !== undefined;
    return {
      ...base,
      outcome: 'wrong',
      fault: ended ? 'no-close-frame' : 'no-answer-to-close',
      seen: ended
        ? 'The server dropped TCP at our Close, without one of its own.'
        : 'Our Close was not answered.',
      means: ended
        ? 'Clients report 1006, an abnormal end.'
        : 'Clients wait until their patience is over, and report 1006; the server may keep dead connections.',
      advice: 'Answer a frame with opcode 8 with a Close of the same code, and then end TCP.',
    };
  }
  const { code, reason, wrong } = readClose(close);
  if (wrong) {
    return {
      ...base,
      outcome: 'wrong',
      fault: 'close-payload',
      seen: `The Close of the server breaks the rules: ${code ?? 'one octet'}${reason === '' ? '' : ` ${quoted(reason, 125)}`}.`,
      advice:
        'A Close is empty, or begins with a code of two octets that may be sent; behind it is UTF-8.',
      octets: hexOf(close.octets),
    };
  }
  const gone = await link.until(() => link.ending !== undefined, waitMs);
  if (!gone) {
    return {
      ...base,
      outcome: 'warning',
      fault: 'tcp-left-open',
      rule: 'RFC 6455 §7.1.1',
      seen: `Close is answered, but TCP is still open after ${waitMs / 1000} s.`,
      means: 'The server is to end it first; else each client has to wait for its own timeout.',
      advice: 'End TCP when both Close frames are exchanged.',
    };
  }
  return {
    ...base,
    outcome: 'ok',
    seen: `Close is answered with ${code ?? 'no code'}, and TCP is ended.`,
  };
}
