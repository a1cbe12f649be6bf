import { FrameWriter, type Outgoing } from './frame-writer.ts';
import type { Intake } from './intake.ts';
import type { Limits } from './limits.ts';
import type { MessageTypes } from './message-reader.ts';
import type { Primitives } from './primitives.ts';
import type { Role } from './role.ts';

/** What an endpoint is told of how it works. */
export interface EndpointOptions {
  readonly role: Role;
  readonly primitives: Primitives;
  readonly limits: Limits;
  readonly messageTypes: MessageTypes;
  /** A monotonic clock, in milliseconds. */
  readonly clock: { now(): number };
  /** Whether permessage-deflate was agreed on: messages may be compressed then, and say so in RSV1 (RFC 7692 §6). */
  readonly compression?: boolean | undefined;
}

/**
 * What many endpoints have in common, kept once: those of a server have the same limits, clock and primitives, and what
 * takes the input of one apart is, between two messages, as good for any other.
 */
export class EndpointSettings {
  readonly role: Role;
  readonly primitives: Primitives;
  readonly limits: Limits;
  readonly messageTypes: MessageTypes;
  readonly clock: { now(): number };
  readonly compression: boolean;
  /** Writes for whoever is sending. */
  readonly writer: FrameWriter;
  /** For the next endpoint that has input. One is enough: they have it one after the other. */
  spare: Intake | undefined;

  constructor(options: EndpointOptions) {
    this.role = options.role;
    this.primitives = options.primitives;
    this.limits = options.limits;
    this.messageTypes = options.messageTypes;
    this.clock = options.clock;
    this.compression = options.compression === true;
    this.writer = new FrameWriter(options.role, NOWHERE, options.primitives);
  }

  /** Whether an endpoint with these options works as these settings say. */
  fits(options: EndpointOptions): boolean {
    return (
      this.role === options.role &&
      this.limits === options.limits &&
      this.clock === options.clock &&
      this.compression === (options.compression === true) &&
      this.messageTypes === options.messageTypes &&
      this.primitives === options.primitives
    );
  }
}

/** Where a writer writes to for whom nobody sends: nothing. */
export const NOWHERE: Outgoing = { octets: new Uint8Array(0), reserve: () => 0, commit() {} };

/** Settings kept for the same limits: both roles, with compression and without. */
const MAX_VARIANTS = 4;

/** By the limits of those who asked for them, the latest first. */
const known = new WeakMap<Limits, readonly EndpointSettings[]>();

/** The settings for `options`: the same for the same. */
export function settingsFor(options: EndpointOptions): EndpointSettings {
  const variants = known.get(options.limits) ?? [];
  for (const variant of variants) if (variant.fits(options)) return variant;
  const settings = new EndpointSettings(options);
  known.set(options.limits, [settings, ...variants.slice(0, MAX_VARIANTS - 1)]);
  return settings;
}
