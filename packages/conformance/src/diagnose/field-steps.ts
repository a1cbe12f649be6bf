// The fields of a 101, one by one (§4.1, §4.2.2).
import { acceptOf, exampleOf, mistakeIn } from './accept-value.ts';
import { type AnswerHead, tokensOf, valuesOf } from './answer-head.ts';
import type { Step } from './diagnosis.ts';
import { octetCount, quoted } from './octet-words.ts';

const RULE = 'RFC 6455 §4.1';

/** Line ends, the empty line, and a body where there is none. */
export function lineSteps(head: AnswerHead): Step[] {
  const steps: Step[] = [];
  if (head.bareLf > 0) {
    steps.push({
      name: 'lines',
      outcome: 'wrong',
      fault: 'bare-lf',
      rule: 'RFC 9112 §2.2',
      seen: `${head.bareLf} of the ${head.lines} lines of the answer end with a bare LF (0a).`,
      means:
        'Lines end with CR LF (0d 0a). Some clients put up with it, others fail the connection.',
      advice: 'Write \\r\\n at the end of each line, the empty one too.',
    });
  }
  if (!head.emptyLine) {
    steps.push({
      name: 'lines',
      outcome: 'wrong',
      blocks: true,
      fault: 'no-empty-line',
      rule: 'RFC 9112 §2.1',
      seen: "There is no empty line after the answer's fields.",
      means: 'A client goes on reading fields and waits for ever: onopen never fires.',
      advice: 'End the answer with \\r\\n\\r\\n: one for the last field, one for the empty line.',
    });
  }
  const length = valuesOf(head, 'content-length')[0];
  const coding = valuesOf(head, 'transfer-encoding')[0];
  if (length !== undefined || coding !== undefined) {
    steps.push({
      name: 'lines',
      outcome: 'wrong',
      fault: 'body-announced',
      rule: 'RFC 9110 §8.6',
      seen: `The 101 announces a body (${length === undefined ? `Transfer-Encoding: ${quoted(coding ?? '')}` : `Content-Length: ${quoted(length)}`}).`,
      means: 'A 101 has none: a client or a proxy may take the first frames for it.',
      advice: 'Leave the field out.',
    });
  }
  return steps;
}

export function upgradeStep(head: AnswerHead): Step {
  const values = valuesOf(head, 'upgrade');
  const tokens = tokensOf(head, 'upgrade');
  const base = { name: 'Upgrade', rule: RULE } as const;
  if (tokens.length === 1 && tokens[0] === 'websocket') {
    return { ...base, outcome: 'ok', seen: `${quoted(values.join(', '))}, as it should be.` };
  }
  const wrong = { ...base, outcome: 'wrong', blocks: true } as const;
  if (values.length > 0) {
    return {
      ...wrong,
      fault: 'upgrade-field',
      seen: `Upgrade is ${quoted(values.join(', '))}.`,
      advice: 'It has to be "websocket" and nothing else.',
    };
  }
  if (tokensOf(head, 'connection').includes('close')) {
    return {
      ...wrong,
      fault: 'upgrade-stripped',
      seen: 'The 101 has no Upgrade field, and says Connection: close.',
      means: 'A proxy on the way removed the fields of the upgrade.',
      advice:
        'Let it pass Upgrade and Connection on: nginx needs proxy_http_version 1.1 and both fields set.',
    };
  }
  return {
    ...wrong,
    fault: 'upgrade-field',
    seen: 'The 101 has no Upgrade field.',
    advice: 'Send Upgrade: websocket',
  };
}

export function connectionStep(head: AnswerHead): Step {
  const values = valuesOf(head, 'connection');
  const base = { name: 'Connection', rule: RULE } as const;
  if (tokensOf(head, 'connection').includes('upgrade')) {
    return { ...base, outcome: 'ok', seen: `${quoted(values.join(', '))}, as it should be.` };
  }
  return {
    ...base,
    outcome: 'wrong',
    blocks: true,
    fault: 'connection-field',
    seen:
      values.length === 0
        ? 'The 101 has no Connection field.'
        : `Connection is ${quoted(values.join(', '))}, without "Upgrade".`,
    advice: 'Send Connection: Upgrade',
  };
}

