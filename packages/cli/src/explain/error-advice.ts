import type { HandshakeCode, UsageCode, ViolationCode } from 'meerkat';

/** What to do about a rule that the peer broke. Exhaustive by type: a new code without a line does not compile. */
export const VIOLATION_ADVICE: Readonly<Record<ViolationCode, string>> = {
  WS_BYTE_RATE:
    'The peer sends more than maxBytesPerSecond, counted inflated. If it means well, raise that and byteBurst, or let overRate pause or drop in place of close.',
  WS_CLOSE_CODE_INVALID:
    'The peer put a number into its Close frame that may not be there, such as 1005, 1006 or 0. Let it send 1000, or 4000 to 4999.',
  WS_CLOSE_PAYLOAD_LENGTH:
    'A Close frame is empty or begins with two octets of code. The peer cut the code in half.',
  WS_CLOSE_REASON_UTF8:
    'The peer cut a long reason in the middle of a character, or sent another encoding. A reason is at most 123 octets of UTF-8.',
  WS_CONTINUATION_UNEXPECTED:
    'The first frame of a message has opcode text or binary. The peer lost a frame, or its sender mixes two messages.',
  WS_CONTROL_FRAGMENTED: 'Ping, pong and close are always one frame, with FIN set.',
  WS_CONTROL_RATE:
    'The peer floods with pings, pongs or closes. If it means well, raise maxControlFramesPerSecond and controlFrameBurst.',
  WS_CONTROL_TOO_LONG:
    'Ping, pong and close carry at most 125 octets: put more into a message, or cut the reason.',
  WS_DEFLATE_FINAL_BLOCKS:
    'The peer ends its deflate stream again and again inside of one message. No encoder needs that: it is an attack, or a test.',
  WS_DEFLATE_INVALID:
    'The peer compresses wrongly: often it takes its context over though no_context_takeover was agreed, or leaves the octets 00 00 ff ff in. compression: false, with meerkat connect --no-compression, shows whether it is that.',
  WS_INFLATE_RATIO:
    'A message inflates to more than maxInflateRatio times what was sent: a deflate bomb, or very regular data. If the peer means well, raise it.',
  WS_LENGTH_MSB_SET:
    'No real message is that long: the peer wrote a negative number, or it is out of step with its own frames.',
  WS_LENGTH_NOT_MINIMAL:
    'Up to 125 octets have a length of 7 bits, up to 65535 one of 16. Other servers let this pass; the RFC says MUST.',
  WS_MASK_MISSING:
    "A client masks every frame. The peer's code is a server's, or it forgot; a proxy never changes this.",
  WS_MASK_UNEXPECTED: "A server never masks. The peer's code is a client's.",
  WS_MESSAGE_INTERRUPTED:
    'Between the fragments of a message only control frames may come. Two tasks of the peer send at the same time.',
  WS_MESSAGE_RATE:
    'The peer sends more than maxMessagesPerSecond. If it means well, raise that and messageBurst, or let overRate pause or drop in place of close.',
  WS_MESSAGE_TOO_BIG:
    'Raise maxMessageBytes (--max-message-bytes) on the side that received it, or send smaller messages; fragments do not help.',
  WS_MESSAGE_TYPE_REFUSED:
    'The option messageTypes accepts only text or only binary here. Send the other type, or change it.',
  WS_OPCODE_RESERVED:
    'Opcodes 3-7 and 11-15 have no meaning yet. Mostly the peer is out of step: a length before it was wrong.',
  WS_RESERVED_BIT_SET:
    'RSV1 without permessage-deflate agreed: the peer compresses what it may not, or a proxy removed the extension from the handshake. RSV2, RSV3: the peer is out of step.',
  WS_TEXT_UTF8:
    'Send octets that are no text as binary, and text as UTF-8. Texts cut at a fixed number of octets break like this too.',
  WS_TOO_MANY_FRAMES:
    'The peer cut one message into very many fragments. If it means well, raise maxFramesPerMessage.',
};

