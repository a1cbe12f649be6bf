// Section 10: a sender that fragments by itself (RFC 6455 §5.4).
import { fragments, repeat } from '../wire/frame.ts';
import { type Case, CLOSE, message } from './case.ts';
import { kill, scriptCase, send } from './script-case.ts';

const PAYLOAD = repeat('*', 65_536);

/** Automatic fragmentation. */
export const SECTION_10: readonly Case[] = [
  scriptCase({
    id: '10.1.1',
    rule: 'RFC 6455 §5.4',
    fault: 'does not echo a message of 65536 octets in fragments of 1300',
    steps: [send(fragments(1, PAYLOAD, 1300))],
    expect: [message(PAYLOAD)],
    close: CLOSE.N,
    limit: kill(10),
  }),
];
