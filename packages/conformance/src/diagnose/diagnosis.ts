// What a diagnosis is made of.

export type StepOutcome = 'ok' | 'warning' | 'wrong' | 'skipped';

/** What a step looked at; several steps may have the same name. */
export type StepName =
  | 'URL'
  | 'name'
  | 'TCP'
  | 'TLS'
  | 'request'
  | 'answer'
  | 'other paths'
  | 'lines'
  | 'Upgrade'
  | 'Connection'
  | 'Sec-WebSocket-Accept'
  | 'Sec-WebSocket-Protocol'
  | 'Sec-WebSocket-Extensions'
  | 'first frames'
  | 'text echo'
  | 'binary echo'
  | 'ping'
  | 'second client'
  | 'close'
  | 'quit'
  | 'compression'
  | 'version check'
  | 'host check'
  | 'method check'
  | 'key check'
  | 'origin check';

/** What was recognised. A code keeps its meaning; the words of a step may change. */
export type FaultCode =
  // URL, name, TCP
  | 'url-invalid'
  | 'url-scheme'
  | 'url-fragment'
  | 'url-no-port'
  | 'name-unknown'
  | 'name-failed'
  | 'refused'
  | 'connect-timeout'
  | 'connect-reset'
  | 'unreachable'
  // TLS
  | 'tls-on-plain-port'
  | 'plain-on-tls-port'
  | 'tls-failed'
  | 'tls-timeout'
  | 'tls-version'
  | 'tls-alpn'
  | 'tls-server-name'
  | 'tls-client-certificate'
  | 'certificate-expired'
  | 'certificate-not-yet-valid'
  | 'certificate-wrong-host'
  | 'certificate-self-signed'
  | 'certificate-unknown-authority'
  | 'certificate-refused'
  // the answer
  | 'silence'
  | 'closed-without-answer'
  | 'reset-without-answer'
  | 'not-http'
  | 'other-protocol'
  | 'endless-answer'
  | 'http-version'
  | 'page'
  | 'event-stream'
  | 'redirect'
  | 'bad-request'
  | 'unauthorized'
  | 'forbidden'
  | 'origin-refused'
  | 'not-found'
  | 'method-not-allowed'
  | 'version-refused'
  | 'upgrade-stripped'
  | 'too-many-requests'
  | 'server-error'
  | 'proxy-error'
  | 'status'
  | 'engine-io'
  | 'sockjs'
  | 'graphql'
  | 'signalr'
  // the handshake's fields
  | 'no-empty-line'
  | 'bare-lf'
  | 'body-announced'
  | 'upgrade-field'
  | 'connection-field'
  | 'accept-missing'
  | 'accept-twice'
  | 'accept-fixed'
  | 'accept-wrong'
  | 'protocol-not-offered'
  | 'protocol-list-echoed'
  | 'protocol-not-chosen'
  | 'protocol-twice'
  | 'extension-not-offered'
  | 'extension-answer'
  // frames
  | 'whole-buffer'
  | 'body-after-101'
  | 'garbage'
  | 'unfinished-frame'
  | 'masked-by-server'
  | 'reserved-bits'
  | 'text-not-utf8'
  | 'closed-at-once'
  | 'never-unmasks'
  | 'unframed'
  | 'truncated-echo'
  | 'text-for-binary'
  | 'binary-for-text'
  | 'no-pong'
  | 'pong-payload'
  | 'one-client'
  | 'second-refused'
  | 'quit-masked'
  | 'no-answer-to-close'
  | 'no-close-frame'
  | 'close-payload'
  | 'tcp-left-open'
  // what should have been refused
  | 'version-ignored'
  | 'host-ignored'
  | 'method-ignored'
  | 'key-ignored'
  | 'any-origin';

/** One thing that was looked at, in words that stand alone. What a server sent is escaped in them, and cut. */
export interface Step {
  readonly name: StepName;
  readonly outcome: StepOutcome;
  /** What was seen. */
  readonly seen: string;
  /** What that means. */
  readonly means?: string;
  /** What to do about it. */
  readonly advice?: string;
  /** For example `RFC 6455 §4.2.2`. */
  readonly rule?: string;
  readonly fault?: FaultCode;
  /** Clients cannot connect, or no message gets through, because of it. */
  readonly blocks?: true;
  /** The octets that show it, in hex: at most the first 64. */
  readonly octets?: string;
}

export type DiagnosisVerdict = 'works' | 'works, with faults' | 'does not work';

export interface Diagnosis {
  /** Without user name, password and query. */
  readonly url: string;
  readonly steps: readonly Step[];
  readonly verdict: DiagnosisVerdict;
  /** One to three sentences: what is wrong first of all, and what to do. */
  readonly conclusion: string;
}

export interface DiagnoseOptions {
  /** ws: or wss:, with path and query; what is wrong with it is a step too. */
  readonly url: string | URL;
  /** Further fields of every upgrade request. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Offered as Sec-WebSocket-Protocol, the preferred one first. */
  readonly subprotocols?: readonly string[];
  /** The Origin that is sent. Default: none, as programs do that are no browsers. */
  readonly origin?: string;
  /** wss: certificates of authorities to trust in place of the known ones, PEM. */
  readonly ca?: string;
  /** wss: `false` goes on with a certificate that is not trusted. Everything that is sent can then be read on the way. Default true. */
  readonly rejectUnauthorized?: boolean;
  /** wss: the certificate that is shown to a server that wants one, and its key, PEM. */
  readonly cert?: string;
  readonly key?: string;
  /** Longest wait in each step, in milliseconds. Default 5,000. */
  readonly timeoutMs?: number;
  /** Called with each step as soon as its outcome is known. */
  readonly onStep?: (step: Step) => void;
  /** Resolves a host name. Default: as the system does. */
  readonly lookup?: (host: string) => Promise<readonly string[]>;
}

export const DEFAULT_STEP_TIMEOUT_MS = 5000;
