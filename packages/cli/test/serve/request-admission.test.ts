import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { control } from '../../../../test/support/observed.ts';
import { exchange, parseAnswer, serveApp, temporaryFolder } from './serving.ts';

let folder: Awaited<ReturnType<typeof temporaryFolder>>;
let app: Awaited<ReturnType<typeof serveApp>>;

beforeAll(async () => {
  folder = await temporaryFolder();
  app = await serveApp({ root: folder.path });
});
afterAll(async () => {
  await app.close();
  await folder.dispose();
});

async function statusOf(octets: string): Promise<number> {
  const text = await exchange(app.port, octets);
  const read = async () => parseAnswer(text);
  // What is served shows what the limits are.
  const answer = text.startsWith('HTTP/1.1 200 ') ? await control(read) : await read();
  expect(answer.headers).toMatchObject({
    connection: 'close',
    'content-length': String(answer.body.length),
  });
  return answer.status;
}

const REST = 'GET /rest HTTP/1.1\r\nHost: x\r\nConnection: close\r\n';

function lines(count: number): string {
  return Array.from({ length: count }, (_, i) => `x${i}: y\r\n`).join('');
}

describe('what no handler sees', () => {
  it.each([
    ['HTTP/0.9', 505],
    ['HTTP/2.0', 505],
    ['HTTP/1.2', 400],
    ['HTTP/1.0', 200],
  ])('H3 a plain request of %s answers %i', async (version, status) => {
    expect(await statusOf(`GET /rest ${version}\r\nHost: x\r\n\r\n`)).toBe(status);
  });

  it('H4 a second Host answers 400, on a route and on a file', async () => {
    for (const path of ['/rest', '/websocket', '/', '/%']) {
      for (const second of ['Host: x', 'hOST: y', 'host:']) {
        expect(await statusOf(`GET ${path} HTTP/1.1\r\nHost: x\r\n${second}\r\n\r\n`)).toBe(400);
      }
    }
  });

  it('H24 a blank before the colon answers 400', async () => {
    for (const line of ['X-Blank : a', 'Host : y', 'Content-Length : 5']) {
      expect(await statusOf(`GET /rest HTTP/1.1\r\nHost: x\r\n${line}\r\n\r\n`)).toBe(400);
    }
  });

  it('H14 a target of 8 KiB passes, one octet more answers 414', async () => {
    const query = '?'.padEnd(8192 - '/rest'.length, 'a');
    const rest = `HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`;
    expect(await statusOf(`GET /rest${query} ${rest}`)).toBe(200);
    expect(await statusOf(`GET /rest${query}a ${rest}`)).toBe(414);
    expect(await statusOf(`GET /${'%25'.repeat(5_000)} ${rest}`)).toBe(414);
    expect(await statusOf(`GET /${'a'.repeat(17_000)} ${rest}`)).toBe(431);
  });

  it('H15 128 header lines pass, one more answers 431', async () => {
    expect(await statusOf(`${REST}${lines(126)}\r\n`)).toBe(200);
    expect(await statusOf(`${REST}${lines(127)}\r\n`)).toBe(431);
    expect(await statusOf(`${REST}${'a:\r\n'.repeat(3_000)}\r\n`)).toBe(431);
  });

  it('H23 an absolute-form for another host answers 400 on every route', async () => {
    for (const path of ['/rest', '/websocket', '/', '/%']) {
      const fields = 'HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n';
      expect(await statusOf(`GET http://evil.example${path} ${fields}`)).toBe(400);
    }
    const fields = 'HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n';
    expect(await statusOf(`GET http://X/rest ${fields}`)).toBe(200);
  });

  it('nothing pipelined behind a refused request is answered', async () => {
    const octets = await exchange(
      app.port,
      `GET /rest HTTP/1.1\r\nHost: x\r\nHost: y\r\n\r\n${REST}\r\n`,
    );
    expect(octets.match(/HTTP\/1\.1 /g)).toHaveLength(1);
  });
});
