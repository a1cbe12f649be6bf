// How octets travel, for tools that speak their own frames: load generators, proxies. `import … from 'meerkat/transport'`.
export {
  type BareTarget,
  bareDialsWork,
  type DialledTransport,
  dialBare,
} from './bare-dial.ts';
export { openTransport, type TransportKind, transportsReady } from './open-transport.ts';
export type { Transport, TransportReceiver } from './transport.ts';
