/** What the caller did wrong. Permanent: safe to switch on. */
export type UsageCode =
  | 'MEERKAT_CLOSE_ARGUMENT'
  | 'MEERKAT_CONSUMED_TWICE'
  | 'MEERKAT_CONTROL_PAYLOAD'
  | 'MEERKAT_HANDSHAKE_VALUE'
  | 'MEERKAT_MESSAGE_TYPE'
  | 'MEERKAT_OPTION_RANGE'
  | 'MEERKAT_OPTION_UNKNOWN'
  | 'MEERKAT_ROUTE_TAKEN'
  | 'MEERKAT_SERVER_CLOSED'
  | 'MEERKAT_SUBSCRIBER'
  | 'MEERKAT_TOPIC_BUSY'
  | 'MEERKAT_TOPIC_LIMIT'
  | 'MEERKAT_TOPIC_NAME'
  | 'MEERKAT_URL';

const MESSAGES: Readonly<Record<UsageCode, string>> = {
  MEERKAT_CLOSE_ARGUMENT: 'the close code or reason may not be sent',
  MEERKAT_CONSUMED_TWICE: 'the messages of this connection already have a reader',
  MEERKAT_CONTROL_PAYLOAD: 'the payload of a control frame is at most 125 octets',
  MEERKAT_HANDSHAKE_VALUE: 'a value that may not stand in the handshake',
  MEERKAT_MESSAGE_TYPE: 'a message is a string, an ArrayBuffer or a view on one',
  MEERKAT_OPTION_RANGE: 'the value of an option is out of range',
  MEERKAT_OPTION_UNKNOWN: 'there is no such option',
  MEERKAT_ROUTE_TAKEN: 'this path of the server is already attached',
  MEERKAT_SERVER_CLOSED: 'the WebSocket server is closed',
  MEERKAT_SUBSCRIBER: 'a subscriber has a method send and a promise closed',
  MEERKAT_TOPIC_BUSY: 'the topic is being published to',
  MEERKAT_TOPIC_LIMIT: 'the subscriber has as many topics as it may have',
  MEERKAT_TOPIC_NAME: 'this cannot be the name of a topic',
  MEERKAT_URL: 'the URL cannot be dialled',
};

/** The caller misused the API. It is thrown synchronously, before any effect. */
export class UsageError extends TypeError {
  override readonly name = 'UsageError';
  readonly code: UsageCode;

  constructor(code: UsageCode, detail?: string) {
    super(detail === undefined ? MESSAGES[code] : `${MESSAGES[code]}: ${detail}`);
    this.code = code;
  }
}

/** Every code, for documentation and tests. */
export const usageCodes: readonly UsageCode[] = Object.keys(MESSAGES) as UsageCode[];