/** The answer to another key. */
export interface OtherAccept {
  readonly key: string;
  readonly values: readonly string[];
}

/** @param other - Where one was to be had: tells a fixed value from a wrong one. */
export function acceptStep(head: AnswerHead, key: string, other?: OtherAccept): Step {
  const values = valuesOf(head, 'sec-websocket-accept');
  const [value = ''] = values;
  const base = { name: 'Sec-WebSocket-Accept', rule: 'RFC 6455 §4.2.2' } as const;
  const wrong = { ...base, outcome: 'wrong', blocks: true } as const;
  const how =
    'Append 258EAFA5-E914-47DA-95CA-C5AB0DC85B11 to the value of Sec-WebSocket-Key, take the SHA-1, and send its 20 octets in base64.';
  if (values.length === 0) {
    const old = head.fields.some(({ name }) => name === 'sec-websocket-location');
    return {
      ...wrong,
      fault: 'accept-missing',
      seen: 'The 101 has no Sec-WebSocket-Accept.',
      means: old
        ? 'The server speaks a draft of 2010 (hixie-76), which no browser knows any more.'
        : 'So a client cannot know that it was understood.',
      advice: how,
    };
  }
  if (values.length > 1) {
    return {
      ...wrong,
      fault: 'accept-twice',
      seen: `Sec-WebSocket-Accept is there ${values.length} times.`,
      means: 'Clients fail the connection, even where one of them is right.',
      advice: 'Send it once: a server and a framework in front of it may both do it.',
    };
  }
  if (value === acceptOf(key)) {
    return { ...base, outcome: 'ok', seen: 'The value belongs to our key.' };
  }
  const fixed = isFixed(value, key, other);
  const mistake = mistakeIn(value, key);
  const should = `For our key it has to be ${acceptOf(key)}.`;
  if (fixed !== undefined) {
    return {
      ...wrong,
      fault: 'accept-fixed',
      seen: `Sec-WebSocket-Accept is a fixed value, ${quoted(value, 80)}: ${fixed}.`,
      means: `It has to be worked out for each client. ${should}${mistake === undefined ? '' : ` It also is ${mistake}.`}`,
      advice: how,
    };
  }
  return {
    ...wrong,
    fault: 'accept-wrong',
    seen: `Sec-WebSocket-Accept is ${quoted(value, 80)}, which does not belong to our key.`,
    means:
      mistake === undefined
        ? `${should} Perhaps the GUID is not the one of the RFC.`
        : `It is ${mistake}. ${should}`,
    advice: how,
  };
}

function isFixed(value: string, key: string, other: OtherAccept | undefined): string | undefined {
  if (other !== undefined && other.key !== key && other.values.includes(value)) {
    return 'two clients with different keys got the same one';
  }
  const example = exampleOf(value);
  return example === undefined ? undefined : `it comes from ${example}`;
}

