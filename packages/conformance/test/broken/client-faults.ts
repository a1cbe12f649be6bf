// Ways in which a client is wrong, and the cases that catch each: thought out from the case list.
import type { ClientHabits } from './answer-check.ts';
import { CLOSING_FAULTS, ECHO_FAULTS, FRAME_FAULTS, UTF8_FAULTS } from './common-faults.ts';
import {
  COMPRESSED,
  IGNORES_WINDOW,
  keepsContext,
  WITHOUT_COMPRESSION,
} from './compression-faults.ts';
import { DIES_OF_CLOSE_ZERO } from './death.ts';
import type { FaultRow } from './fault-row.ts';

export interface ClientFaultRow extends FaultRow {
  readonly client?: Partial<ClientHabits>;
  /** It died, and these have no result. */
  readonly notRun?: readonly string[];
}

const OWN_FAULTS = {
  late: {
    words: 'does everything 5 s late',
    habits: { delayMs: 5000 },
    cases: ['1.1.1', '1.1.6'],
    fails: ['1.1.1'],
    finding: 'LATE',
    patienceMs: 8000,
  },
  anyAccept: {
    words: 'does not look at Sec-WebSocket-Accept',
    client: { unlooked: ['accept'] },
    cases: ['1.1.2', 'K2', 'K4.1'],
    fails: ['K2.1', 'K2.2', 'K2.3', 'K2.4', 'K2.5', 'K2.6', 'K2.7', 'K2.8', 'K2.9', 'K2.10'],
    nonStrict: ['K2.11'],
  },
  anySubprotocol: {
    words: 'takes a subprotocol that it did not ask for',
    client: { unlooked: ['subprotocol'] },
    cases: ['1.1.2', 'K4', 'K5.1'],
    fails: ['K4.1', 'K4.2'],
    nonStrict: ['K4.3'],
  },
  anyExtension: {
    words: 'takes an extension that it did not ask for',
    client: { unlooked: ['extensions'] },
    cases: ['1.1.2', 'K4', 'K5'],
    fails: [
      'K5.1',
      'K5.2',
      'K5.3',
      'K5.4',
      'K5.5',
      'K5.6',
      'K5.7',
      'K5.8',
      'K5.9',
      'K5.10',
      'K5.11',
      'K5.12',
    ],
    nonStrict: ['K5.13'],
  },
  anyUpgrade: {
    words: 'takes any Upgrade field in the answer',
    client: { unlooked: ['upgrade'] },
    cases: ['7.1.1', 'K7.1', 'K7.9', 'K7.10', 'K7.14'],
    // Without the field Node itself does not open.
    fails: ['K7.10'],
    nonStrict: ['K7.14'],
  },
  doesNotMask: {
    words: 'does not mask its frames',
    habits: { masks: false },
    cases: ['1.1.1', '2.2', '3.1', '6.6.1', '7.3.1'],
    fails: ['1', '2', '3', '6', '7'],
  },
  takesMaskedFrames: {
    words: 'takes masked frames',
    habits: { wrongMaskBit: 'taken' },
    cases: ['1.1.2', 'F7'],
    fails: ['F7'],
  },
  dies: {
    words: 'dies when a Close frame says 0',
    ...DIES_OF_CLOSE_ZERO,
    fails: [],
    // To drop TCP over a bad Close is allowed; that the rest has no result shows that it was no such thing.
    notRun: ['7.9.2', '9.1.1'],
  },
  keepsContext: keepsContext('client'),
  ignoresWindow: IGNORES_WINDOW,
  noDeflate: {
    words: 'does not offer to compress',
    client: { offer: undefined },
    ...WITHOUT_COMPRESSION,
  },
  noWindowOffer: {
    words: 'does not offer to limit its window',
    client: { offer: 'permessage-deflate' },
    cases: COMPRESSED,
    fails: [],
    unimplemented: ['13.3', '13.4', '13.5', '13.6', 'C11'],
  },
} as const satisfies Record<string, ClientFaultRow>;

/** By their names. */
export const CLIENT_FAULTS = {
  ...UTF8_FAULTS,
  ...FRAME_FAULTS,
  ...ECHO_FAULTS,
  ...CLOSING_FAULTS,
  ...OWN_FAULTS,
} as const satisfies Record<string, ClientFaultRow>;

export type ClientFault = keyof typeof CLIENT_FAULTS;
