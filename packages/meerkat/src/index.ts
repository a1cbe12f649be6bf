// The names of `meerkat`: server, client, topics, and the protocol's words.

export { connect } from './client/connect.ts';
export type { ConnectOptions, StreamRequest } from './client/connect-options.ts';
export { type Clock, systemClock, type Timer } from './connection/clock.ts';
export type { Closed, ClosedBecause } from './connection/closed.ts';
export {
  COMPRESSION_RANGES,
  type CompressionNumbers,
  type CompressionOptions,
  DEFAULT_COMPRESSION_NUMBERS,
} from './connection/compression/compression-options.ts';
export type { Connection } from './connection/connection.ts';
export { ConnectionClosedError } from './connection/connection-closed-error.ts';
export type { ConnectionHandlers } from './connection/connection-handlers.ts';
export {
  CONNECTION_RANGES,
  type ConnectionNumbers,
  type ConnectionOptions,
  DEFAULT_CONNECTION_NUMBERS,
} from './connection/connection-options.ts';
export type { Message } from './connection/inbox.ts';
export type { LimitName } from './connection/limit-hits.ts';
export type { OverRate } from './connection/receive-rate.ts';
export {
  CLOSE_CODES,
  CloseCode,
  type CloseCodeEntry,
  describeCloseCode,
  isCloseCodeOnTheWire,
} from './protocol/close-code.ts';
export type { CloseFrame } from './protocol/close-frame.ts';
export type { ConnectionState } from './protocol/connection-state.ts';
export type { ExtensionOffer } from './protocol/handshake/extension-header.ts';
export {
  type HandshakeCode,
  HandshakeError,
  type HeaderList,
} from './protocol/handshake/handshake-error.ts';
export type { HeaderFieldsInit } from './protocol/handshake/header-list.ts';
export type { UpgradeRequest } from './protocol/handshake/upgrade-request.ts';
export type { MessageTypes } from './protocol/message-reader.ts';
export { type MessageContent, PreparedMessage } from './protocol/prepared-message.ts';
export { ProtocolError, type ViolationCode } from './protocol/protocol-error.ts';
export type { Sendable, SendOptions, SendResult } from './protocol/sendable.ts';
export { type UsageCode, UsageError } from './protocol/usage-error.ts';
export type { AttachOptions } from './server/attach-options.ts';
export type { Listening, ListenOptions } from './server/listening.ts';
export type { OriginOptions } from './server/origin-policy.ts';
export {
  defaultServerNumbers,
  SERVER_RANGES,
  type ServerHandlers,
  type ServerNumbers,
  type ServerUpgradeRequest,
  type WebSocketServerOptions,
} from './server/server-options.ts';
export type { UpgradeDecision } from './server/upgrade-decision.ts';
export {
  type ServerCloseOptions,
  WebSocketServer,
} from './server/web-socket-server.ts';
export type { PublishOptions } from './topics/publish-options.ts';
export type { Subscriber } from './topics/subscriber.ts';
export type { Published } from './topics/topic.ts';
export { Topics } from './topics/topics.ts';
export type { TopicsNumbers, TopicsOptions } from './topics/topics-options.ts';
