/** Who is at the other end. */
export interface EventPeer {
  /** The number of the connection, the same in log, console and dump. */
  readonly id: number;
  /** `address:port`; undefined on a unix socket. */
  readonly remote: string | undefined;
}

/**
 * What the request log tells, as the fields of a line of JSON. Everything that a peer chose has lost its secrets and its
 * control characters before it gets here.
 */
export type ServeEvent = EventPeer &
  (
    | {
        readonly event: 'request';
        readonly method: string;
        readonly url: string;
        readonly status: number;
        /** Of the answer's body, where that was known beforehand. */
        readonly octets: number | undefined;
        readonly ms: number;
        /** The client did not get all of it. */
        readonly aborted: boolean;
      }
    | {
        readonly event: 'badRequest';
        readonly status: number;
        /** Node's name for what was wrong. */
        readonly code: string;
      }
    | {
        readonly event: 'tlsFailed';
        /** Node's name for what went wrong in the TLS handshake. */
        readonly code: string;
      }
    | {
        readonly event: 'refused';
        readonly url: string;
        readonly status: number;
        /** See `meerkat explain`. */
        readonly code: string;
        readonly reason: string;
      }
    | {
        readonly event: 'open';
        readonly url: string;
        readonly origin: string | undefined;
        readonly subprotocol: string | undefined;
        /** As our answer has them. */
        readonly extensions: string | undefined;
      }
    | {
        readonly event: 'close';
        readonly code: number;
        readonly reason: string;
        readonly by: string;
        readonly because: string;
        /** The rule that the peer broke. */
        readonly rule: string | undefined;
        /** The option that ended it. */
        readonly limit: string | undefined;
        /** Messages that came too fast, and were not handed over. */
        readonly discarded: number | undefined;
        readonly ms: number;
      }
  );

/** The same as a sentence. */
export function eventText(event: ServeEvent): string {
  const { id, remote } = event;
  return `#${id}${remote === undefined ? '' : ` ${remote}`} ${whatHappened(event)}`;
}

function whatHappened(event: ServeEvent): string {
  switch (event.event) {
    case 'request': {
      const { method, url, status, octets, ms, aborted } = event;
      const size = octets === undefined ? '' : `, ${octets} octets`;
      return `${method} ${url}: ${status}${size}, ${ms} ms${aborted ? ', broken off' : ''}`;
    }
    case 'badRequest':
      return `bad request: ${event.status} (${event.code})`;
    case 'tlsFailed':
      return `TLS handshake failed (${event.code})`;
    case 'refused':
      return `WebSocket ${event.url} refused: ${event.status} ${event.code}: ${event.reason}`;
    case 'open': {
      const { url, origin, subprotocol, extensions } = event;
      const from = origin === undefined ? '' : `, origin ${plainOrQuoted(origin)}`;
      const spoken = subprotocol === undefined ? '' : `, subprotocol ${subprotocol}`;
      return `WebSocket ${url} open${from}${spoken}${extensions === undefined ? '' : ', compressed'}`;
    }
    case 'close': {
      const { code, reason, by, because, rule, discarded, ms } = event;
      const said = reason === '' ? '' : ` ${JSON.stringify(reason)}`;
      return `WebSocket closed: ${code}${said}, by ${by} (${rule ?? because}), after ${ms} ms${discarded === undefined ? '' : `, ${discarded} messages discarded`}`;
    }
  }
}

/** An origin as browsers send it has neither blanks nor commas, which could pass for the next part of the line. */
function plainOrQuoted(text: string): string {
  return /^[\x21-\x2b\x2d-\x7e]+$/.test(text) ? text : JSON.stringify(text);
}