/** What to do about an opening handshake that failed. */
export const HANDSHAKE_ADVICE: Readonly<Record<HandshakeCode, string>> = {
  WS_REQUEST_BODY: 'Send the upgrade as a GET without Content-Length and Transfer-Encoding.',
  WS_REQUEST_EXTENSIONS: 'Sec-WebSocket-Extensions is a list: name; parameter=value, name …',
  WS_REQUEST_HEADER_LINES: 'Send fewer header fields; often it is cookies that pile up.',
  WS_REQUEST_HOST: 'Send exactly one Host: name, or name:port.',
  WS_REQUEST_HTTP_VERSION:
    'Send HTTP/1.1. A proxy may speak HTTP/1.0 to the server: nginx needs proxy_http_version 1.1.',
  WS_REQUEST_KEY:
    'Send a Sec-WebSocket-Key of 16 random octets in base64, 24 characters, once. The client is hand-written, or something doubled the field.',
  WS_REQUEST_METHOD: 'Send GET.',
  WS_REQUEST_ORIGIN:
    'A web page of another origin tried to connect. If it may, list its origin in the option origins (--origins).',
  WS_REQUEST_PIPELINED: 'Send the upgrade as the first request of a connection of its own.',
  WS_REQUEST_SUBPROTOCOL:
    'Sec-WebSocket-Protocol is a list of tokens, each of them once: no blanks or slashes inside a name.',
  WS_REQUEST_TARGET: 'Ask for a path (/websocket), and for this host where a whole URL is sent.',
  WS_REQUEST_TARGET_TOO_LONG: 'Shorten the URL; a token fits into a header field better.',
  WS_REQUEST_UPGRADE:
    'Send Upgrade: websocket and Connection: Upgrade. If the client did, a proxy removed them: both are hop by hop.',
  WS_REQUEST_VERSION:
    'Send Sec-WebSocket-Version: 13. Other numbers are drafts from before 2011; a browser always sends 13.',
  MEERKAT_DRAINING: 'The server is being stopped. Try again after the seconds in Retry-After.',
  MEERKAT_HOOK_FAILED:
    "The upgrade hook threw or rejected. The error went to the handler 'error', without it to the console.",
  MEERKAT_HOOK_TIMEOUT:
    'The upgrade hook took longer than handshakeTimeout. Make it faster, or raise that.',
  MEERKAT_NO_ROUTE: 'Check the path: each WebSocketServer is attached to one, as /websocket.',
  MEERKAT_REFUSED: "The application's upgrade hook said no; its answer may say why.",
  MEERKAT_TOO_MANY_CONNECTIONS:
    'The server is full: try again after the seconds in Retry-After, or raise maxConnections.',
  MEERKAT_TOO_MANY_FROM_ADDRESS:
    'Close some of the connections from this address, or raise maxConnectionsPerAddress. Behind a proxy all clients have its address, unless trustProxy names it.',
  MEERKAT_TOO_MANY_NEW_FROM_ADDRESS:
    'Wait longer between attempts, with growing pauses, or raise maxNewConnectionsPerAddress. Behind a proxy all clients have its address, unless trustProxy names it.',
  WS_RESPONSE_ACCEPT:
    'What answers is no WebSocket server, computes Accept wrongly, or a cache gave an answer meant for somebody else.',
  WS_RESPONSE_BODY: 'The server sent Content-Length or Transfer-Encoding with the 101: its bug.',
  WS_RESPONSE_CONNECTION:
    'The server, or a proxy in between, left out Connection: Upgrade in the 101.',
  WS_RESPONSE_EXTENSION:
    'The server uses an extension that nobody asked for: its bug, as it may only choose what was offered.',
  WS_RESPONSE_HEADERS:
    'No HTTP server listens at that port, or it expects TLS: try wss:// in place of ws://, and check the port.',
  WS_RESPONSE_HTTP_VERSION: 'A proxy in between speaks HTTP/1.0; it has to pass HTTP/1.1.',
  WS_RESPONSE_STATUS: 'The status says why: check path, credentials and Origin.',
  WS_RESPONSE_SUBPROTOCOL:
    'The server may only choose one of the offered subprotocols: offer the one it speaks, with --subprotocol.',
  WS_RESPONSE_UPGRADE:
    'The server, or a proxy in between, switched to something else than WebSocket.',
  MEERKAT_ABORTED: 'The AbortSignal of the dial fired, or Ctrl-C was typed.',
  MEERKAT_CONNECT_FAILED: 'Check host and port, and whether the server runs and can be reached.',
  MEERKAT_HANDSHAKE_TIMEOUT:
    'Something listens, but does not answer: check the port and what stands in between, or wait longer (handshakeTimeout, --timeout).',
};

/** What to do about wrong use of the library. */
export const USAGE_ADVICE: Readonly<Record<UsageCode, string>> = {
  MEERKAT_CLOSE_ARGUMENT:
    'close() takes 1000-1003, 1007-1014 or 3000-4999, and at most 123 octets of reason; 1005 sends an empty Close frame.',
  MEERKAT_CONSUMED_TWICE:
    "Take the messages either with the handler 'message' or with one for await loop.",
  MEERKAT_CONTROL_PAYLOAD: 'Put what is longer into a message.',
  MEERKAT_HANDSHAKE_VALUE:
    'Names are tokens, values are printable characters without line ends; fields of the handshake itself are set by the library.',
  MEERKAT_MESSAGE_TYPE: 'Turn objects into text with JSON.stringify() before they are sent.',
  MEERKAT_OPTION_RANGE: 'The detail names the option; times are in milliseconds, sizes in octets.',
  MEERKAT_OPTION_UNKNOWN: 'Check the spelling: an option that is ignored protects nobody.',
  MEERKAT_ROUTE_TAKEN:
    'Another WebSocketServer answers on this path of the HTTP server: take another path, or close that one first.',
  MEERKAT_SERVER_CLOSED: 'A WebSocketServer is not used again after close(): make a new one.',
  MEERKAT_SUBSCRIBER:
    'A connection is a subscriber. What else is to be one has send(message, options), which answers sent, queued or dropped, and closed.',
  MEERKAT_TOPIC_BUSY:
    'A subscriber publishes to its topic from within its send: its neighbours would get the two messages in different orders. Publish later, with queueMicrotask().',
  MEERKAT_TOPIC_LIMIT:
    'Unsubscribe from some topics, or raise maxTopicsPerSubscriber. Where clients name the topics, catch this and tell them.',
  MEERKAT_TOPIC_NAME:
    'A name is a string of 1 to 255 octets in UTF-8 without lone surrogates; maxTopicNameBytes allows longer ones.',
  MEERKAT_URL: 'Write ws://host:port/path or wss://host/path, without a #fragment.',
};
