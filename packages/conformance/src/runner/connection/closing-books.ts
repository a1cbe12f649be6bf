import { Buffer } from 'node:buffer';

interface CloseFields {
  readonly code: number;
  readonly reason: string;
}

/** Who has sent which Close, as the closing handshake of a case goes (RFC 6455 §7.1). */
export class ClosingBooks {
  /** The runner has sent a Close. */
  sent = false;
  /** The peer has. */
  received = false;
  /** The runner sent the first one. */
  byMe = false;
  /** What the runner's said; `null` where it said nothing. */
  localCode: number | null = null;
  localReason: string | null = null;
  /** What the peer's said; `null` where it said nothing. */
  remoteCode: number | null = null;
  remoteReason: string | null = null;

  /** A Close of the runner leaves. Only the first counts. */
  goesOut(payload: Uint8Array): void {
    if (this.sent) return;
    this.sent = true;
    if (!this.received) this.byMe = true;
    const fields = closeFields(payload);
    if (fields === undefined) return;
    this.localCode = fields.code;
    this.localReason = fields.reason;
  }

  /** A Close of the peer is here. */
  comes(payload: Uint8Array): void {
    this.received = true;
    const fields = closeFields(payload);
    if (fields === undefined) return;
    this.remoteCode = fields.code;
    this.remoteReason = fields.reason;
  }
}

function closeFields(payload: Uint8Array): CloseFields | undefined {
  const [high, low] = payload;
  if (high === undefined || low === undefined) return undefined;
  return { code: (high << 8) | low, reason: Buffer.from(payload.subarray(2)).toString('utf8') };
}
