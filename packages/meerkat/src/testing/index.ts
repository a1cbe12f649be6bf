// What an application's tests may use. `import … from 'meerkat/testing'`.
export { type ConnectionPair, connectionPair, type PairSide } from './connection-pair.ts';
export { ManualClock } from './manual-clock.ts';
export { fromHex, RawPeer, toHex } from './raw-peer.ts';
