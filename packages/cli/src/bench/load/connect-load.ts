import { ConnectionFleet } from './connection-fleet.ts';
import { type Dialler, dialler, readMemoryFor } from './dialler.ts';
import { LoadConnection, type LoadConnectionOwner } from './load-connection.ts';
import type { LoadSetup, LoadSource } from './load-source.ts';
import { PreparedMessages } from './prepared-messages.ts';

/** Connections are opened and ended, `connections` at a time; or opened and kept. */
export async function connectLoad(setup: LoadSetup): Promise<LoadSource> {
  const { plan, share, meter, patience } = setup;
  const messages = new PreparedMessages({ ...plan, sizes: [0], depth: 1 });
  const memory = await readMemoryFor(messages, 1);
  const from = dialler(setup, setup.target, messages, memory);
  const storm = plan.mode === 'connect';
  const abrupt = plan.closing === 'abrupt';
  const fleet = new ConnectionFleet({
    plan,
    share,
    meter,
    again: storm,
    dial: (owner, index) => new QuietConnection(owner, index, from),
    opened: (connection) => {
      if (!storm) return;
      if (abrupt) connection.abort();
      else connection.close();
    },
  });
  return {
    open: () => fleet.open(),
    begin() {},
    halt() {},
    async stop() {
      await fleet.close(patience);
      return 0;
    },
  };
}

/** Sends nothing; what comes is counted. */
class QuietConnection extends LoadConnection {
  protected override readonly comparing: boolean = false;

  constructor(owner: LoadConnectionOwner, index: number, from: Dialler) {
    super(owner, index, from.dialling, from.request(), from.local(index));
  }

  override messageRead(bytes: number): void {
    this.meter.received += 1;
    this.meter.bytes += bytes;
  }

  protected opened(): void {}

  protected received(): void {}
}
