/** An operation met a connection that is closed, or that closed before the operation was done. */
export class ConnectionClosedError extends Error {
  override readonly name = 'ConnectionClosedError';
  readonly code = 'MEERKAT_CONNECTION_CLOSED';
  /** The close code; 1006 while the connection is still closing. */
  readonly closeCode: number;
  /** The reason that goes with it. */
  readonly reason: string;

  constructor(closeCode: number, reason: string) {
    super(
      reason === ''
        ? `the connection is closed: ${closeCode}`
        : `the connection is closed: ${closeCode} ${reason}`,
    );
    this.closeCode = closeCode;
    this.reason = reason;
  }
}
