import type { ServerOptions } from 'node:http';

/**
 * Options for `http.createServer` that are safe on the open internet; times in milliseconds. A slow client is cut off
 * at most `connectionsCheckingInterval` after its time is up, where Node's own defaults keep it for up to 90 s.
 */
export const HTTP_SERVER_OPTIONS: Readonly<ServerOptions> = {
  /** From the connection, or the end of the previous request, to the end of the header. */
  headersTimeout: 10_000,
  /** To the end of the body. */
  requestTimeout: 30_000,
  connectionsCheckingInterval: 2_000,
  /** Between an answer and the next request. */
  keepAliveTimeout: 5_000,
  /** In octets; Node's own default, unless a flag of the process changed it. */
  maxHeaderSize: 16_384,
  insecureHTTPParser: false,
  requireHostHeader: true,
};
