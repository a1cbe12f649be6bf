// What a server makes of messages: whether it echoes, unmasks, keeps text and binary apart, answers a Ping.
import { type Conversation, readClose, type SeenMessage, type Sent } from './conversation.ts';
import type { Step, StepName } from './diagnosis.ts';
import { hexOf, octetCount, quoted } from './octet-words.ts';

/** How a message relates to what was sent. */
type Echo = 'right' | 'never unmasked' | 'padded' | 'truncated';

interface Recognised {
  readonly echo: Echo;
  readonly message: SeenMessage;
}

/** Finds the echo among messages; others may come in between. */
function findEcho(messages: readonly SeenMessage[], sent: Sent): Recognised | undefined {
  for (const message of messages) {
    const echo = echoIn(message, sent);
    if (echo !== undefined) return { echo, message };
  }
  return undefined;
}

function echoIn({ payload, raw }: SeenMessage, sent: Sent): Echo | undefined {
  // Masked with our own key: the frame came back as it went out.
  if (raw.includes(sent.masked) || payload.includes(sent.masked)) return 'never unmasked';
  if (payload.equals(sent.payload)) return 'right';
  const begins = payload.subarray(0, sent.payload.length).equals(sent.payload);
  if (begins && payload.subarray(sent.payload.length).every((octet) => octet === 0))
    return 'padded';
  if (
    payload.length >= 4 &&
    payload.length < sent.payload.length &&
    sent.payload.subarray(0, payload.length).equals(payload)
  ) {
    return 'truncated';
  }
  return undefined;
}

/** A message that was sent, and which of the messages came later. */
export interface Trial {
  readonly sent: Sent;
  readonly from: number;
}

/** Sends a message and waits for its echo, or for the end. */
export async function tryEcho(
  conversation: Conversation,
  opcode: 1 | 2,
  payload: Uint8Array,
  waitMs: number,
): Promise<Trial> {
  const from = conversation.messages.length;
  const sent = conversation.send(opcode, payload);
  await conversation.until(
    () =>
      findEcho(conversation.messages.slice(from), sent) !== undefined ||
      conversation.garbage !== undefined ||
      conversation.over,
    waitMs,
  );
  return { sent, from };
}

export function textEchoStep(conversation: Conversation, { sent, from }: Trial): Step {
  const base = { name: 'text echo', rule: 'RFC 6455 §5.6' } as const;
  const garbage = conversation.garbage;
  if (garbage?.includes(sent.payload) === true) {
    return {
      ...base,
      outcome: 'wrong',
      blocks: true,
      fault: 'unframed',
      rule: 'RFC 6455 §5.2',
      seen: 'The text came back without a frame around it.',
      advice:
        'Put a header in front of what is sent: 81 and the length, for a text of up to 125 octets.',
      octets: hexOf(garbage),
    };
  }
  const found = findEcho(conversation.messages.slice(from), sent);
  if (found === undefined) return notEchoed('text echo', conversation.messages.slice(from));
  const fault = echoFault('text echo', found, sent);
  if (fault !== undefined) return fault;
  if (found.message.binary) {
    return {
      ...base,
      outcome: 'wrong',
      fault: 'binary-for-text',
      seen: 'The echo of a text came as binary.',
      means: 'In a browser it is a Blob and not a string.',
      advice: 'Answer with the opcode of the message: 1 for text.',
      octets: hexOf(found.message.octets),
    };
  }
  return { ...base, outcome: 'ok', seen: 'A text is echoed as it was.' };
}

export function binaryEchoStep(conversation: Conversation, { sent, from }: Trial): Step {
  const base = { name: 'binary echo', rule: 'RFC 6455 §5.6' } as const;
  const found = findEcho(conversation.messages.slice(from), sent);
  if (found === undefined) {
    const { close } = conversation;
    if (close !== undefined && readClose(close).code === 1003) {
      return {
        ...base,
        outcome: 'ok',
        seen: 'Binary is refused with 1003: the server takes text only.',
      };
    }
    return notEchoed('binary echo', conversation.messages.slice(from));
  }
  const fault = echoFault('binary echo', found, sent);
  if (fault !== undefined && found.message.binary) return fault;
  if (!found.message.binary) {
    return {
      ...base,
      outcome: 'wrong',
      fault: 'text-for-binary',
      seen: 'The echo of a binary message came as text.',
      means: 'These octets are not UTF-8, so a client has to fail the connection with 1007.',
      advice: 'Answer with the opcode of the message: 2 for binary.',
      octets: hexOf(found.message.octets),
    };
  }
  return { ...base, outcome: 'ok', seen: 'Binary is echoed as it was.' };
}

