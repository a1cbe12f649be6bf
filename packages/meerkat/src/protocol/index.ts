// The protocol alone: no sockets, no timers, no Node. `import … from 'meerkat/protocol'`.
export {
  CLOSE_CODES,
  CloseCode,
  type CloseCodeEntry,
  describeCloseCode,
  isCloseCodeOnTheWire,
} from './close-code.ts';
export { buildClose, type CloseFrame, MAX_REASON_BYTES, parseClose } from './close-frame.ts';
export { type ConnectionEvent, type ConnectionState, nextState } from './connection-state.ts';
export {
  Endpoint,
  type EndpointHandler,
  type EndpointOutput,
  type EndpointSetup,
} from './endpoint.ts';
export { FIN, type FrameHandler, FrameParser, RSV, RSV1 } from './frame-parser.ts';
export { FrameWriter, type Outgoing } from './frame-writer.ts';
export { acceptKey, createKey, isKey } from './handshake/accept-key.ts';
export {
  type Authority,
  type Origin,
  parseAuthority,
  parseOrigin,
  sameAuthority,
} from './handshake/authority.ts';
export {
  type ExtensionOffer,
  formatExtensions,
  parseExtensions,
} from './handshake/extension-header.ts';
export {
  type HandshakeCode,
  HandshakeError,
  type HandshakeErrorDetails,
  type HeaderList,
  handshakeCodes,
} from './handshake/handshake-error.ts';
export { HeaderFields, isFieldValue, isToken } from './handshake/header-fields.ts';
export {
  acceptDeflate,
  type DeflateAgreement,
  type DeflateDirection,
  type DeflateTerms,
  offerDeflate,
  readDeflateAnswer,
} from './handshake/permessage-deflate.ts';
export { parseSubprotocols, selectSubprotocol } from './handshake/subprotocol.ts';
export {
  rawHeadersOf,
  readUpgradeHead,
  UPGRADE_HEAD_LIMITS,
  type UpgradeHead,
  type UpgradeHeadLimits,
} from './handshake/upgrade-head.ts';
export {
  buildUpgradeRequest,
  type RequestHead,
  readUpgradeRequest,
  type UpgradeOffer,
  type UpgradeRequest,
} from './handshake/upgrade-request.ts';
export {
  buildUpgradeResponse,
  checkHeaders,
  headerList,
  type ResponseHead,
  readUpgradeResponse,
  type UpgradeAgreement,
  type UpgradeAnswer,
} from './handshake/upgrade-response.ts';
export { Keepalive, type KeepaliveTimes, type KeepaliveVerdict } from './keepalive.ts';
export {
  DEFAULT_LIMITS,
  LIMIT_RANGES,
  type Limits,
  maxCompressedBytes,
  resolveLimits,
} from './limits.ts';
export { maskInPlace } from './mask.ts';
export { MessageAssembler, type MessageHandler } from './message-assembler.ts';
export { MessageReader, type MessageSink, type MessageTypes } from './message-reader.ts';
export { copyOctets } from './octets.ts';
export { type DataOpcode, isControl, isOpcode, Opcode } from './opcode.ts';
export { checkOptions, type OptionRanges, refuseUnknownOptions } from './option-range.ts';
export {
  type CompressionWaiter,
  type MessageContent,
  PreparedMessage,
} from './prepared-message.ts';
export { maskKeys, type Primitives, plainPrimitives } from './primitives.ts';
export { ProtocolError, type ViolationCode, violationCodes } from './protocol-error.ts';
export type { Role } from './role.ts';
export type { Sendable, SendOptions, SendResult } from './sendable.ts';
export { type UsageCode, UsageError, usageCodes } from './usage-error.ts';
export { Utf8Validator } from './utf8.ts';
