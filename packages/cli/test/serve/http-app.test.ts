import { mkdir, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { connect } from 'node:net';
import { join } from 'node:path';
import pino from 'pino';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { control } from '../../../../test/support/observed.ts';
import { createHttpApp } from '../../src/serve/http-app.ts';
import {
  ask,
  askRaw,
  exchange,
  listen,
  parseAnswer,
  readToEnd,
  serveApp,
  temporaryFolder,
} from './serving.ts';

let folder: Awaited<ReturnType<typeof temporaryFolder>>;
let app: Awaited<ReturnType<typeof serveApp>>;

beforeAll(async () => {
  folder = await temporaryFolder();
  await mkdir(join(folder.path, 'sub'));
  await writeFile(join(folder.path, 'rest'), 'a file in the way');
  app = await serveApp({ root: folder.path });
});
afterAll(async () => {
  await app.close();
  await folder.dispose();
});

describe('/rest', () => {
  it('A4 answers {"result": 123} and a line feed, octet for octet', async () => {
    for (const path of ['/rest', '/rest?x', '/%72est']) {
      const answer = await ask(app.port, path);
      expect(answer.status).toBe(200);
      expect(answer.body).toBe('{"result": 123}\n');
      expect(answer.headers['content-type']).toBe('application/json');
      expect(answer.headers['content-length']).toBe('16');
    }
  });

  it('A4 answers HEAD with the same headers, and other methods with 405', async () => {
    const head = await ask(app.port, '/rest', {}, 'HEAD');
    expect(head).toMatchObject({ status: 200, body: '', headers: { 'content-length': '16' } });
    for (const method of ['POST', 'PUT', 'DELETE', 'OPTIONS', 'PROPFIND']) {
      const answer = await ask(app.port, '/rest', {}, method);
      expect([answer.status, answer.headers.allow]).toEqual([405, 'GET, HEAD']);
    }
  });

  it('A4 is one path and no other', async () => {
    for (const path of ['/rest/', '/REST', '/rest/x', '/rest%2f', '//rest', '/rest%00']) {
      expect((await askRaw(app.port, path)).status).toBeGreaterThanOrEqual(400);
    }
  });
});

describe('the WebSocket path', () => {
  it('H7 without an upgrade answers 426, says which, and that it is an endpoint', async () => {
    const octets = await exchange(
      app.port,
      'GET /websocket?x HTTP/1.1\r\nHost: x\r\n\r\nGET /rest HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n',
    );
    const answer = parseAnswer(octets);
    expect(answer).toMatchObject({
      status: 426,
      headers: { upgrade: 'websocket', connection: 'Upgrade', 'x-content-type-options': 'nosniff' },
    });
    expect(answer.body).toContain('WebSocket endpoint');
    // The connection stays: the client may ask again, with the upgrade.
    expect(octets).toContain('{"result": 123}');
  });

  it('H7 closes after the 426 where the client wants that', async () => {
    for (const line of ['HTTP/1.0\r\n', 'HTTP/1.1\r\nHost: x\r\nConnection: close\r\n']) {
      const octets = await exchange(app.port, `GET /websocket ${line}\r\n`);
      expect(parseAnswer(octets).headers.connection).toBe('Upgrade, close');
    }
    const posted = await control(() => ask(app.port, '/websocket', {}, 'POST'));
    expect(posted.status).toBe(405);
    expect(await ask(app.port, '/websocket', {}, 'HEAD')).toMatchObject({ status: 426, body: '' });
  });

  it.each(['close', 'keep-alive', 'Upgradex'])(
    'H7 answers 426 to Upgrade with Connection: %s, which is no upgrade',
    async (connection) => {
      const request = `GET /websocket HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: ${connection}\r\n\r\n`;
      const last = 'GET /rest HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n';
      const answer = parseAnswer(await exchange(app.port, request + last));
      expect(answer).toMatchObject({ status: 426, headers: { upgrade: 'websocket' } });
    },
  );

  it.each(['/', '/a/b', '/:name', '/ws:8000', '/chat~1'])('H7 may be %s', async (websocketPath) => {
    const other = await serveApp({ root: folder.path, websocketPath });
    expect((await ask(other.port, websocketPath)).status).toBe(426);
    for (const path of ['/other', '/websocket']) {
      expect((await control(() => ask(other.port, path))).status).toBe(404);
    }
    await other.close();
  });

  it.each(['', 'websocket', '/*', '/a?', '/:a(b)', '/a%20', '/a b', '/é', '/a#'])(
    'refuses "%s" for a path at once',
    (websocketPath) => {
      expect(() => createHttpApp({ root: '.', websocketPath })).toThrow(TypeError);
    },
  );

  it('refuses /rest, which is taken', () => {
    expect(() => createHttpApp({ root: '.', websocketPath: '/rest' })).toThrow('already declared');
  });
});

describe('faults', () => {
  it('a fault answers 500 without details, and the log has them', async () => {
    const log: string[] = [];
    const logger = pino({}, { write: (line: string) => void log.push(line) });
    const faulty = await serveApp({ root: '/no\0where', logger });
    const answer = await ask(faulty.port, '/x');
    expect(answer.status).toBe(500);
    expect(answer.headers['content-security-policy']).toBe("default-src 'none'");
    expect(answer.body).not.toMatch(/null|where|ERR_|at /);
    const errors = log.map((line) => JSON.parse(line)).filter(({ level }) => level >= 50);
    expect(errors).toEqual([
      expect.objectContaining({ err: expect.objectContaining({ code: 'ERR_INVALID_ARG_VALUE' }) }),
    ]);
    expect((await ask(faulty.port, '/rest')).status).toBe(200);
    await faulty.close();
  });

  it('a fault of a route that was added answers 500, a refusal of Fastify its own status', async () => {
    const fastify = createHttpApp({ root: folder.path });
    fastify.get('/throws', () => {
      throw new Error('secret');
    });
    fastify.get('/rejects', async () => {
      throw Object.assign(new Error('secret'), { statusCode: 200 });
    });
    fastify.get('/late', async (_request, reply) => {
      reply.raw.writeHead(200, { 'Content-Length': '100' });
      reply.raw.write('part');
      throw new Error('secret');
    });
    fastify.post('/json', async () => 'never');
    await fastify.ready();
    const server = await listen(createServer((q, s) => fastify.routing(q, s)));
    for (const path of ['/throws', '/rejects']) {
      const answer = await ask(server.port, path);
      expect([answer.status, answer.body.includes('secret')]).toEqual([500, false]);
    }
    const post = 'POST /json HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 1\r\n';
    const type = (value: string) => `${post}Content-Type: ${value}\r\n\r\n{`;
    expect(parseAnswer(await exchange(server.port, type('application/json'))).status).toBe(400);
    expect(parseAnswer(await exchange(server.port, type('text/x'))).status).toBe(415);
    const late = await exchange(server.port, 'GET /late HTTP/1.1\r\nHost: x\r\n\r\n');
    expect(late).not.toContain('secret');
    expect(parseAnswer(late).body.length).toBeLessThan(100);
    await server.close();
    await fastify.close();
  });

  it('a target that the router cannot read is answered as a file, not by the router', async () => {
    const answer = await askRaw(app.port, '/<b>%');
    expect(answer.status).toBe(400);
    expect(answer.body).not.toContain('FST');
  });

  it('octets of every kind leave the process standing', async () => {
    const targets = ['/', '/rest', '/websocket', '/sub', '/%', '*', '//', 'http://x/', '/\\', '/a'];
    for (const target of targets) {
      for (const tail of [
        'HTTP/1.1\r\n\r\n',
        'HTTP/1.1\r\nHost\r\n\r\n',
        'HTTP/9.9\r\n\r\n',
        '\r\n',
      ]) {
        const socket = connect(app.port, '127.0.0.1');
        socket.write(`GET ${target} ${tail}`);
        socket.write(Buffer.from([0xff, 0xfe, 0x00, 0x0d, 0x0a]));
        expect(await readToEnd(socket)).toMatch(/^HTTP\/1\.1 (400|505) /);
      }
    }
    expect((await ask(app.port, '/rest')).status).toBe(200);
  });
});
