import type { TrafficListener } from '../../src/traffic/traffic-listener.ts';

/** Keeps copies of all that it hears. */
export class RecordingListener implements TrafficListener {
  readonly events: string[] = [];
  readonly errors: (Error | undefined)[] = [];
  #received: Buffer[] = [];
  #sent: Buffer[] = [];

  get receivedText(): string {
    return Buffer.concat(this.#received).toString('latin1');
  }

  get sentText(): string {
    return Buffer.concat(this.#sent).toString('latin1');
  }

  received(octets: Uint8Array): Promise<void> | undefined {
    this.#received.push(Buffer.from(octets));
    return undefined;
  }

  sent(octets: Uint8Array): Promise<void> | undefined {
    this.#sent.push(Buffer.from(octets));
    return undefined;
  }

  ended(direction: 'in' | 'out'): undefined {
    this.events.push(`ended ${direction}`);
  }

  closed(error: Error | undefined): undefined {
    this.events.push('closed');
    this.errors.push(error);
  }
}
