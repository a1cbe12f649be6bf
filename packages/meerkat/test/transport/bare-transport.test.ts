import { barePair } from './bare-pair.ts';
import { onBare } from './tcp-transports.ts';
import { describeTransport } from './transport-suite.ts';

describeTransport({
  name: 'a handle that was accepted, and has no socket',
  async open() {
    const { handle, dialled, dispose } = await barePair();
    dialled.allowHalfOpen = true;
    return {
      transport: onBare(handle),
      far: dialled,
      breakOff: () => dialled.resetAndDestroy(),
      dispose,
    };
  },
});
