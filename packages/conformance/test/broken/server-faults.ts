// Ways in which a server is wrong, and the cases that catch each: thought out from the case list.
import { CLOSING_FAULTS, ECHO_FAULTS, FRAME_FAULTS, UTF8_FAULTS } from './common-faults.ts';
import { IGNORES_WINDOW, keepsContext, WITHOUT_COMPRESSION } from './compression-faults.ts';
import { DIES_OF_CLOSE_ZERO } from './death.ts';
import type { FaultRow } from './fault-row.ts';
import type { ServerHabits } from './server-habits.ts';

export interface ServerFaultRow extends FaultRow {
  readonly server?: Partial<ServerHabits>;
  /** No case begins: what answers is no WebSocket server. */
  readonly refusedAtOnce?: boolean;
  /** The runner has one connection at a time. */
  readonly serial?: boolean;
  /** These have no result: the server was gone. */
  readonly notRun?: readonly string[];
}

const FIXED_ACCEPT = 's3pPLMBiTxaQ9kYGzzhZRbK+xOo=';
const OPENING = ['1.1.1', '7.1.1'];

const HANDSHAKE_FAULTS = {
  fixedAccept: {
    words: 'answers every key with the Accept of the example in RFC 6455',
    server: { accept: () => FIXED_ACCEPT },
    cases: OPENING,
    fails: OPENING,
  },
  acceptOfKeyOnly: {
    words: 'makes the Accept of the key alone, without the GUID',
    server: { accept: (key) => Buffer.from(key).toString('base64').slice(0, 28) },
    cases: OPENING,
    fails: OPENING,
  },
  lineFeedsOnly: {
    words: 'ends the lines of its answer with LF only',
    server: { head: (head) => head.replaceAll('\r\n', '\n') },
    cases: OPENING,
    fails: OPENING,
  },
  noEmptyLine: {
    words: 'forgets the empty line after its answer',
    server: { head: (head) => head.slice(0, -2) },
    cases: OPENING,
    fails: OPENING,
  },
  noUpgradeField: {
    words: 'answers 101 without an Upgrade field',
    server: { head: (head) => head.replace('Upgrade: websocket\r\n', '') },
    cases: OPENING,
    fails: OPENING,
  },
  status200: {
    words: 'opens with 200 instead of 101',
    server: { head: (head) => head.replace('101 Switching Protocols', '200 OK') },
    cases: OPENING,
    fails: [],
    refusedAtOnce: true,
  },
  unaskedSubprotocol: {
    words: 'answers with a subprotocol that nobody asked for',
    server: {
      head: (head) => head.replace('\r\n\r\n', '\r\nSec-WebSocket-Protocol: chat\r\n\r\n'),
    },
    cases: OPENING,
    fails: OPENING,
  },
  losesEarlyFrames: {
    words: 'loses frames that come in the segment of the upgrade request',
    habits: { earlyOctets: 'lost' },
    cases: ['1.1.2', 'F22.1', 'F22.6', 'F22.7', 'F22.8', 'F22.11', 'F22.12'],
    fails: ['F22.11', 'F22.12'],
    nonStrict: ['F22.6', 'F22.7', 'F22.8'],
  },
  anyVersion: {
    words: 'does not look at Sec-WebSocket-Version',
    server: { unlooked: ['version'] },
    cases: ['H1', 'H5', 'H6'],
    fails: [
      'H6.1',
      'H6.2',
      'H6.3',
      'H6.6',
      'H6.7',
      'H6.8',
      'H6.9',
      'H6.10',
      'H6.11',
      'H6.12',
      'H6.13',
      'H6.14',
      'H6.15',
    ],
    nonStrict: ['H6.4', 'H6.5'],
  },
  noHost: {
    words: 'does not look at Host',
    server: { unlooked: ['host'] },
    cases: ['H1', 'H4', 'H6'],
    fails: ['H4.1', 'H4.3', 'H4.4', 'H4.5', 'H4.6', 'H4.7'],
    nonStrict: ['H4.2', 'H4.8'],
  },
  anyKey: {
    words: 'does not look at what Sec-WebSocket-Key is',
    server: { unlooked: ['key'] },
    cases: ['H1', 'H4', 'H5'],
    fails: ['H5.1', 'H5.2', 'H5.3', 'H5.4'],
    nonStrict: ['H5.5', 'H5.6', 'H5.7', 'H5.8', 'H5.9'],
  },
  anyMethod: {
    words: 'upgrades any method',
    server: { unlooked: ['method'] },
    cases: ['H1', 'H2'],
    // Node reads neither `get` nor a method that nobody knows.
    fails: ['H2.1', 'H2.2', 'H2.3', 'H2.4', 'H2.5'],
  },
} as const satisfies Record<string, ServerFaultRow>;

