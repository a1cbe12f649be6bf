// Any payload of a Close frame is read as RFC 6455 §5.5.1 says or refused with the right code; what is built is read back; a reason of ours fits.
import {
  buildClose,
  Endpoint,
  MAX_REASON_BYTES,
  ProtocolError,
  parseClose,
  UsageError,
  type ViolationCode,
} from 'meerkat/protocol';
import { hold, same } from '../invariant.ts';
import { primitives, RecordedEndpoint, situationOf } from '../recorded-endpoint.ts';
import type { FuzzTarget } from '../target.ts';

const CODES = [
  ...[0, 1, 255, 256, 999, 1000, 1001, 1002, 1003, 1004, 1005, 1006, 1007, 1011, 1014, 1015, 1016],
  ...[1999, 2000, 2999, 3000, 3999, 4000, 4999, 5000, 32_768, 65_535],
];
const REASONS = [
  '',
  'bye',
  'κόσμε',
  '€'.repeat(41),
  'a'.repeat(122),
  'a'.repeat(123),
  '\ufeffx',
  '😀',
];

export const target: FuzzTarget = {
  name: 'close-payload',
  form: 'octets',
  dictionary: [...CODES.map(codeOctets), Uint8Array.of(0xff), Uint8Array.of(0xe2, 0x82, 0xac)],
  generate: (random) => {
    const reason = random.oneIn(4)
      ? random.octets(random.below(8))
      : Buffer.from(random.pick(REASONS));
    const code = codeOctets(random.oneIn(4) ? random.below(65_536) : random.pick(CODES));
    return Uint8Array.from(Buffer.concat([code, reason]));
  },
  run: (input) => {
    checkParse(input.slice(0, 125));
    checkBuild(input);
    checkOwnReason(input);
  },
};

/** A second reading of §5.5.1 and §7.4. */
function expected(payload: Uint8Array): { code: number; reason: string } | ViolationCode {
  if (payload.length === 0) return { code: 1005, reason: '' };
  if (payload.length === 1) return 'WS_CLOSE_PAYLOAD_LENGTH';
  const code = (payload[0] as number) * 256 + (payload[1] as number);
  const defined = [1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014];
  if (!defined.includes(code) && Math.floor(code / 1000) !== 3 && Math.floor(code / 1000) !== 4) {
    return 'WS_CLOSE_CODE_INVALID';
  }
  try {
    const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
    return { code, reason: decoder.decode(payload.subarray(2)) };
  } catch {
    return 'WS_CLOSE_REASON_UTF8';
  }
}

function checkParse(payload: Uint8Array): void {
  const around = Uint8Array.from([0xff, ...payload, 0xff]);
  let got: unknown;
  try {
    got = { ...parseClose(around, 1, 1 + payload.length, primitives) };
  } catch (error) {
    if (!(error instanceof ProtocolError)) throw error;
    got = error.code;
  }
  const wanted = expected(payload);
  same(got, wanted, 'read as RFC 6455 §5.5.1 says');
  if (typeof wanted === 'string') return;
  const built = buildClose(wanted.code, wanted.reason, primitives);
  hold(Buffer.compare(built, payload) === 0, 'what was read can be built again');
}

/** Any code with any reason is built, and read back, or is a fault of the caller. */
function checkBuild(input: Uint8Array): void {
  const code = (input[0] ?? 0) * 256 + (input[1] ?? 0);
  const reason = Buffer.from(input.subarray(2)).toString('utf8');
  const length = Buffer.byteLength(reason);
  const sendable = typeof expected(codeOctets(code)) !== 'string';
  const allowed = code === 1005 ? reason === '' : sendable && length <= MAX_REASON_BYTES;
  try {
    const payload = buildClose(code, reason, primitives);
    hold(allowed, 'built only what may be sent');
    same({ ...parseClose(payload, 0, payload.length, primitives) }, { code, reason }, 'read back');
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    hold(!allowed, 'refused only what may not be sent', () => error.message);
  }
}

/** The reason that an endpoint gives for a failure is cut where it does not fit, between two characters. */
function checkOwnReason(input: Uint8Array): void {
  const detail = Buffer.from(input).toString('utf8');
  const failing = new RecordedEndpoint(situationOf(0));
  const error = new ProtocolError('WS_TEXT_UTF8', detail);
  hold(
    failing.endpoint instanceof Endpoint && failing.endpoint.fail(error),
    'an open endpoint fails',
  );
  const peer = new RecordedEndpoint(situationOf(1)).receive(failing.sent);
  hold(peer.end?.by === 'close', 'the Close of a failure is one');
  const { reason } = peer.end;
  const message = Buffer.from(error.message).toString('utf8');
  hold(message.startsWith(reason), 'the reason is how the message begins');
  const next = [...message.slice(reason.length)][0] ?? '';
  const fits = Buffer.byteLength(reason + next) <= MAX_REASON_BYTES;
  hold(next === '' || !fits, 'the reason is as long as fits');
}

function codeOctets(code: number): Uint8Array {
  return Uint8Array.of(code >> 8, code & 0xff);
}
