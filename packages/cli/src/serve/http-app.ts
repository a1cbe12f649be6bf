import {
  type FastifyBaseLogger,
  type FastifyInstance,
  type FastifyReply,
  type FastifyRequest,
  fastify,
  LogController,
} from 'fastify';
import type { BuiltInPage } from './representation.ts';
import { announcesBody, refuseRequest } from './request-admission.ts';
import { StaticFiles, type StaticFilesOptions } from './static-files.ts';
import { sendStatusPage } from './status-page.ts';

/** What the HTTP side of `meerkat serve` answers with. */
export interface HttpAppOptions {
  /** Directory whose files are served. */
  readonly root: string;
  /** Whether symbolic links below the root are followed, out of it too. @default false */
  readonly followSymlinks?: boolean;
  /** Files that do not exist for clients: see {@link StaticFilesOptions}. @default none */
  readonly hidden?: StaticFilesOptions['hidden'];
  /** Path where WebSockets are accepted, told as such to whoever comes without an upgrade. @default '/websocket' */
  readonly websocketPath?: string;
  /** Pages that stand in for files which the root does not have, by path. @default none */
  readonly builtIn?: ReadonlyMap<string, BuiltInPage>;
  /** A pino logger, or `false` for silence. @default false */
  readonly logger?: FastifyBaseLogger | false;
}

// Octet for octet what the sample server of Mongoose answers.
const REST_REPLY = Buffer.from('{"result": 123}\n');

// No character that the router would read as a pattern or decode.
const LITERAL_PATH = /^\/[\w\-.~!$&'+,;=:@/]*$/;

/**
 * Makes the application behind the HTTP requests of `meerkat serve`: `/rest`, a word about the WebSocket endpoint,
 * and files everywhere else. It listens nowhere; hand its `routing` to servers of your own, and close both.
 *
 * ```ts
 * const app = createHttpApp({ root });
 * await app.ready();
 * const server = http.createServer(HTTP_SERVER_OPTIONS, (request, response) => app.routing(request, response));
 * server.on('clientError', answerClientError);
 * ```
 *
 * Routes may be added until it is ready.
 *
 * @throws TypeError when `websocketPath` is no plain path, a FastifyError when it is `/rest`.
 */
export function createHttpApp(options: HttpAppOptions): FastifyInstance {
  const { websocketPath = '/websocket', logger = false } = options;
  if (!LITERAL_PATH.test(websocketPath)) throw new TypeError(`websocketPath: ${websocketPath}`);
  const files = new StaticFiles(options);

  const answerWithFile = async (request: FastifyRequest, reply: FastifyReply): Promise<void> => {
    reply.hijack();
    // Nobody reads the body, and the next request cannot be found without doing so.
    if (announcesBody(request.raw)) reply.raw.setHeader('Connection', 'close');
    try {
      await files.handle(request.raw, reply.raw);
    } catch (error) {
      answerFault(error, request, reply);
    }
  };
  const answerOutsideRoutes = async (request: FastifyRequest, reply: FastifyReply) => {
    if (!answerIfRefused(request, reply)) await answerWithFile(request, reply);
  };

  const app = fastify({
    ...(logger === false ? { logger } : { loggerInstance: logger }),
    // Files are answered outside of it: the server itself logs requests.
    logController: new LogController({ disableRequestLogging: true }),
    // For a target that the router cannot read; its own answer would repeat the target.
    frameworkErrors: (_error, request, reply) => {
      void answerOutsideRoutes(request, reply); // never rejects: a fault becomes an answer
    },
  });
  // Files are answered here and not in a handler for 404: that one would run after Fastify has judged the body and its
  // type. And from the raw request: the router's copy of the target is decoded.
  app.addHook('onRequest', async (request, reply) => {
    if (request.is404) await answerOutsideRoutes(request, reply);
    else answerIfRefused(request, reply);
  });
  app.setErrorHandler(answerFault);
  app.route({
    method: ['GET', 'HEAD'],
    url: '/rest',
    handler: async (_request, reply) => {
      // Fastify's own goes past the response's headers, where the log looks for it.
      reply.raw.setHeader('Content-Length', REST_REPLY.length);
      return reply.type('application/json').send(REST_REPLY);
    },
  });
  app.route({
    method: ['GET', 'HEAD'],
    url: websocketPath.replaceAll(':', '::'),
    handler: async (_request, reply) => {
      reply.hijack();
      // "A server MUST send an Upgrade header field in a 426 response" (RFC 9110 §15.5.22), and whoever sends Upgrade
      // "MUST also send an 'Upgrade' connection option" (§7.8). Naming that one takes over from node:http, which
      // else says by itself that it closes.
      const connection = reply.raw.shouldKeepAlive ? 'Upgrade' : 'Upgrade, close';
      sendStatusPage(reply.raw, 426, { Upgrade: 'websocket', Connection: connection });
    },
  });
  return app;
}

/** Answers a request that no handler should see. @returns whether it was one. */
function answerIfRefused(request: FastifyRequest, reply: FastifyReply): boolean {
  const status = refuseRequest(request.raw);
  if (status === undefined) return false;
  reply.hijack();
  sendStatusPage(reply.raw, status, { Connection: 'close' });
  return true;
}

/** Answers for a handler that failed: the log learns why, the client only that. */
function answerFault(error: unknown, request: FastifyRequest, reply: FastifyReply): void {
  reply.hijack();
  const status = statusOf(error);
  if (status >= 500) request.log.error({ err: error }, 'a request could not be answered');
  // Octets that are out cannot be taken back; only a broken connection says that the answer is not complete.
  if (reply.raw.headersSent) reply.raw.destroy();
  else sendStatusPage(reply.raw, status);
}

/** Fastify's own refusals carry the status they want; what carries none is a fault of ours. */
function statusOf(error: unknown): number {
  const status = error instanceof Error && 'statusCode' in error ? Number(error.statusCode) : 500;
  return status >= 400 && status < 600 ? status : 500;
}
