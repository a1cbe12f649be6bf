import { ManualClock } from 'meerkat/testing';
import type { Closed } from '../../src/connection/closed.ts';
import { Connection } from '../../src/connection/connection.ts';
import type { ConnectionHandlers } from '../../src/connection/connection-handlers.ts';
import {
  type ConnectionOptions,
  resolveConnectionOptions,
} from '../../src/connection/connection-options.ts';
import type { DeflateAgreement } from '../../src/protocol/handshake/permessage-deflate.ts';
import type { Role } from '../../src/protocol/role.ts';
import type { Transport } from '../../src/transport/transport.ts';
import { closeFrame, frame, TEXT } from '../support/frames.ts';
import { ManualTransport } from './manual-transport.ts';
import { describeFrames } from './wire.ts';

/** Options and handlers of a connection under test. */
export interface Opening extends Omit<ConnectionOptions, 'clock'>, ConnectionHandlers<undefined> {
  readonly role?: Role;
  readonly open?: (connection: Connection<undefined>) => void | Promise<void>;
  /** What was agreed on about permessage-deflate, where `compression` is on. */
  readonly deflate?: DeflateAgreement;
}

/** A connection whose network and clock the test plays, and a record of what the application heard. */
export interface Opened {
  readonly connection: Connection<undefined>;
  readonly transport: ManualTransport;
  readonly clock: ManualClock;
  readonly closes: readonly Closed[];
  readonly errors: readonly unknown[];
  /** What was sent so far, frame by frame. */
  sent(): string[];
}

/** Opens a connection on a {@link ManualTransport}. */
export function open(given: Opening = {}): Opened {
  const transport = new ManualTransport();
  const opened = openOn(transport, given);
  return { ...opened, transport, sent: () => describeFrames(transport.sent) };
}

/** Opens a connection on any transport. */
function openOn(transport: Transport, given: Opening = {}): Omit<Opened, 'transport' | 'sent'> {
  const clock = new ManualClock();
  const closes: Closed[] = [];
  const errors: unknown[] = [];
  const handlers: ConnectionHandlers<undefined> = {
    ...given,
    close(connection, closed) {
      closes.push(closed);
      return given.close?.(connection, closed);
    },
    error(error, connection) {
      errors.push(error);
      return given.error?.(error, connection);
    },
  };
  const connection = new Connection<undefined>({
    terms: {
      role: given.role ?? 'server',
      options: resolveConnectionOptions({ ...given, clock }),
      handlers,
    },
    transport,
    open: given.open,
    deflate: given.deflate,
    data: undefined,
    url: '/',
    protocol: '',
    remoteAddress: undefined,
    remotePort: undefined,
  });
  return { connection, clock, closes, errors };
}

/** Text messages of a client, in one run of octets. */
export function texts(...messages: readonly string[]): Buffer {
  return Buffer.concat(messages.map((message) => frame(TEXT, message)));
}

/** Close frames of a client. */
export const CLOSE_1000: Buffer = closeFrame(1000);
/** A frame that no client may send: it is not masked. */
export const VIOLATION: Buffer = frame(TEXT, 'bad', { masked: false });