function echoFault(name: StepName, { echo, message }: Recognised, sent: Sent): Step | undefined {
  const head = { name, outcome: 'wrong', blocks: true, octets: hexOf(message.octets) } as const;
  switch (echo) {
    case 'right':
      return undefined;
    case 'never unmasked':
      return {
        ...head,
        rule: 'RFC 6455 §5.3',
        fault: 'never-unmasks',
        seen: `The server never unmasks: what came back is our message XOR our masking key ${hexOf(sent.key)}.`,
        means: 'So it does not see what clients say, but octets that look random.',
        advice:
          'Unmask what comes: octet i of the payload XOR octet (i mod 4) of the masking key, which stands behind the length.',
      };
    case 'padded':
      return {
        ...head,
        rule: 'RFC 6455 §5.2',
        fault: 'whole-buffer',
        seen: `The echo is ${octetCount(message.payload.length)} long where ${octetCount(sent.payload.length)} were sent: the rest is NULs.`,
        means: 'The server sends its whole buffer, whatever is in it.',
        advice: 'Send as many octets as came, not the size of the buffer.',
      };
    case 'truncated':
      return {
        ...head,
        rule: 'RFC 6455 §5.6',
        fault: 'truncated-echo',
        seen: `The echo is cut: ${octetCount(message.payload.length)} of ${octetCount(sent.payload.length)}.`,
        advice:
          'Look for a length that is taken for another: of the frame, of the message, in characters.',
      };
  }
}

function notEchoed(name: StepName, others: readonly SeenMessage[]): Step {
  const [other] = others;
  return {
    name,
    outcome: 'skipped',
    seen:
      other === undefined
        ? 'Nothing came back: this is no echo server, or it does not read messages.'
        : `It is no echo: ${octetCount(other.payload.length)} of ${other.binary ? 'binary' : 'text'} came, ${quoted(other.payload)}.`,
    means: 'What only an echo shows is not looked at.',
  };
}

/** Sends a Ping and waits for the Pong (§5.5.3). Undefined where the connection was over before. */
export async function pingStep(conversation: Conversation, waitMs: number): Promise<Step> {
  const base = { name: 'ping', rule: 'RFC 6455 §5.5.2' } as const;
  if (conversation.over || conversation.garbage !== undefined) {
    return {
      ...base,
      outcome: 'skipped',
      seen: 'The connection was over before a Ping could be sent.',
    };
  }
  const from = conversation.frames.length;
  const sent = conversation.send(9, Buffer.from('still there?'));
  const pong = () => conversation.frames.slice(from).find(({ opcode }) => opcode === 10);
  await conversation.until(() => pong() !== undefined || conversation.over, waitMs);
  const found = pong();
  if (found === undefined) {
    return {
      ...base,
      outcome: 'wrong',
      fault: 'no-pong',
      seen: conversation.over
        ? 'The server ended the connection at a Ping.'
        : 'A Ping was not answered.',
      means:
        'Clients and proxies that watch connections in this way take it for dead, and drop it.',
      advice: 'Answer a frame with opcode 9 at once with one of opcode 10 and the same payload.',
    };
  }
  if (found.payload.equals(sent.payload))
    return { ...base, outcome: 'ok', seen: 'A Ping is answered.' };
  const masked = found.raw.equals(sent.masked);
  return {
    ...base,
    outcome: 'wrong',
    rule: 'RFC 6455 §5.5.3',
    fault: masked ? 'never-unmasks' : 'pong-payload',
    seen: masked
      ? 'The Pong has the payload of the Ping as it was masked.'
      : `The Pong has another payload than the Ping: ${quoted(found.payload)}.`,
    advice: masked ? 'Unmask what comes.' : 'Send the payload of the Ping back.',
    octets: hexOf(found.octets),
  };
}
