// Where no HTTP answer came: silence, an end, or something else than HTTP.
import { headIsOver, MAX_HEAD } from './answer-head.ts';
import type { FaultCode, Step } from './diagnosis.ts';
import type { Dialler } from './dialler.ts';
import type { Link } from './link.ts';
import { hexOf, octetCount, quoted } from './octet-words.ts';
import { wantsClientCertificate } from './tls-step.ts';

const RULE = 'RFC 6455 §4.2.2';

/** What a server that speaks something else begins with. */
const OTHER_PROTOCOLS: readonly (readonly [RegExp, string])[] = [
  [/^SSH-/, 'SSH'],
  [/^220[ -].*(?:smtp|mail)/i, 'SMTP (mail)'],
  [/^220[ -]/, 'FTP or SMTP'],
  [/^\+OK/, 'POP3, or Redis'],
  [/^\* OK/, 'IMAP (mail)'],
  [/^-(?:ERR|DENIED)/, 'Redis'],
  [/^RFB /, 'VNC: it needs a gateway such as websockify'],
  [/^[\s\S]{4}\n[58]\.\d/, 'MySQL'],
  [/^AMQP/, 'AMQP'],
  [/^INFO \{/, 'NATS'],
];

/** Names what came in place of an answer. */
export async function judgeNoAnswer(
  link: Link,
  dialler: Dialler,
  timeoutMs: number,
): Promise<Step> {
  const head = { name: 'answer', outcome: 'wrong', blocks: true, rule: RULE } as const;
  const { octets, ending } = link;
  if (octets.length > 0) return { ...head, ...whatCame(octets), octets: hexOf(octets) };
  if (wantsClientCertificate(ending?.code)) {
    return {
      ...head,
      name: 'TLS',
      fault: 'tls-client-certificate',
      seen: `The server wants a certificate of the client (${ending?.code}).`,
      advice: 'Connect with a client that has one: this command cannot.',
    };
  }
  if (!dialler.target.secure && (await dialler.speaksTheOther(timeoutMs))) {
    return { ...head, ...PLAIN_ON_TLS };
  }
  if (ending === undefined) {
    return {
      ...head,
      fault: 'silence',
      seen: `The server took the connection and then said nothing for ${timeoutMs / 1000} s.`,
      means:
        'It does not read the request, waits for something else, is busy with another client because it serves one at a time, or waits until somebody lets the client in by hand.',
      advice:
        'Look whether it accepts connections while one is open, and what it does with the request.',
    };
  }
  const reset = ending.by !== 'peer';
  return {
    ...head,
    fault: reset ? 'reset-without-answer' : 'closed-without-answer',
    seen: reset
      ? `The server reset the connection without an answer (${ending.code}).`
      : 'The server closed the connection without an answer.',
    means:
      'It does not like the request, crashed on it, or drops upgrades of paths that it does not know; a proxy does so where what is behind it is gone.',
    advice: "Look into the server's log, and whether the path is right.",
  };
}

const PLAIN_ON_TLS = {
  fault: 'plain-on-tls-port',
  seen: 'The port speaks TLS, and ws:// does not.',
  means: 'What was sent in the clear means nothing to it.',
  advice: 'Write wss:// in place of ws://.',
} as const satisfies Partial<Step>;

function whatCame(octets: Buffer): Pick<Step, 'fault' | 'seen' | 'means' | 'advice'> {
  const text = octets.subarray(0, 512).toString('latin1');
  if (octets[0] === 0x15 && octets[1] === 0x03) {
    const detail = octets.length >= 7 ? `, alert ${octets[6]}` : '';
    return {
      ...PLAIN_ON_TLS,
      seen: `The server answered with a TLS alert${detail} (15 03 …): its port speaks TLS, and ws:// does not.`,
    };
  }
  if (
    octets.length >= 9 &&
    octets[3] === 4 &&
    octets.readUIntBE(0, 3) % 6 === 0 &&
    octets.readUInt32BE(5) === 0
  ) {
    return {
      fault: 'http-version',
      seen: 'The server speaks HTTP/2 only: it began with SETTINGS.',
      advice: 'Let it speak HTTP/1.1 as well, or use a port where it does.',
    };
  }
  const other = OTHER_PROTOCOLS.find(([pattern]) => pattern.test(text));
  if (other !== undefined) {
    return {
      fault: 'other-protocol',
      seen: `This is no HTTP server: it speaks ${other[1]}, and began with ${quoted(text)}.`,
      advice: 'Check the port.',
    };
  }
  if (/^HTTP\//.test(text) && !headIsOver(octets)) return notFinished(octets);
  const means = /^\s*</.test(text)
    ? 'A page without a status line and fields in front of it.'
    : 'An answer begins with "HTTP/1.1 101".';
  return {
    fault: 'not-http',
    seen: `The answer is not HTTP: ${octetCount(octets.length)} that begin with ${quoted(text)}.`,
    means,
    advice: 'Check the port; else let the server begin with the status line.',
  };
}

function notFinished(octets: Buffer): { fault: FaultCode; seen: string } {
  return {
    fault: 'not-http',
    seen: `The answer breaks off in its first line: ${quoted(octets)}.`,
  };
}

/** A head that goes on and on. */
export function endlessAnswer(octets: Buffer): Step {
  return {
    name: 'answer',
    outcome: 'wrong',
    blocks: true,
    rule: 'RFC 9112 §2.1',
    fault: 'endless-answer',
    seen: `The fields of the answer do not end: ${octetCount(octets.length)} came${octets.length >= MAX_HEAD ? ', and nobody reads more' : ', and they still come'}.`,
    means: 'Clients give up on it.',
    advice: 'Let an empty line end the fields.',
    octets: hexOf(octets),
  };
}