const WIRE_FAULTS = {
  neverUnmasks: {
    words: 'does not unmask what it reads',
    habits: { unmasks: false },
    // An empty payload looks the same; the Close that ends 1.1.1 does not.
    cases: ['1.1.1', '1.1.2', '1.2.2', '2.2', '3.1', '4.1.1', '7.3.1'],
    fails: ['1.1.1', '1.1.2', '1.2.2', '2.2'],
  },
  masks: {
    words: 'masks its frames',
    habits: { masks: true },
    cases: ['1.1.1', '2.2', '3.1', '6.6.1', '7.3.1', '7.9.1'],
    fails: ['1', '2', '3', '6', '7'],
  },
  takesUnmaskedFrames: {
    words: 'takes frames that are not masked',
    habits: { wrongMaskBit: 'taken' },
    cases: ['1.1.2', 'F7'],
    fails: ['F7.1', 'F7.2', 'F7.3', 'F7.4', 'F7.5', 'F7.6'],
  },
  longLengthForms: {
    words: 'takes lengths that are not in their shortest form',
    habits: { longLengthForms: 'taken' },
    cases: ['1.1.2', 'F4.3', 'F5'],
    fails: [],
    nonStrict: ['F5'],
  },
  topBitOfLength: {
    words: 'ignores the top bit of a length',
    habits: { topBitOfLength: 'ignored' },
    cases: ['1.1.2', 'F6'],
    fails: ['F6.1', 'F6.3'],
  },
  keepsTcp: {
    words: 'answers a Close and keeps TCP open',
    habits: { dropsTcp: false },
    cases: ['1.1.1', '2.1', '3.1', '6.6.1', '7.3.1', '7.7.2'],
    fails: ['1', '2', '3', '6', '7'],
  },
} as const satisfies Record<string, ServerFaultRow>;

const COMPRESSION_FAULTS = {
  bareDeflate: {
    words: 'answers a bare permessage-deflate, whatever was offered',
    server: { deflate: 'bare' },
    cases: ['12.1.3', '13.1.3', '13.2.3', '13.3.3', '13.4.3', '13.5.3', '13.6.3', '13.7.3'],
    // The last of the three offers of 13.7 may be answered so.
    fails: ['13.2', '13.3', '13.4', '13.5', '13.6'],
    finding: 'NEGOTIATION',
  },
  noDeflate: {
    words: 'does not compress',
    server: { deflate: 'refused' },
    ...WITHOUT_COMPRESSION,
  },
  keepsContext: keepsContext('server'),
  ignoresWindow: IGNORES_WINDOW,
} as const satisfies Record<string, ServerFaultRow>;

const PROCESS_FAULTS = {
  late: {
    words: 'does everything 3 s late',
    habits: { delayMs: 3000 },
    cases: ['1.1.1', '1.1.6'],
    fails: ['1.1.1'],
    finding: 'LATE',
    serial: true,
    patienceMs: 8000,
  },
  crashes: {
    words: 'crashes when a Close frame says 0, and stays down',
    ...DIES_OF_CLOSE_ZERO,
    serial: true,
    fails: ['7.9.1'],
    notRun: ['7.9.2', '9.1.1'],
    finding: 'DIED',
  },
  crashesAndRestarts: {
    words: 'crashes when a Close frame says 0, and is started again',
    ...DIES_OF_CLOSE_ZERO,
    server: { afterDeath: 'restarts' },
    fails: ['7.9.1'],
    finding: 'DIED',
  },
  oneAtATime: {
    words: 'serves one connection at a time, and lets others wait',
    server: { atATime: 1 },
    serial: true,
    cases: ['1.1', '2.1', '3.1', '7.3'],
    fails: [],
  },
  oneAtATimeOthersRefused: {
    words: 'serves one connection at a time, and refuses others with 503',
    server: { atATime: 1, others: 'are refused' },
    serial: true,
    cases: ['1.1', '2.1', '3.1', '7.3'],
    fails: [],
  },
  stopsReading: {
    words: 'reads nothing more after 1 MiB and a little',
    habits: { readsBytes: 1_200_000 },
    serial: true,
    cases: ['1.1.6', '9.1.3', '9.1.4'],
    fails: ['9.1.4'],
  },
} as const satisfies Record<string, ServerFaultRow>;

/** By their names. */
export const SERVER_FAULTS = {
  ...UTF8_FAULTS,
  ...FRAME_FAULTS,
  ...ECHO_FAULTS,
  ...CLOSING_FAULTS,
  ...WIRE_FAULTS,
  ...HANDSHAKE_FAULTS,
  ...COMPRESSION_FAULTS,
  ...PROCESS_FAULTS,
} as const satisfies Record<string, ServerFaultRow>;

export type ServerFault = keyof typeof SERVER_FAULTS;
