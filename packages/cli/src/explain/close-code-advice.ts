import type { CloseCode } from 'meerkat';

/** What experience adds to the registry's sentence about a close code. */
export interface CloseCodeAdvice {
  /** Which side sends it, or who reports it where it may not be sent. */
  readonly sentBy: string;
  /** What it usually comes from, the most frequent first. */
  readonly causes: readonly string[];
  /** What to do about it. */
  readonly remedies: readonly string[];
}

/** The numbers of the codes that have a name. */
export type NamedCloseCode = (typeof CloseCode)[keyof typeof CloseCode];

export const CLOSE_CODE_ADVICE: Readonly<Record<NamedCloseCode, CloseCodeAdvice>> = {
  1000: {
    sentBy: 'either side',
    causes: ['One side was done and said so: close() was called, or a command ended.'],
    remedies: ['Nothing: this is the good end. Do not reconnect without a reason.'],
  },
  1001: {
    sentBy: 'either side',
    causes: [
      'The server is being stopped or replaced (meerkat sends it when it drains).',
      'The browser closed the tab, or went to another page.',
      'A proxy or server gave up an idle connection in good manners.',
    ],
    remedies: [
      'On the client: reconnect after a random delay.',
      'On the server: nothing; clients leave like this all the time.',
    ],
  },
  1002: {
    sentBy: 'the side that noticed the fault, at once',
    causes: [
      'A bug in the WebSocket code of the side that RECEIVES this code: wrong masking, a reserved bit or opcode, a fragmented or oversized control frame, a continuation without a beginning.',
      'A compressed frame that nobody negotiated, often from a proxy that removed the extension from the handshake.',
      'Something that is no WebSocket wrote into the connection: a stray HTTP response, a second writer on the socket.',
      'A close code that may not be sent, such as 1005 or 1006, put into a Close frame.',
    ],
    remedies: [
      'Read the reason: meerkat writes the broken rule there.',
      'Connect without the proxy in between, and see whether it stays.',
      'Look at the octets just before the end; reconnecting without a change brings it back.',
    ],
  },
  1003: {
    sentBy: 'the side that got the message',
    causes: [
      'Binary was sent to a text-only endpoint, or text to a binary-only one.',
      'A library sent a Buffer or Blob where a string was meant.',
    ],
    remedies: [
      'Send the other type; with `meerkat connect` leave out, or add, --binary.',
      'On a meerkat server: the option messageTypes, --message-types, decides what is accepted.',
    ],
  },
  1004: {
    sentBy: 'nobody',
    causes: ['It was set aside in an early draft and never got a meaning.'],
    remedies: ['If a peer sends it, the peer is wrong; meerkat answers with 1002.'],
  },
  1005: {
    sentBy: 'nobody; reported locally',
    causes: [
      "The peer closed in order, but its Close frame was empty: close() without a code, as browsers' own close() does.",
    ],
    remedies: [
      'Nothing, mostly: it is a clean end. Give close() a code if the other side should know why.',
      'Never send it: an empty Close frame is how it is "sent".',
    ],
  },
  1006: {
    sentBy: 'nobody; reported locally',
    causes: [
      'A proxy or load balancer cut an idle connection: often after exactly 60 seconds (nginx: proxy_read_timeout), others after 100 or 350.',
      'The process of the peer crashed, was killed, or was redeployed without draining.',
      'The network changed or failed: Wi-Fi to mobile, a laptop that slept, a NAT entry that expired.',
      'The opening handshake failed: a browser reports that as 1006 too, and hides the reason from the page.',
      'One side destroyed the socket instead of closing it, for example for a protocol error or a peer that did not answer pings.',
    ],
    remedies: [
      'Is it always after the same time? Then something cuts idle connections: ping more often than that time, or raise it.',
      'Does it come at once? Then the handshake fails: `meerkat connect URL` says why.',
      "Look into the server's log for that second, and into the proxy's.",
      'On the client: reconnect, with a delay that grows and has a random part.',
      'Never send it: it means that no Close frame came.',
    ],
  },
  1007: {
    sentBy: 'the side that got the message',
    causes: [
      'Binary data was sent as a text message.',
      'Text in Latin-1 or another encoding was sent as it is.',
      'A text was cut in the middle of a character before it was sent.',
      'With compression: data that cannot be decompressed.',
    ],
    remedies: ['Send octets as binary; encode text as UTF-8 before it is sent.'],
  },
  1008: {
    sentBy: 'either side, mostly the server',
    causes: [
      'The application refused: not signed in, a token that expired, not allowed here. Services without a code of their own use this one.',
      'Too many messages, frames or pings in a time (meerkat: maxFramesPerMessage, maxControlFramesPerSecond).',
    ],
    remedies: [
      'Read the reason, then the documentation of the service.',
      'Sign in again before reconnecting; the same request will meet the same answer.',
      'If it is a rate: send less often, and wait before reconnecting.',
    ],
  },
  1009: {
    sentBy: 'the side that got the message',
    causes: [
      "A message is larger than the receiver's limit. Defaults differ: meerkat 1 MiB, ws 100 MiB, others 16 KiB to 64 MiB.",
      'A history, snapshot or file is sent as one message.',
    ],
    remedies: [
      'Raise the limit of the RECEIVER: maxMessageBytes in meerkat, --max-message-bytes for its commands.',
      'Or send smaller messages. Fragments do not help: the limit counts the whole message.',
    ],
  },
  1010: {
    sentBy: 'clients only; a server fails the handshake instead',
    causes: ['The client cannot do without an extension that the server did not agree to.'],
    remedies: ['Turn the extension on at the server, or make it optional at the client.'],
  },
  1011: {
    sentBy: 'the server, and some clients',
    causes: [
      "The application threw an exception while it handled a message. meerkat sends this when a handler throws or rejects, and gives the error to the handler 'error'.",
      'Some servers use it for a peer that does not answer pings.',
    ],
    remedies: [
      "Look into the server's log for that second.",
      'Find the message that it cannot handle before sending it again.',
    ],
  },
  1012: {
    sentBy: 'the server',
    causes: ['The service is being restarted, for example for a new version.'],
    remedies: ['Reconnect after a random delay of 5 to 30 seconds, so that not all come at once.'],
  },
  1013: {
    sentBy: 'the server',
    causes: [
      'The server is overloaded.',
      'The client reads too slowly: meerkat sends this when its outgoing queue stays full.',
    ],
    remedies: [
      'Reconnect later, with a delay that grows.',
      'If it is about the queue: take messages faster, or ask for fewer.',
    ],
  },
  1014: {
    sentBy: 'a gateway or proxy',
    causes: ['The server behind the gateway is down, or answered with something else.'],
    remedies: [
      'Connect to the server behind the gateway directly, and see what it answers.',
      "Look into the gateway's log.",
    ],
  },
  1015: {
    sentBy: 'nobody; reported locally',
    causes: [
      'The certificate is self-signed, expired, for another name, or from an authority that is not trusted.',
      'wss:// was used where the server speaks plain ws://, or TLS ended in a proxy.',
      'Client and server have no version of TLS in common.',
    ],
    remedies: [
      '`meerkat connect wss://…` says which of these it is.',
      'Trust your own authority with --ca FILE; in a browser open the https:// page of the host once.',
      'Never send it: without TLS there is no connection to send it on. Many clients report 1006 instead.',
    ],
  },
};
