import { tcpPair } from './tcp-pair.ts';
import { onHandle } from './tcp-transports.ts';
import { describeTransport, type TransportEnds } from './transport-suite.ts';

async function openTcp(side: 'accepted' | 'dialled'): Promise<TransportEnds> {
  const { accepted, dialled, dispose } = await tcpPair();
  const [near, far] = side === 'accepted' ? [accepted, dialled] : [dialled, accepted];
  far.allowHalfOpen = true;
  return {
    transport: onHandle(near),
    far,
    breakOff: () => far.resetAndDestroy(),
    dispose,
  };
}

describeTransport({
  name: 'the handle of a socket that was accepted',
  open: () => openTcp('accepted'),
});
describeTransport({
  name: 'the handle of a socket that was dialled',
  open: () => openTcp('dialled'),
});
