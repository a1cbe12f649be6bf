import { STATUS_CODES } from 'node:http';
import { CLOSE_CODES, CloseCode, type CloseCodeEntry, ConnectionClosedError } from 'meerkat';
import {
  HandshakeError,
  handshakeCodes,
  ProtocolError,
  UsageError,
  usageCodes,
  violationCodes,
} from 'meerkat/protocol';
import { CLOSE_CODE_ADVICE, type NamedCloseCode } from './close-code-advice.ts';
import { CLOSE_CODE_RANGES, type CloseCodeRange } from './close-code-ranges.ts';
import { HANDSHAKE_ADVICE, USAGE_ADVICE, VIOLATION_ADVICE } from './error-advice.ts';
import { ruleSource } from './rule-source.ts';

/** All there is to say about one code. `--json` prints it as it is. */
export interface Explanation {
  readonly kind:
    | 'close code'
    | 'range of close codes'
    | 'violation'
    | 'handshake'
    | 'usage'
    | 'closed';
  /** `1006`, `4000-4999`, `WS_RESERVED_BIT_SET` */
  readonly code: string;
  /** `abnormal closure`; of an error its message. */
  readonly name: string;
  readonly meaning: string;
  /** Of a close code: whether it may stand in a Close frame. */
  readonly mayBeSent?: boolean;
  readonly sentBy?: string;
  /** The close code that answers a violation. */
  readonly closeCode?: number;
  /** The HTTP status that answers a request; absent where a client noticed it. */
  readonly status?: number;
  /** The option whose value was exceeded. */
  readonly limit?: string;
  readonly causes: readonly string[];
  readonly remedies: readonly string[];
  /** Codes of a range that are registered with IANA. */
  readonly registered?: CloseCodeRange['registered'];
  /** Where it is defined. */
  readonly source: string;
}

/** The codes that have an entry, in order, then the ranges of the others. */
export const CLOSE_CODE_EXPLANATIONS: readonly Explanation[] = [
  ...CLOSE_CODES.map(closeCode),
  ...CLOSE_CODE_RANGES.map((range) => rangeOf(range, `${range.from}-${range.to}`)),
];

/** meerkat's own codes, by whose fault they tell. */
export const ERROR_EXPLANATIONS: readonly Explanation[] = [
  ...violationCodes.map((code): Explanation => {
    const { message, closeCode, section, limit } = new ProtocolError(code);
    return {
      kind: 'violation',
      code,
      name: message,
      meaning:
        limit === undefined
          ? `The peer broke a rule of the protocol: ${message}.`
          : `The peer exceeded the option ${limit}: ${message}.`,
      closeCode,
      ...(limit === undefined ? {} : { limit }),
      causes: [],
      remedies: [VIOLATION_ADVICE[code]],
      source: ruleSource(section),
    };
  }),
  ...handshakeCodes.map((code): Explanation => {
    const { message, status } = new HandshakeError(code);
    return {
      kind: 'handshake',
      code,
      name: message,
      meaning:
        status === 0
          ? `The client gave up the opening handshake: ${message}.`
          : `The server refused the opening handshake: ${message}.`,
      ...(status === 0 ? {} : { status }),
      causes: [],
      remedies: [HANDSHAKE_ADVICE[code]],
      source: code.startsWith('WS_REQUEST')
        ? 'RFC 6455 §4.2.1'
        : code.startsWith('WS_RESPONSE')
          ? 'RFC 6455 §4.1'
          : 'meerkat',
    };
  }),
  ...usageCodes.map((code): Explanation => {
    const { message } = new UsageError(code);
    return {
      kind: 'usage',
      code,
      name: message,
      meaning: `The caller misused the library: ${message}.`,
      causes: [],
      remedies: [USAGE_ADVICE[code]],
      source: 'meerkat',
    };
  }),
  {
    kind: 'closed',
    code: new ConnectionClosedError(CloseCode.Abnormal, '').code,
    name: 'the connection is closed',
    meaning: 'An operation met a connection that is closed, or that closed before it was done.',
    causes: ['ping() was waiting for its Pong when the connection ended.'],
    remedies: ['The error carries closeCode and reason: look there for why.'],
    source: 'meerkat',
  },
];

/** Explains any number that fits into a Close frame; undefined for others. */
export function explainCloseCode(code: number): Explanation | undefined {
  const entry = CLOSE_CODES.find((known) => known.code === code);
  if (entry !== undefined) return closeCode(entry);
  const range = CLOSE_CODE_RANGES.find(({ from, to }) => code >= from && code <= to);
  if (range === undefined) return undefined;
  const registered = range.registered.find((known) => known.code === code);
  const explanation = rangeOf(range, `${code}`);
  if (registered !== undefined) {
    const { registered: _all, ...rest } = explanation;
    return { ...rest, name: registered.name, meaning: registered.meaning };
  }
  const status = STATUS_CODES[code];
  if (status === undefined) return explanation;
  return {
    ...explanation,
    meaning: `${explanation.meaning} As an HTTP status ${code} is ${status}.`,
  };
}

function closeCode({ code, name, meaning, source, onTheWire }: CloseCodeEntry): Explanation {
  const { sentBy, causes, remedies } = isNamed(code)
    ? CLOSE_CODE_ADVICE[code]
    : { sentBy: 'either side', causes: [], remedies: [] };
  return {
    kind: 'close code',
    code: `${code}`,
    name,
    meaning,
    mayBeSent: onTheWire,
    sentBy,
    causes,
    remedies,
    source,
  };
}

function isNamed(code: number): code is NamedCloseCode {
  return (Object.values(CloseCode) as number[]).includes(code);
}

function rangeOf(range: CloseCodeRange, code: string): Explanation {
  const { name, meaning, onTheWire, sentBy, remedies, source, registered } = range;
  return {
    kind: 'range of close codes',
    code,
    name,
    meaning,
    mayBeSent: onTheWire,
    sentBy,
    causes: [],
    remedies,
    ...(registered.length === 0 ? {} : { registered }),
    source,
  };
}