export function protocolStep(head: AnswerHead, offered: readonly string[]): Step | undefined {
  const values = valuesOf(head, 'sec-websocket-protocol');
  const base = { name: 'Sec-WebSocket-Protocol', rule: RULE } as const;
  const wrong = { ...base, outcome: 'wrong', blocks: true } as const;
  const [value = ''] = values;
  if (values.length === 0) {
    if (offered.length === 0) return undefined;
    return {
      ...wrong,
      fault: 'protocol-not-chosen',
      seen: `${offered.map((name) => quoted(name)).join(', ')} ${offered.length === 1 ? 'was' : 'were'} offered, and the server chose none.`,
      means: 'The RFC allows it, but browsers fail a connection then.',
      advice: 'Offer a subprotocol that the server knows, or none.',
    };
  }
  if (values.length > 1) {
    return {
      ...wrong,
      fault: 'protocol-twice',
      seen: `Sec-WebSocket-Protocol is there ${values.length} times.`,
      advice: 'Send the one that was chosen, once.',
    };
  }
  if (offered.includes(value))
    return { ...base, outcome: 'ok', seen: `The server chose ${quoted(value)}.` };
  const names = value.split(',').map((name) => name.trim());
  if (names.length > 1 && names.every((name) => offered.includes(name))) {
    return {
      ...wrong,
      fault: 'protocol-list-echoed',
      seen: `The server sent the list of subprotocols back: ${quoted(value)}.`,
      means: 'It has to choose exactly one.',
      advice: `Send one of them: Sec-WebSocket-Protocol: ${quoted(names[0] ?? '').slice(1, -1)}`,
    };
  }
  return {
    ...wrong,
    fault: 'protocol-not-offered',
    seen: `The server chose the subprotocol ${quoted(value)}, which was not offered.`,
    means:
      offered.length === 0
        ? 'Nothing was offered.'
        : `What was offered: ${offered.map((name) => quoted(name)).join(', ')}.`,
    advice:
      'Choose one of those in the request (letter case counts), or send no Sec-WebSocket-Protocol.',
  };
}

export function extensionStep(head: AnswerHead): Step | undefined {
  const values = valuesOf(head, 'sec-websocket-extensions');
  if (values.length === 0) return undefined;
  return {
    name: 'Sec-WebSocket-Extensions',
    outcome: 'wrong',
    blocks: true,
    fault: 'extension-not-offered',
    rule: RULE,
    seen: `The server uses ${quoted(values.join(', '))}, which was not offered.`,
    means: 'A client fails the connection.',
    advice: 'Answer with extensions of the request only.',
  };
}

/** A member of the answer to `permessage-deflate; client_max_window_bits` (RFC 7692 §7.1). */
const PARAMETER =
  /^(?:server_no_context_takeover|client_no_context_takeover|(?:server|client)_max_window_bits=(?:"?(?:[89]|1[0-5])"?))$/;

/** The answer to the offer that browsers make; it may be none. */
export function compressionStep(head: AnswerHead): Step {
  const values = valuesOf(head, 'sec-websocket-extensions');
  const text = values.join(', ');
  const base = { name: 'compression', rule: 'RFC 7692 §7.1' } as const;
  if (text === '') {
    return { ...base, outcome: 'ok', seen: 'Compression is not taken up, which is allowed.' };
  }
  const [name = '', ...parameters] = text
    .split(';')
    .map((part) => part.replace(/\s*=\s*/, '=').trim());
  const names = parameters.map((one) => one.replace(/=.*/s, ''));
  const right =
    name === 'permessage-deflate' &&
    parameters.every((one) => PARAMETER.test(one)) &&
    new Set(names).size === names.length;
  if (right)
    return { ...base, outcome: 'ok', seen: `Compression is agreed on: ${quoted(text, 200)}.` };
  return {
    ...base,
    outcome: 'wrong',
    blocks: true,
    fault: name === 'permessage-deflate' ? 'extension-answer' : 'extension-not-offered',
    seen: `To a browser's offer of compression the server answers ${quoted(text, 200)}.`,
    means:
      text.includes('client_max_window_bits') && !/client_max_window_bits\s*=/.test(text)
        ? 'In an answer client_max_window_bits needs a value: the offer was sent back as it came. Browsers fail the connection.'
        : 'That is no answer to it, and browsers fail the connection.',
    advice:
      'Answer permessage-deflate with the parameters that were agreed on, or leave the field out.',
  };
}

/** What a request consists of. */
export function requestStep(length: number, method: string, path: string): Step {
  return {
    name: 'request',
    outcome: 'ok',
    seen: `Sent: ${method} ${quoted(path.replace(/\?.*$/s, '?…'), 80).slice(1, -1)} HTTP/1.1 with Upgrade, Connection, Key and Version 13, ${octetCount(length)}.`,
  };
}
