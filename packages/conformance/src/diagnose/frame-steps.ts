// Frames as such: what came unasked, what breaks the rules of a frame, what ended the connection.
import { isUtf8 } from 'node:buffer';
import { type Conversation, readClose } from './conversation.ts';
import type { Step } from './diagnosis.ts';
import type { Trial } from './echo-steps.ts';
import { hexOf, octetCount, quoted } from './octet-words.ts';

/**
 * What is wrong with the frames as such.
 *
 * @param start - Where they begin, among all octets.
 * @param echoed - Whether an echo came: what is unfinished may then just be on its way.
 */
export function frameSteps(conversation: Conversation, start: number, echoed: boolean): Step[] {
  const steps: Step[] = [];
  const { frames, garbage, nuls, orphan, link } = conversation;
  const wrong = { name: 'first frames', outcome: 'wrong', blocks: true } as const;
  if (nuls > 0) {
    const after = link.octets.subarray(start).every((octet) => octet === 0)
      ? 'the answer'
      : 'what was sent';
    steps.push({
      ...wrong,
      rule: 'RFC 6455 §5.2',
      fault: 'whole-buffer',
      seen: `${octetCount(nuls)} of NUL follow ${after}${after === 'the answer' ? `: with them it is ${octetCount(link.octets.length)}` : ''}.`,
      means:
        'The server sends its whole buffer, whatever is in it. A client takes the rest for frames, and fails the connection.',
      advice: 'Send as many octets as there are to send, not the size of the buffer.',
      octets: hexOf(link.octets.subarray(start)),
    });
  }
  if (garbage !== undefined) {
    const text = garbage
      .subarray(0, 16)
      .every(
        (octet) => octet === 9 || octet === 10 || octet === 13 || (octet >= 0x20 && octet < 0x7f),
      );
    const first = frames.length === 0;
    steps.push({
      ...wrong,
      rule: 'RFC 6455 §5.2',
      fault: text && first ? 'body-after-101' : 'garbage',
      seen:
        text && first
          ? `Behind the 101 there is text and no frame: ${quoted(garbage)}.`
          : `What came cannot be read as frames: ${hexOf(garbage.subarray(0, 16))}.`,
      means:
        text && first
          ? 'A body of HTTP, or a message without a frame around it.'
          : 'A reserved opcode, a control frame that breaks the rules, or a length that went wrong before.',
      advice: 'After the 101 there are frames only, each with its header.',
      octets: hexOf(garbage),
    });
  }
  const { unfinished } = conversation;
  if (unfinished !== undefined && !echoed) {
    steps.push({
      ...wrong,
      rule: 'RFC 6455 §5.2',
      fault: 'unfinished-frame',
      seen: `A frame begins with ${hexOf(unfinished.subarray(0, 10))} and does not end: ${octetCount(unfinished.length)} of it came.`,
      means:
        'Its header announces more than there is: a length in the wrong byte order, or of something else.',
      advice: 'Write the length of the payload, in 7, 16 or 64 bits, its highest octet first.',
      octets: hexOf(unfinished),
    });
  }
  const masked = frames.find(({ key }) => key !== undefined);
  if (masked !== undefined) {
    steps.push({
      ...wrong,
      rule: 'RFC 6455 §5.1',
      fault: 'masked-by-server',
      seen: 'The server masks its frames.',
      means: 'Only clients do; a client fails the connection.',
      advice: 'Send without the mask bit, and without a key.',
      octets: hexOf(masked.octets),
    });
  }
  const reserved = frames.find(({ rsv }) => rsv !== 0);
  if (reserved !== undefined) {
    steps.push({
      ...wrong,
      rule: 'RFC 6455 §5.2',
      fault: 'reserved-bits',
      seen: `The server sets reserved bits: RSV ${reserved.rsv.toString(2).padStart(3, '0')}.`,
      means:
        reserved.rsv === 4
          ? 'RSV1 marks a compressed message, and compression was not agreed on.'
          : 'No extension was agreed on that uses them.',
      advice: 'Leave them 0.',
      octets: hexOf(reserved.octets),
    });
  }
  if (orphan !== undefined) {
    steps.push({
      ...wrong,
      rule: 'RFC 6455 §5.4',
      fault: 'garbage',
      seen: 'The server sends a continuation where no message was begun.',
      advice: 'Begin a message with opcode 1 or 2.',
      octets: hexOf(orphan.octets),
    });
  }
  return steps;
}

/** What the server said without being asked. */
export function unaskedSteps(conversation: Conversation, trial: Trial | undefined): Step[] {
  const unasked = conversation.messages.slice(0, trial?.from ?? conversation.messages.length);
  const [first] = unasked;
  const steps: Step[] = [];
  const base = { name: 'first frames' } as const;
  if (first !== undefined) {
    const text = first.payload.toString('latin1');
    if (/^0\{"sid":"/.test(text)) {
      steps.push({
        ...base,
        outcome: 'warning',
        fault: 'engine-io',
        seen: `This is a Socket.IO (engine.io) server: it greets with ${quoted(text)}.`,
        means: 'It opens for any client, but wants its own packets in the messages.',
        advice: 'Use a Socket.IO client.',
      });
    } else if (text === 'o') {
      steps.push({
        ...base,
        outcome: 'warning',
        fault: 'sockjs',
        seen: 'This is a SockJS server: it greets with "o".',
        advice:
          'Use a SockJS client, or its plain WebSocket: the path that ends with /websocket, without server and session.',
      });
    } else {
      steps.push({
        ...base,
        outcome: 'ok',
        seen: `The server speaks first: ${quoted(first.payload)}.`,
      });
    }
  }
  const notUtf8 = unasked.find(({ binary, payload }) => !binary && !isUtf8(payload));
  if (notUtf8 !== undefined) {
    steps.push({
      ...base,
      outcome: 'wrong',
      blocks: true,
      fault: 'text-not-utf8',
      rule: 'RFC 6455 §8.1',
      seen: `The server sends text that is not UTF-8: ${quoted(notUtf8.payload)}.`,
      means: 'A client fails the connection with 1007.',
      advice: 'Send it as binary, or as UTF-8.',
      octets: hexOf(notUtf8.octets),
    });
  }
  return steps;
}

/** Where the server ended it before it could be used. */
export function endedStep(conversation: Conversation): Step | undefined {
  const { close, link } = conversation;
  if (!conversation.over) return undefined;
  const base = {
    name: 'first frames',
    outcome: 'wrong',
    blocks: true,
    fault: 'closed-at-once',
  } as const;
  if (close === undefined) {
    const { ending } = link;
    return {
      ...base,
      seen: `The server ended the connection right after it had opened${ending?.by === 'reset' ? ` (${ending.code})` : ''}, without a Close frame.`,
      means: 'It crashed, or does not like the first message.',
      advice: "Look into the server's log.",
    };
  }
  const { code, reason } = readClose(close);
  return {
    ...base,
    seen: `The server closed right after it had opened: ${code ?? 'no code'}${reason === '' ? '' : ` ${quoted(reason, 125)}`}.`,
    means:
      code === 4406 || /subprotocol/i.test(reason)
        ? 'It wants a subprotocol.'
        : 'It does not want this client, or does not like its first message.',
    advice:
      code === 4406 || /subprotocol/i.test(reason)
        ? 'Offer one: -s graphql-transport-ws'
        : `Look into the server's log; "meerkat explain ${code ?? 1005}" says what the code means.`,
    octets: hexOf(close.octets),
  };
}
